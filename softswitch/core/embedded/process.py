"""Start a child process that cannot outlive this one, and stop it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from softswitch.core.embedded.unprivileged import ServerUser

PROJECT_ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class EmbeddedServerError(Exception):
    """An embedded server cannot be used; the message says why, and what to do."""


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    user: ServerUser | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = PROJECT_ROOT,
    output: IO[bytes] | int | None = None,
    keep_open: Sequence[int] = (),
    own_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Start ``command`` so that the kernel sends it ``death_signal`` when this process ends.

    That holds even for ``kill -9``, on Linux; elsewhere the child is stopped on orderly ends only.
    Call it in the main thread: the kernel counts the end of the calling *thread*. ``output`` takes
    both standard output and error; ``keep_open`` are descriptors the child inherits;
    ``own_session`` keeps the terminal's Ctrl-C away from the child.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL if own_session else None,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=env,
        cwd=cwd,
        pass_fds=keep_open,
        start_new_session=own_session,
        preexec_fn=_die_with_parent(os.getpid(), death_signal),  # noqa: PLW1509 (takes no lock)
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


def _die_with_parent(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what the child runs between fork and exec, after it has changed its user."""

    def ask_kernel() -> None:
        if sys.platform != "linux":
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return ask_kernel


def stop(
    process: subprocess.Popen[bytes],
    *,
    ask: signal.Signals,
    force: signal.Signals = signal.SIGKILL,
    seconds: float = 30,
) -> int:
    """Ask ``process`` to end, force it after ``seconds``, and return its exit code."""
    if process.poll() is None:
        process.send_signal(ask)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(force)
    return process.wait()


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def last_lines(path: Path, count: int = 10) -> str:
    """Return the end of a log file, for an error message."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(lines[-count:])
