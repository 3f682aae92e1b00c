"""A real SMTP server for tests: it accepts, refuses, breaks off or keeps silent, as it is told."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from softswitch.core.embedded.process import LOOPBACK, free_port

BREAK_OFF = "break off"
KEEP_AND_BREAK_OFF = "keep it and break off"
SILENCE = "silence"


@dataclass
class MailSink:
    """What the server answers, and what it got.

    ``to_sender``, ``to_recipient`` and ``to_letter`` are answers such as "451 later" (empty:
    accept), or BREAK_OFF (the connection ends without an answer); the last may be
    KEEP_AND_BREAK_OFF, or SILENCE (there is never one). ``mood`` is asked for the answer of a step
    where none is set. ``password`` is that of the user "portal". ``got_letter`` is set when a whole
    letter came in, ``kept`` holds the Message-IDs of those that were accepted.
    """

    port: int
    to_sender: str = ""
    to_recipient: str = ""
    to_letter: str = ""
    mood: Callable[[str], str] | None = None
    password: str = ""
    knows_dsn: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    got_letter: threading.Event = field(default_factory=threading.Event)

    def says(self, step: str) -> str:
        """The answer to ``recipient`` or ``letter``."""
        told: str = getattr(self, f"to_{step}")
        return told or (self.mood(step) if self.mood is not None else "")

    def signs_in(self, _server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> Any:
        """Whether user and password are those that it knows."""
        asked = LoginPassword(b"portal", self.password.encode())
        return AuthResult(success=data == asked, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        return answers[:1] + ["250-DSN"] * self.knows_dsn + answers[1:]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.says("recipient")
        if answer == BREAK_OFF:
            cast(Any, server.transport).abort()
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = cast(bytes, envelope.content)
        mail = message_from_bytes(content, policy=default)
        answer = self.says("letter")
        self.greetings.append(str(session.host_name))
        self.letters.append(mail)
        if answer in ("", KEEP_AND_BREAK_OFF):
            self.kept.append(str(mail["Message-ID"]))
        self.got_letter.set()
        if answer == SILENCE:
            await asyncio.Event().wait()
        if answer in (BREAK_OFF, KEEP_AND_BREAK_OFF):
            cast(Any, server.transport).abort()
        return answer or "250 OK: kept"


class SinkSmtp(SMTP):
    """aiosmtpd's server with the parameters of RFC 3461, which it refuses."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        sink = cast(MailSink, self.event_handler)
        sink.senders.append(arg or "")
        if sink.to_sender:
            await self.push(sink.to_sender)
            return
        known = [word for word in (arg or "").split() if not word.startswith(("RET=", "ENVID="))]
        await super().smtp_MAIL(" ".join(known))


class SinkController(Controller):
    """Runs a sink in a thread of its own."""

    def factory(self) -> SMTP:
        return SinkSmtp(self.handler, **self.SMTP_kwargs)


@contextmanager
def sinking(sink: MailSink, **options: Any) -> Iterator[MailSink]:
    """Run ``sink``; with its password it asks for one."""
    if sink.password:
        options |= {"authenticator": sink.signs_in, "auth_require_tls": False}
    controller = SinkController(sink, hostname=LOOPBACK, port=sink.port, **options)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@pytest.fixture
def smtp_sink(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """The mail server of the settings, and of workers that start after it."""
    with sinking(MailSink(free_port())) as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, sink.port
        monkeypatch.setenv("SMTP_URL", f"smtp://{LOOPBACK}:{sink.port}")
        yield sink


@dataclass
class Hanging:
    """A mail server that accepts connections and never says a word."""

    port: int
    connections: list[socket.socket] = field(default_factory=list)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """A server that hangs, until the test is over."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((LOOPBACK, 0)))
        server = Hanging(listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    server.connections.append(stack.enter_context(listener.accept()[0]))

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def own_sink() -> Iterator[MailSink]:
    """The mail server of a customer, which asks for user and password."""
    with sinking(MailSink(free_port(), password="open sesame")) as sink:
        yield sink
