"""A real SMTP server for tests: it accepts, refuses, breaks off or keeps silent, as it is told."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from softswitch.core.embedded.process import LOOPBACK, free_port

BREAK_OFF = "break off"
SILENCE = "silence"


@dataclass
class MailSink:
    """What the server answers, and what it got.

    ``to_recipient`` and ``to_letter`` are answers such as "451 later" (empty: accept); the latter
    may be BREAK_OFF (the connection ends without an answer) or SILENCE (there is never one).
    ``got_letter`` is set when a whole letter came in.
    """

    port: int
    to_recipient: str = ""
    to_letter: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    got_letter: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.to_recipient:
            envelope.rcpt_tos.append(address)
        return self.to_recipient or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = cast(bytes, envelope.content)
        self.greetings.append(str(session.host_name))
        self.letters.append(message_from_bytes(content, policy=default))
        self.got_letter.set()
        if self.to_letter == SILENCE:
            await asyncio.Event().wait()
        if self.to_letter == BREAK_OFF:
            cast(Any, server.transport).abort()
        return self.to_letter or "250 OK"


@pytest.fixture
def smtp_sink(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """The mail server of the settings, and of workers that start after it."""
    sink = MailSink(free_port())
    controller = Controller(sink, hostname=LOOPBACK, port=sink.port)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, sink.port
    monkeypatch.setenv("SMTP_URL", f"smtp://{LOOPBACK}:{sink.port}")
    yield sink
    controller.stop()
