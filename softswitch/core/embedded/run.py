"""Run one command with embedded servers: ``python -m softswitch.core.embedded.run -- COMMAND``."""

import argparse
import os
import signal
import sys
from pathlib import Path

from softswitch.core.embedded.process import PROJECT_ROOT, EmbeddedServerError, spawn
from softswitch.core.embedded.servers import missing_servers


def main(arguments: list[str]) -> int:
    """Start the servers, run the command with their addresses and return its exit code."""
    options = _parse(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" had it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with missing_servers(options.data, durable=options.durable) as urls:
            command = spawn(
                options.command,
                death_signal=signal.SIGTERM,
                env=os.environ | urls,
                cwd=Path.cwd(),
                own_session=False,
            )
            try:
                code = command.wait()
            finally:  # the servers must not go before the command
                command.terminate()
                command.wait()
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code if code >= 0 else 128 - code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m softswitch.core.embedded.run")
    parser.add_argument(
        "--data",
        type=lambda text: (PROJECT_ROOT / text).resolve(),
        help="keep the data in this folder (default: a new one, removed at the end)",
    )
    parser.add_argument("--durable", action="store_true", help="wait for the disk at each commit")
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
