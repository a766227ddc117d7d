"""Making a database with its roles, and the logins of people.

One NOLOGIN role owns everything, eight NOLOGIN group roles carry the rights, and a login is a member of group
roles only. All names begin with the database's name, since roles belong to the whole server.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import psycopg
from psycopg import sql

from app.adapters.database.engine import with_manners
from app.adapters.database.translation import translated
from app.errors import Conflict, Invalid, NotAllowed, RuleBroken

GROUPS = ("collector", "approver", "manager", "sales", "administrator", "auditor", "worker", "portal")
# manager ⊃ approver ⊃ collector: the key is a member of the value.
INCLUDES: Mapping[str, str] = MappingProxyType({"approver": "collector", "manager": "approver"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UTF8_LOCALES = ("C.UTF-8", "C.utf8", "C")


def owner_role(database: str) -> str:
    """The NOLOGIN role that owns everything in `database`."""
    return f"{database}_owner"


def group_role(database: str, group: str) -> str:
    """The NOLOGIN role of `database` for one of `GROUPS`."""
    return f"{database}_{group}"


def create_database(admin_conninfo: str, name: str) -> None:
    """Make database `name`, empty, with its owner and group roles; roles that are there already are kept.

    Nobody but members of the group roles may connect, and no client may make anything in it, not even a
    temporary table. The admin login needs CREATEDB and CREATEROLE. `Conflict` when the database exists,
    `Invalid` when the name is not a plain lower-case one of at most 40 characters.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            "name",
            f"{name!r} cannot be the name of a database.",
            remedy="Use up to 40 lower-case letters, digits and underscores, beginning with a letter.",
            code="database.name",
        )
    with translated(), psycopg.connect(with_manners(admin_conninfo), autocommit=True) as admin:
        if database_exists(admin, name):
            raise Conflict(f"There is a database {name} already.", code="database.exists", name=name)
        _create_roles(admin, name)
        _create(admin, name)
        _close_to_public(admin, name)
    with translated(), psycopg.connect(with_manners(admin_conninfo, dbname=name)) as inside:
        inside.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        if _is_superuser(inside):
            _close_large_objects(inside)


def database_exists(admin: psycopg.Connection, name: str) -> bool:
    """Whether the server has a database of this name."""
    found = admin.execute("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [name]).fetchone()
    return found is not None


def drop_database(admin_conninfo: str, name: str) -> None:
    """Remove database `name` with its roles, whoever is connected; logins lose their membership only."""
    with translated(), psycopg.connect(with_manners(admin_conninfo), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (*(group_role(name, group) for group in GROUPS), owner_role(name)):
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def add_login(
    admin_conninfo: str, database: str, login: str, *, password: str | None, roles: Collection[str]
) -> None:
    """Make `login`, or change it, so that it is a member of exactly the groups `roles` of `database`.

    The password goes to the server as a SCRAM verifier only, so that no log can show it; None keeps the
    present one. A login gets no attribute and no membership beyond its groups. Raises `Invalid` for an
    unknown group or name, `RuleBroken` for a login that is a superuser, bypasses row security, owns
    something here or is a member of the owner.
    """
    _check_login(login, roles)
    admin_dsn = with_manners(admin_conninfo, dbname=database)
    with translated(), psycopg.connect(admin_dsn) as admin:
        name = sql.Identifier(login)
        if not _role_exists(admin, login):
            if password is None:
                raise Invalid("password", f"{login} is new and needs a password.", code="login.password")
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN NOREPLICATION NOBYPASSRLS").format(name))
        _refuse_powerful(admin, database, login)
        if password is not None:
            verifier = _verifier(admin, login, password)
            admin.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(verifier)))
        for group in GROUPS:
            role = sql.Identifier(group_role(database, group))
            change = "GRANT {} TO {}" if group in roles else "REVOKE {} FROM {}"
            if group in roles or _is_member(admin, login, group_role(database, group)):
                admin.execute(sql.SQL(change).format(role, name))  # pyright: ignore[reportArgumentType]


def remove_login(admin_conninfo: str, login: str) -> None:
    """Remove `login` from the server; what it did stays on record under its name."""
    with translated(), psycopg.connect(with_manners(admin_conninfo), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))


def login_exists(admin_conninfo: str, login: str) -> bool:
    """Whether the server has this login, for whatever database."""
    with translated(), psycopg.connect(with_manners(admin_conninfo)) as admin:
        return _role_exists(admin, login)


