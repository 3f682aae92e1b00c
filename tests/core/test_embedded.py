"""The embedded servers: they start, keep their data, and never outlive their starter."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from softswitch.core.embedded import folders, manage
from softswitch.core.embedded.demo import demo_environment
from softswitch.core.embedded.postgres import EmbeddedPostgres
from softswitch.core.embedded.process import PROJECT_ROOT, EmbeddedServerError, spawn
from softswitch.core.embedded.servers import missing_servers, running_servers
from softswitch.core.embedded.unprivileged import can_reach, reachable_copy, server_user
from softswitch.core.embedded.valkey import EmbeddedValkey

STARTER = """
import sys
from pathlib import Path
from softswitch.core.embedded.postgres import EmbeddedPostgres
from softswitch.core.embedded.valkey import EmbeddedValkey
folder = Path(sys.argv[1])
with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
    with EmbeddedValkey(folder / "valkey", durable=False) as valkey:
        print(postgres.pid, valkey.pid, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A folder that the server's user can reach; pytest's tmp_path is closed to others."""
    with folders.throw_away_folder() as folder:
        yield folder


@contextmanager
def other_starter(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Another process that has started both servers in ``folder``, and their process ids."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        yield process, [int(pid) for pid in process.stdout.readline().split()]


def client_of(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def wait_until_gone(pid: int) -> None:
    """Return when process ``pid``, not a child of ours, has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(20_000), f"process {pid} lives on"
    finally:
        os.close(descriptor)


def test_postgres_keeps_its_data_over_a_restart(data_folder):
    with (
        EmbeddedPostgres(data_folder / "postgres", durable=True) as first,
        psycopg.connect(first.url) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with (
        EmbeddedPostgres(data_folder / "postgres", durable=True) as second,
        psycopg.connect(second.url) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_postgres_asks_for_its_password(data_folder):
    with (
        EmbeddedPostgres(data_folder / "postgres", durable=False) as server,
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
    ):
        psycopg.connect(server.url, password="another")


def test_postgres_of_root_runs_as_nobody(data_folder):
    with EmbeddedPostgres(data_folder / "postgres", durable=False) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid
    user = server_user()
    assert owner == (user.uid if user else os.geteuid())
    assert owner != 0


def test_two_postgres_servers_take_different_ports(data_folder):
    with (
        EmbeddedPostgres(data_folder / "one", durable=False) as one,
        EmbeddedPostgres(data_folder / "two", durable=False) as two,
    ):
        assert (
            psycopg.conninfo.conninfo_to_dict(one.url)["port"]
            != (psycopg.conninfo.conninfo_to_dict(two.url)["port"])
        )


def test_a_second_starter_is_refused_at_once_and_told_by_whom(data_folder):
    with (
        EmbeddedPostgres(data_folder / "postgres", durable=False),
        pytest.raises(EmbeddedServerError, match=f"in use by process {os.getpid()}"),
    ):
        EmbeddedPostgres(data_folder / "postgres", durable=False).start()


def test_a_pid_file_whose_number_was_taken_over_is_no_obstacle(data_folder):
    with EmbeddedPostgres(data_folder / "postgres", durable=True):
        pass
    (data_folder / "postgres/data/postmaster.pid").write_text(f"{os.getpid()}\n")
    with EmbeddedPostgres(data_folder / "postgres", durable=True) as server:
        psycopg.connect(server.url).close()


def test_valkey_keeps_messages_over_a_restart(data_folder):
    with EmbeddedValkey(data_folder, durable=True) as first, client_of(first) as client:
        client.rpush("celery", "a waiting job")
    with EmbeddedValkey(data_folder, durable=True) as second, client_of(second) as client:
        assert client.lrange("celery", 0, -1) == [b"a waiting job"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of such a death")
def test_servers_end_with_a_killed_starter_and_start_again(data_folder):
    with other_starter(data_folder) as (starter, servers):
        starter.kill()
        for pid in servers:
            wait_until_gone(pid)
    with EmbeddedPostgres(data_folder / "postgres", durable=False) as server:
        psycopg.connect(server.url).close()


def test_a_killed_run_is_swept_by_the_next(data_folder, monkeypatch):
    monkeypatch.setattr(folders, "DATA_ROOT", data_folder)
    dead = spawn(["true"], death_signal=signal.SIGTERM)
    dead.wait()
    left_behind = data_folder / f"softswitch-throwaway-{dead.pid}-abc"
    left_behind.mkdir()
    with folders.throw_away_folder() as folder:
        assert not left_behind.exists()
        assert folder.parent == data_folder
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its server to another user")
def test_root_in_a_closed_home_copies_the_binaries_and_moves_the_data(tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "site/wheel").mkdir(parents=True)
    (home / "site/wheel/program").write_text("x")
    home.chmod(0o700)
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr("softswitch.core.embedded.unprivileged.SHARED_FOLDER", shared)
    monkeypatch.setattr(folders, "SHARED_FOLDER", shared)
    monkeypatch.setattr(folders, "DATA_ROOT", home / ".data")

    copy = reachable_copy(server_user(), home / "site", ["wheel"], "label")
    moved = folders.lasting_folder("demo")

    assert (copy / "wheel/program").read_text() == "x"
    assert copy.parent == moved.parent == shared
    assert not can_reach(server_user(), home / "site")
    assert folders.lasting_folder("demo") == moved


def test_run_gives_a_command_both_addresses_and_returns_its_code():
    run = [sys.executable, "-m", "softswitch.core.embedded.run", "--", "sh", "-c"]
    run += ["echo $DATABASE_URL $REDIS_URL; exit 3"]
    given = os.environ | {"DATABASE_URL": "postgres://elsewhere/x", "REDIS_URL": ""}
    result = subprocess.run(
        run, check=False, cwd=PROJECT_ROOT, env=given, capture_output=True, text=True
    )
    assert result.returncode == 3
    assert result.stdout.startswith("postgres://elsewhere/x redis://:")


def test_running_servers_are_found_by_their_folder_until_they_end(data_folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/x")
    monkeypatch.setenv("REDIS_URL", "")
    with missing_servers(data_folder, durable=False) as urls:
        assert running_servers(data_folder) == urls
        assert (data_folder / "addresses.json").stat().st_mode & 0o077 == 0
    assert running_servers(data_folder) == {}


def test_addresses_of_a_killed_starter_are_not_believed(data_folder):
    dead = spawn(["true"], death_signal=signal.SIGTERM)
    dead.wait()
    (data_folder / "addresses.json").write_text(f'{{"starter": {dead.pid}, "urls": {{"A": "b"}}}}')
    assert running_servers(data_folder) == {}


@pytest.mark.parametrize(
    ("folder_exists", "output"), [(True, "postgres://x/y\n"), (False, "There is no demo yet")]
)
def test_a_command_is_run_on_the_servers_of_the_demo(
    folder_exists, output, data_folder, monkeypatch, capfd
):
    addresses = {"starter": os.getpid(), "urls": {"DATABASE_URL": "postgres://x/y"}}
    if folder_exists:
        (data_folder / "addresses.json").write_text(json.dumps(addresses))
    monkeypatch.setattr(manage, "lasting_folder", lambda _: data_folder)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    show = "import os; print(os.environ['DATABASE_URL'])"
    code = manage.main(["shell", "--no-imports", "--command", show])
    assert (code == 0) == folder_exists
    assert output in "".join(capfd.readouterr())


def test_the_settings_take_the_environment_of_a_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.delenv("OUTBOUND_ALLOWED_NETWORKS", raising=False)
    servers = {"DATABASE_URL": "postgres://localhost/x", "REDIS_URL": "redis://localhost"}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT_ROOT,
        env=demo_environment(tmp_path) | servers,
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
