import json

import psycopg
import pytest

from app.adapters.database import backup, install
from app.adapters.database.engine import make_engine, transaction
from app.errors import Conflict, Invalid, RuleBroken

PERSON = "INSERT INTO tegoed.app_user (login, name) VALUES (%s, 'Jan Jansen, née Çelik')"


@pytest.fixture
def filled(server, new_database):
    """A database with a row, and a login of it."""
    name = new_database()
    login = f"{name}_jan"
    password = server.password(login)
    install.add_login(server.admin_conninfo(), name, login, password=password, roles=["manager", "worker"])
    with psycopg.connect(server.admin_conninfo(name)) as connection:
        connection.execute(PERSON, [login])
        connection.execute(
            "INSERT INTO tegoed.database_state (paused_at) VALUES (NULL)"
            " ON CONFLICT (one) DO UPDATE SET paused_at = NULL"
        )
        assert connection.execute("SELECT tegoed.sending_paused()").fetchone() == (False,)
    yield name, login
    install.remove_login(server.admin_conninfo(), login)


@pytest.fixture
def restored(server, filled):
    """The name for a restored database; removed afterwards."""
    name = f"{filled[0]}_back"
    yield name
    install.drop_database(server.admin_conninfo(), name)


def test_a_restored_database_is_equal_and_does_not_send(server, filled, restored, tmp_path):
    name, _ = filled
    made = backup.backup(server.admin_conninfo(), name, tmp_path / "monday 1")
    assert made.tables["tegoed.app_user"].rows == 1

    found = backup.restore(server.admin_conninfo(), restored, tmp_path / "monday 1")

    assert found.new_logins == ()
    # Equal but for what says so: the rights were made anew, and sending is paused.
    different = backup.verify(server.admin_conninfo(), restored, tmp_path / "monday 1")
    says_so = {"tegoed.applied_sql", "tegoed.database_state", "tegoed.audit_log"}
    assert {each.table for each in different} <= says_so
    with psycopg.connect(server.admin_conninfo(restored)) as connection:
        assert connection.execute("SELECT tegoed.sending_paused()").fetchone() == (True,)
        policies = connection.execute("SELECT DISTINCT unnest(roles)::text FROM pg_policies").fetchall()
        owners = connection.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'tegoed'::regnamespace"
        ).fetchall()
    assert not [role for (role,) in policies if role.startswith(name) and not role.startswith(restored)]
    assert owners == [(install.owner_role(restored),)]
    assert rights(server, restored) == rights(server, name)


def test_under_its_old_name_it_has_its_old_rights(server, filled, tmp_path):
    name, _ = filled
    before = rights(server, name)
    backup.backup(server.admin_conninfo(), name, tmp_path / "b")
    install.drop_database(server.admin_conninfo(), name)

    backup.restore(server.admin_conninfo(), name, tmp_path / "b")

    assert rights(server, name) == before
    assert any("collector=" in acl for _, _, acl, _ in before)


def rights(server, database: str) -> list[tuple[str, ...]]:
    """Every right on every table, function and policy, without the database's name in it."""
    query = """
        SELECT 'table', relname::text, coalesce(relacl::text, ''), relrowsecurity::text FROM pg_class
         WHERE relnamespace = 'tegoed'::regnamespace
        UNION ALL
        SELECT 'function', oid::regprocedure::text, coalesce(proacl::text, ''), prosecdef::text FROM pg_proc
         WHERE pronamespace = 'tegoed'::regnamespace
        UNION ALL
        SELECT 'policy', tablename || '.' || policyname, roles::text, coalesce(qual, '') FROM pg_policies
         ORDER BY 1, 2
    """
    with psycopg.connect(server.admin_conninfo(database)) as connection:
        found = connection.execute(query).fetchall()
    return [tuple(value.replace(f"{database}_", "") for value in row) for row in found]


