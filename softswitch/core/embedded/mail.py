"""A mail server that sends nothing on: each letter becomes an .eml file that a mail program opens.

``python -m softswitch.core.embedded.mail --port 2525 --folder mail``; the demo runs it.
"""

import argparse
import re
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from softswitch.core.embedded.process import LOOPBACK


class FileSink:
    """Writes letters into ``folder``, named by time and recipient, and says so on the terminal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store the letter whole before it is accepted."""
        content = envelope.original_content or b""
        recipient = re.sub(r"[^\w.@-]", "_", ",".join(envelope.rcpt_tos))[:100]
        path = self._folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{recipient}.eml"
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.rename(path)
        print(f"A letter to {recipient}: {path}", flush=True)
        return "250 OK"


def main(arguments: list[str] | None = None) -> int:
    """Listen until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m softswitch.core.embedded.mail")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the .eml files go")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    controller = Controller(FileSink(options.folder), hostname=LOOPBACK, port=options.port)
    controller.start()
    print(f"Listening on {LOOPBACK}:{options.port}", flush=True)
    ended.wait()
    controller.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