def _create_roles(admin: psycopg.Connection, database: str) -> None:
    for role in (owner_role(database), *(group_role(database, group) for group in GROUPS)):
        if not _role_exists(admin, role):
            admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    for member, group in INCLUDES.items():
        grant = sql.SQL("GRANT {} TO {}").format(
            sql.Identifier(group_role(database, group)), sql.Identifier(group_role(database, member))
        )
        admin.execute(grant)


def _create(admin: psycopg.Connection, database: str) -> None:
    # An admin who is no superuser may only give away what he is a member of.
    if not _is_superuser(admin):
        own = sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner_role(database)))
        admin.execute(own)
    last: psycopg.Error | None = None
    for locale in _locales(admin):
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' {}").format(
            sql.Identifier(database), sql.Identifier(owner_role(database)), locale
        )
        try:
            admin.execute(statement)
        except (psycopg.errors.WrongObjectType, psycopg.errors.InvalidParameterValue) as error:
            last = error  # this system does not know that locale
        else:
            return
    if last is not None:
        raise last


def _locales(admin: psycopg.Connection) -> Sequence[sql.Composable]:
    """Code point order everywhere, so that a backup sorts the same wherever it is restored."""
    if admin.info.server_version >= 170000:
        return (sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"),)
    return tuple(
        sql.SQL("LOCALE_PROVIDER libc LOCALE {}").format(sql.Literal(name)) for name in _UTF8_LOCALES
    )


def _close_to_public(admin: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    groups = sql.SQL(", ").join(sql.Identifier(group_role(database, group)) for group in GROUPS)
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, groups))


def _close_large_objects(inside: psycopg.Connection) -> None:
    """No login may own anything, and a large object belongs to whoever made it; we never use them."""
    makers = inside.execute(
        "SELECT oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc"
        " WHERE pronamespace = 'pg_catalog'::pg_catalog.regnamespace"
        " AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')"
    ).fetchall()
    for (maker,) in makers:
        inside.execute(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{maker} FROM PUBLIC")  # pyright: ignore[reportArgumentType, reportCallIssue]


def _check_login(login: str, roles: Collection[str]) -> None:
    if not login or len(login.encode()) > 63 or login.startswith("pg_") or not login.isprintable():
        raise Invalid("login", f"{login!r} cannot be a login.", code="login.name")
    unknown = sorted(set(roles) - set(GROUPS))
    if unknown:
        raise Invalid(
            "roles",
            f"There is no role {unknown[0]}.",
            remedy=f"Roles: {', '.join(GROUPS)}.",
            code="login.role",
        )


def _refuse_powerful(admin: psycopg.Connection, database: str, login: str) -> None:
    row = admin.execute(
        """
        SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
               OR NOT r.rolcanlogin AND NOT r.rolname = current_user,
               pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER'),
               EXISTS (SELECT 1 FROM pg_catalog.pg_shdepend AS d
                       WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                         AND d.refobjid = r.oid AND d.deptype = 'o')
          FROM pg_catalog.pg_roles AS r
          JOIN pg_catalog.pg_roles AS o ON o.rolname = %s
         WHERE r.rolname = %s
        """,
        [owner_role(database), login],
    ).fetchone()
    if row is None:
        raise NotAllowed(f"{database} is no database of Tegoed.", code="database.foreign")
    if any(row):
        raise RuleBroken(
            f"{login} has powers beyond a person's login.",
            code="login.powerful",
            remedy="Choose another name: a person's login owns nothing and bypasses nothing.",
            login=login,
        )


def _verifier(admin: psycopg.Connection, login: str, password: str) -> str:
    made = admin.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256")
    return made.decode("ascii")


def _role_exists(admin: psycopg.Connection, role: str) -> bool:
    return (
        admin.execute("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", [role]).fetchone() is not None
    )


def _is_superuser(admin: psycopg.Connection) -> bool:
    row = admin.execute("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _is_member(admin: psycopg.Connection, login: str, role: str) -> bool:
    """Whether `login` is itself a member of `role`, not by way of another group."""
    found = admin.execute(
        """
        SELECT 1 FROM pg_catalog.pg_auth_members AS m
          JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
          JOIN pg_catalog.pg_roles AS u ON u.oid = m.member
         WHERE g.rolname = %s AND u.rolname = %s
        """,
        [role, login],
    ).fetchone()
    return found is not None