def test_people_get_in_again_with_their_roles(server, filled, restored, tmp_path):
    name, login = filled
    backup.backup(server.admin_conninfo(), name, tmp_path / "b")
    install.drop_database(server.admin_conninfo(), name)
    install.remove_login(server.admin_conninfo(), login)

    found = backup.restore(server.admin_conninfo(), restored, tmp_path / "b", password_of=server.password)

    assert found.new_logins == (login,)
    engine = make_engine(server.conninfo(restored, login), pool_size=None)
    with transaction(engine) as connection:
        driver = connection.connection.driver_connection
        groups = driver.execute(
            "SELECT rolname::text FROM pg_roles WHERE pg_has_role(rolname, 'MEMBER') AND NOT rolcanlogin"
        ).fetchall()
    expected = ("approver", "collector", "manager", "worker")
    assert sorted(row[0] for row in groups) == [f"{restored}_{group}" for group in expected]


def test_a_difference_is_found(server, filled, tmp_path):
    name, _ = filled
    backup.backup(server.admin_conninfo(), name, tmp_path / "b")
    assert backup.verify(server.admin_conninfo(), name, tmp_path / "b") == ()

    with psycopg.connect(server.admin_conninfo(name)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE tegoed.app_user SET name = 'Jan Janssen'")

    (difference,) = backup.verify(server.admin_conninfo(), name, tmp_path / "b")
    assert difference.table == "tegoed.app_user"
    assert difference.expected.rows == difference.found.rows == 1


def test_a_harmed_backup_is_refused_before_anything_is_made(server, filled, restored, tmp_path):
    backup.backup(server.admin_conninfo(), filled[0], tmp_path / "b")
    with (tmp_path / "b" / "database.dump").open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(Invalid, match=r"database\.dump"):
        backup.restore(server.admin_conninfo(), restored, tmp_path / "b")
    assert not exists(server, restored)


def test_rows_that_are_not_those_of_the_manifest_leave_no_database(server, filled, restored, tmp_path):
    backup.backup(server.admin_conninfo(), filled[0], tmp_path / "b")
    manifest = tmp_path / "b" / "manifest.json"
    said = json.loads(manifest.read_text("utf-8"))
    said["tables"]["tegoed.app_user"]["rows"] = 2
    manifest.write_text(json.dumps(said), "utf-8")
    with pytest.raises(RuleBroken, match="app_user"):
        backup.restore(server.admin_conninfo(), restored, tmp_path / "b")
    assert not exists(server, restored)


def test_nothing_is_overwritten(server, filled, tmp_path):
    backup.backup(server.admin_conninfo(), filled[0], tmp_path / "b")
    with pytest.raises(Conflict):
        backup.backup(server.admin_conninfo(), filled[0], tmp_path / "b")
    with pytest.raises(Conflict):
        backup.restore(server.admin_conninfo(), filled[0], tmp_path / "b")
    assert exists(server, filled[0])


def test_no_password_is_in_a_backup_or_on_a_command_line(server, filled, tmp_path, monkeypatch):
    name, login = filled
    seen = []
    run = backup.subprocess.run

    def watched(words, **how):
        seen.append([str(word) for word in words])
        return run(words, **how)

    monkeypatch.setattr(backup.subprocess, "run", watched)
    password = server.password("postgres")
    conninfo = psycopg.conninfo.make_conninfo(server.admin_conninfo(), passfile="", password=password)

    backup.backup(conninfo, name, tmp_path / "b")

    assert len([words for words in seen if "-d" in words]) == 2
    assert password not in str(seen)
    roles = (tmp_path / "b" / "roles.sql").read_text("utf-8")
    assert login in roles
    assert "SCRAM" not in roles


def test_a_folder_that_is_no_backup_is_refused(server, restored, tmp_path):
    with pytest.raises(Invalid, match="no backup"):
        backup.restore(server.admin_conninfo(), restored, tmp_path)


def exists(server, database: str) -> bool:
    with psycopg.connect(server.admin_conninfo()) as connection:
        return install.database_exists(connection, database)
