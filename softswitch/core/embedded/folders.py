"""Where embedded servers keep their data, and the lock that lets one starter use a folder."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from softswitch.core.embedded.process import PROJECT_ROOT, EmbeddedServerError
from softswitch.core.embedded.unprivileged import SHARED_FOLDER, can_reach, give_to, server_user

DATA_ROOT = PROJECT_ROOT / ".data"
_SHUTDOWN_SECONDS = 30
_THROW_AWAY = "softswitch-throwaway"


class FolderLock:
    """An exclusive lock on a data folder, held by the starter *and* by the server it starts.

    The server inherits the descriptor. So the lock is free only when both are gone, and a server
    that is still shutting down after its starter was killed is waited for.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self.descriptor = -1

    def acquire(self) -> None:
        """Take the lock; EmbeddedServerError if another living process has the folder."""
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        while not _try_lock(self.descriptor):
            starter = self._starter()
            if is_alive(starter) or time.monotonic() > deadline:
                self.release()
                raise EmbeddedServerError(
                    f"{self._path.parent} is in use by process {starter}. Is `make demo` "
                    "already running? Stop it first, or give DATABASE_URL and REDIS_URL."
                )
            time.sleep(0.1)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go of this process's share of the lock."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _starter(self) -> int:
        return int(os.pread(self.descriptor, 20, 0) or b"0")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Return whether there is a process of that number, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process
        return True
    return pid > 0


def make_folder(folder: Path) -> Path:
    """Create ``folder`` for a server, owned by the user it runs as, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    user = server_user()
    give_to(user, folder)
    folder.chmod(0o711 if user else 0o700)
    return folder


def lasting_folder(name: str) -> Path:
    """Return the folder ``.data/NAME`` for data to keep.

    If the server's user cannot reach it (root in a closed home), it lies under ``/var/tmp`` and
    ``.data/NAME.location`` says where, so that a fresh clone never meets an old one's data.
    """
    folder = DATA_ROOT / name
    if can_reach(server_user(), DATA_ROOT):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    location = DATA_ROOT / f"{name}.location"
    if location.exists() and (known := Path(location.read_text())).is_dir():
        return known
    DATA_ROOT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"softswitch-{name}-", dir=SHARED_FOLDER))
    folder.chmod(0o711)
    location.write_text(str(folder))
    return folder


@contextmanager
def throw_away_folder() -> Iterator[Path]:
    """Give a new folder for one run and remove it; also what killed runs have left behind."""
    parent = DATA_ROOT if can_reach(server_user(), DATA_ROOT) else SHARED_FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_THROW_AWAY}-{os.getpid()}-", dir=parent))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _sweep(parent: Path) -> None:
    """Remove folders whose starter is dead and whose servers have gone."""
    for folder in parent.glob(f"{_THROW_AWAY}-*-*"):
        starter = int(folder.name.removeprefix(f"{_THROW_AWAY}-").partition("-")[0])
        is_ours = folder.lstat().st_uid == os.geteuid()
        if is_ours and not is_alive(starter) and not any(map(_is_locked, folder.glob("*/lock"))):
            shutil.rmtree(folder, ignore_errors=True)  # another run may sweep the same folder


def _is_locked(lock_file: Path) -> bool:
    descriptor = os.open(lock_file, os.O_RDWR)
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)
