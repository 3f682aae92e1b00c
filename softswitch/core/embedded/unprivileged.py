"""Let PostgreSQL, which refuses to run as root, run as ``nobody`` when root starts it."""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

SHARED_FOLDER = Path("/var/tmp")  # noqa: S108 (survives a restart; names in it are checked below)


@dataclass(frozen=True, kw_only=True)
class ServerUser:
    """The system user a server runs as."""

    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """Return ``nobody`` for root, None (stay who you are) for anybody else."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return ServerUser(uid=nobody.pw_uid, gid=nobody.pw_gid)


def can_reach(user: ServerUser | None, path: Path) -> bool:
    """Tell whether ``user`` may walk down to ``path``; a home folder is often closed to others."""
    if user is None:
        return True
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in existing)


def give_to(user: ServerUser | None, path: Path) -> None:
    """Make ``user`` the owner of ``path``."""
    if user is not None:
        os.chown(path, user.uid, user.gid)


def reachable_copy(user: ServerUser | None, site: Path, names: list[str], label: str) -> Path:
    """Return a folder holding ``names`` of ``site`` that ``user`` can read.

    That is ``site`` itself where possible, else a copy made once under ``/var/tmp/LABEL``. The
    folders keep their places beside each other, because the binaries look for their libraries
    relative to themselves.
    """
    if all(can_reach(user, site / name) for name in names):
        return site
    copy = SHARED_FOLDER / label
    if not copy.exists():
        _copy_whole(site, names, copy)
    _refuse_foreign(copy)
    return copy


def _copy_whole(site: Path, names: list[str], copy: Path) -> None:
    """Copy beside, then rename, so that nobody ever sees half a copy."""
    draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    for name in names:
        shutil.copytree(site / name, draft / name)
    for path in (draft, *draft.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
        if not copy.exists():  # else another starter was quicker, and its copy is as good
            raise


def _refuse_foreign(copy: Path) -> None:
    """Run nothing that another user of the machine has put into the shared folder."""
    status = copy.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & stat.S_IWOTH:
        raise PermissionError(f"{copy} does not belong to root: remove it and start again")
