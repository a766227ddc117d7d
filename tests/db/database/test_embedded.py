import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from app.adapters.database import account, binaries, embedded
from app.adapters.database.engine import make_engine, transaction
from app.errors import DatabaseAway, NotAllowed, NotFound

FAST = {"fsync": "off", "shared_buffers": "16MB"}
# Starts the server, says where, and waits for its end.
STARTER = f"""
import sys
from pathlib import Path
from app.adapters.database import embedded
server = embedded.start(Path(sys.argv[1]), settings={FAST!r}, patience=30)
print(*server.cluster.recorded_process(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def starter(tegoed_home):
    """Another program that starts the server and goes on using it."""
    running = []

    def run() -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(tegoed_home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        running.append(program)
        return program

    yield run
    for program in running:
        program.kill()
        program.communicate()


def where(program: subprocess.Popen[str]) -> tuple[int, int]:
    process, port = program.stdout.readline().split()
    return int(process), int(port)


def answers(server: embedded.EmbeddedServer) -> bool:
    with psycopg.connect(server.admin_conninfo()) as connection:
        return connection.execute("SELECT true").fetchone() == (True,)


def test_the_server_survives_its_killed_owner_and_is_adopted(tegoed_home, starter):
    owner = starter()
    first = where(owner)
    owner.send_signal(signal.SIGKILL)
    owner.wait()

    server = embedded.start(tegoed_home)

    assert server.cluster.recorded_process() == first
    assert answers(server)
    assert server.stop_if_unused()


def test_two_programs_that_start_at_once_get_one_server(starter):
    one, other = starter(), starter()
    assert where(one) == where(other)


def test_it_stops_only_when_nobody_uses_it(tegoed_home, starter):
    other = starter()
    where(other)
    server = embedded.start(tegoed_home)
    assert not server.stop_if_unused(), "another program still uses it"

    other.kill()
    other.wait()
    server = embedded.start(tegoed_home)
    with psycopg.connect(server.admin_conninfo()):
        assert not server.stop_if_unused(), "a client is connected"

    server = embedded.start(tegoed_home)
    assert server.stop_if_unused()
    assert server.cluster.recorded_process() is None


def test_it_keeps_its_data_and_port_over_a_stop(tegoed_home):
    server = embedded.start(tegoed_home, settings=FAST)
    with psycopg.connect(server.admin_conninfo()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    server.stop()

    again = embedded.start(tegoed_home, settings=FAST)
    with psycopg.connect(again.admin_conninfo()) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
    assert again.port == server.port
    again.stop()


def test_it_starts_again_after_a_crash_of_the_server(tegoed_home):
    server = embedded.start(tegoed_home, settings=FAST)
    process, _ = server.cluster.recorded_process()
    os.kill(process, signal.SIGKILL)

    again = embedded.start(tegoed_home, settings=FAST)

    assert answers(again)
    assert again.cluster.recorded_process()[0] != process
    again.stop()


def test_a_pid_file_that_names_another_program_does_not_stop_it(tegoed_home):
    server = embedded.start(tegoed_home, settings=FAST)
    pid_file = server.cluster.data / "postmaster.pid"
    left = pid_file.read_text()
    server.stop()
    runs_as = server.cluster.account
    with subprocess.Popen(["/bin/sleep", "60"], user=runs_as.uid if runs_as else None) as bystander:
        pid_file.write_text(left.replace(left.splitlines()[0], str(bystander.pid), 1))

        again = embedded.start(tegoed_home, settings=FAST)

        assert answers(again)
        assert bystander.poll() is None, "the bystander was not touched"
        again.stop()
        bystander.kill()


def test_data_of_another_major_version_is_refused_with_the_way_out(tegoed_home):
    data = embedded.locate(tegoed_home).data
    data.mkdir()
    (data / "PG_VERSION").write_text("14\n")

    with pytest.raises(DatabaseAway) as refused:
        embedded.start(tegoed_home)

    assert refused.value.code == "postgres.major"
    assert "PostgreSQL 14" in refused.value.message
    assert "tegoed db backup" in refused.value.remedy
    assert "tegoed db restore" in refused.value.remedy


def test_only_who_knows_the_password_gets_in(server):
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", passfile=os.devnull)
    wrong = make_engine(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres password=guess")
    with pytest.raises(NotAllowed), transaction(wrong):
        pass


def test_passwords_are_ours_alone_and_in_no_connection_string(server):
    path = server.folder / "passwords"
    secret = server.password("somebody")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(server.cluster.data.stat().st_mode) == 0o700
    assert server.password("somebody") == secret
    assert secret not in server.conninfo("postgres", "somebody")
    assert len(secret) >= 32
    with pytest.raises(NotFound):
        server.conninfo("postgres", "a stranger")


@pytest.mark.skipif(not account.is_root(), reason="only root hands the server to another account")
def test_as_root_the_server_runs_as_somebody_else(server):
    process, _ = server.cluster.recorded_process()
    assert Path(f"/proc/{process}").stat().st_uid == server.cluster.account.uid != 0


@pytest.mark.skipif(not account.is_root(), reason="only root hands the server to another account")
def test_as_root_a_closed_home_gets_its_data_where_the_server_can_reach_it(tegoed_home):
    tegoed_home.chmod(0o700)
    closed, other = tegoed_home / "one", tegoed_home / "other"

    place = embedded.folder_of(closed)

    assert account.SYSTEM_FOLDER in place.parents
    assert place == embedded.folder_of(closed)
    assert place != embedded.folder_of(other)


@pytest.mark.skipif(not account.is_root(), reason="only root copies programs")
def test_as_root_programs_in_a_closed_folder_are_copied_and_run(tegoed_home, monkeypatch):
    monkeypatch.setattr(account, "SYSTEM_FOLDER", tegoed_home)
    runner = account.server_account(tegoed_home / "none")
    found = binaries.find()
    monkeypatch.setattr(account, "reachable", lambda path, _: path != found.folder)

    copied = account.reachable_binaries(found, runner)

    assert tegoed_home in copied.folder.parents
    for program in ("postgres", "pg_dump"):
        said = subprocess.check_output([copied.program(program), "--version"], user=runner.uid, text=True)
        assert found.version in said
    assert account.reachable_binaries(found, runner) == copied


def test_the_log_keeps_what_people_typed_to_themselves(server):
    with psycopg.connect(server.admin_conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE once (name text UNIQUE)")
        for _ in range(2):
            try:
                connection.execute("INSERT INTO once VALUES ('Klaas de Vries')")
            except psycopg.errors.UniqueViolation:
                break
    log = server.cluster.log.read_text()
    assert "once_name_key" in log
    assert "Klaas" not in log


def test_a_forced_folder_without_postgresql_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TEGOED_PG_BIN", str(tmp_path))
    with pytest.raises(DatabaseAway, match="TEGOED_PG_BIN"):
        binaries.find()
