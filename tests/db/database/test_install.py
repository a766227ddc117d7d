import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from app.adapters.database import install, upgrade
from app.adapters.database.engine import make_engine, transaction, with_manners
from app.errors import Conflict, Invalid, NotAllowed, RuleBroken


def rows(conninfo: str, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.encode(), values).fetchall()


def add(server, database: str, login: str, *roles: str) -> str:
    name = f"{database}_{login}"
    install.add_login(server.admin_conninfo(), database, name, password=server.password(name), roles=roles)
    return name


@pytest.fixture
def person(server, new_database):
    """A database and a login in one group of it."""
    database = new_database(upgraded=False)
    name = add(server, database, "jan", "manager")
    yield database, name
    install.remove_login(server.admin_conninfo(), name)


def test_no_login_owns_anything_or_is_a_member_of_the_owner(server, person):
    database, name = person
    owned = rows(
        server.admin_conninfo(database),
        "SELECT count(*) FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid"
        " WHERE r.rolcanlogin AND NOT r.rolsuper AND d.deptype = 'o'",
    )
    assert owned == [(0,)]
    powers = rows(
        server.admin_conninfo(),
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
        " pg_has_role(oid, %s, 'MEMBER') FROM pg_roles WHERE rolname = %s",
        install.owner_role(database),
        name,
    )
    assert powers == [(False,) * 6]


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TEMP TABLE mine ()",
        "CREATE TABLE public.mine ()",
        "CREATE SCHEMA mine",
        "CREATE TABLE tegoed.mine ()",
        "SET ROLE {owner}",
    ],
)
def test_a_manager_cannot_make_anything_or_become_the_owner(login, database, attempt):
    owner = install.owner_role(database.name)
    with pytest.raises(NotAllowed), transaction(login("manager", "administrator")) as connection:
        connection.execute(text(attempt.format(owner=owner)))


def test_the_owner_and_the_groups_cannot_log_in(server, person):
    database, _ = person
    names = [install.owner_role(database), *(install.group_role(database, group) for group in install.GROUPS)]
    found = rows(server.admin_conninfo(), "SELECT rolcanlogin FROM pg_roles WHERE rolname = ANY (%s)", names)
    assert found == [(False,)] * 9


def test_a_manager_is_an_approver_and_a_collector_and_nothing_else(server, person):
    database, name = person
    groups = [install.group_role(database, group) for group in install.GROUPS]
    found = rows(
        server.admin_conninfo(),
        "SELECT g FROM unnest(%s::text[]) AS g WHERE pg_has_role(%s, g, 'MEMBER') ORDER BY 1",
        groups,
        name,
    )
    assert [row[0] for row in found] == [f"{database}_{g}" for g in ("approver", "collector", "manager")]


def test_adding_again_leaves_exactly_the_new_roles(server, person):
    database, name = person
    install.add_login(server.admin_conninfo(), database, name, password=None, roles=["auditor", "sales"])
    engine = make_engine(server.conninfo(database, name), pool_size=None)
    with transaction(engine) as connection:
        held = connection.scalars(text("SELECT rolname FROM pg_roles WHERE pg_has_role(rolname, 'MEMBER')"))
        assert sorted(held) == sorted([name, f"{database}_auditor", f"{database}_sales"])


def test_a_login_of_one_database_cannot_connect_to_another(server, person, new_database):
    other = new_database(upgraded=False)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.conninfo(other, person[1]))


def test_the_password_never_reaches_the_server_in_clear(server, person):
    database, name = person
    talkative = with_manners(server.admin_conninfo(), options="-c log_statement=all")
    install.add_login(talkative, database, name, password="not-to-be-seen", roles=["collector"])
    log = server.cluster.log.read_text()
    assert f'ALTER ROLE "{name}"' in log
    assert "not-to-be-seen" not in log
    conninfo = psycopg.conninfo.make_conninfo(
        server.conninfo(database, name), password="not-to-be-seen", passfile=""
    )
    assert rows(conninfo, "SELECT session_user::text") == [(name,)]


def test_a_powerful_role_never_becomes_a_persons_login(server, person):
    database, _ = person
    with pytest.raises(RuleBroken):
        install.add_login(server.admin_conninfo(), database, "postgres", password=None, roles=["collector"])


def test_a_member_of_the_owner_never_becomes_a_persons_login(server, person):
    database, name = person
    owner, login = sql.Identifier(install.owner_role(database)), sql.Identifier(name)
    with psycopg.connect(server.admin_conninfo(), autocommit=True) as admin:
        admin.execute(sql.SQL("GRANT {} TO {}").format(owner, login))
    with pytest.raises(RuleBroken):
        install.add_login(server.admin_conninfo(), database, name, password=None, roles=["collector"])


def test_an_unknown_role_and_an_odd_name_are_refused(server, person):
    database, name = person
    with pytest.raises(Invalid, match="boss"):
        install.add_login(server.admin_conninfo(), database, name, password=None, roles=["boss"])
    with pytest.raises(Invalid):
        install.create_database(server.admin_conninfo(), 'Robert"; DROP')


def test_a_database_is_made_once(server, person):
    with pytest.raises(Conflict):
        install.create_database(server.admin_conninfo(), person[0])


def test_an_administrator_who_is_no_superuser_can_install(server, installed):
    admin, name = f"{installed.name}_dba", f"{installed.name}_managed"
    with psycopg.connect(server.admin_conninfo(), autocommit=True) as superuser:
        create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}")
        superuser.execute(create.format(sql.Identifier(admin), sql.Literal(server.password(admin))))
    conninfo = server.conninfo("postgres", admin)
    try:
        install.create_database(conninfo, name)
        assert upgrade.upgrade(conninfo, name)
        login = f"{name}_piet"
        install.add_login(conninfo, name, login, password=server.password(login), roles=["collector"])
        assert upgrade.status(server.conninfo(name, login), name).state == "current"
    finally:
        install.remove_login(server.admin_conninfo(), f"{name}_piet")
        install.drop_database(server.admin_conninfo(), name)
        install.remove_login(server.admin_conninfo(), admin)
