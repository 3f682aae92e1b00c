"""Run a management command on the demo's data: ``make manage ARGS="verify_ledger"``."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from softswitch.core.embedded.demo import demo_environment
from softswitch.core.embedded.folders import lasting_folder
from softswitch.core.embedded.process import PROJECT_ROOT, EmbeddedServerError, spawn
from softswitch.core.embedded.servers import missing_servers, running_servers


def main(arguments: list[str]) -> int:
    """Run the command on the servers of a running demo, else on the demo's own, started for it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" had it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        folder = lasting_folder("demo")
        with _servers(folder) as urls:
            return _run(arguments, demo_environment(folder) | urls)
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str]]:
    if urls := running_servers(folder):
        yield urls
        return
    if not os.environ.get("DATABASE_URL") and not (folder / "postgres/data").exists():
        raise EmbeddedServerError("There is no demo yet: `make demo` loads it")
    with missing_servers(folder, durable=True) as urls:
        yield urls


def _run(arguments: list[str], env: dict[str, str]) -> int:
    """Return the exit code of the command; its end is waited for before the servers go."""
    command = spawn(
        [sys.executable, str(PROJECT_ROOT / "manage.py"), *arguments],
        death_signal=signal.SIGTERM,
        env=env,
        cwd=Path.cwd(),
        own_session=False,
    )
    try:
        code = command.wait()
    finally:
        command.terminate()
        command.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
