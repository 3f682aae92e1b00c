"""Hands one letter to an SMTP server and, where that fails, says whether it may have arrived.

It says too at which step it failed, and what the server answered.

smtplib's ``send_message`` does not tell a connection that broke before the letter from one that
broke behind it, so the steps of RFC 5321 are taken one by one here.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Literal

from notifications.choices import MailStep
from softswitch.core.outbound import line_to, reason_of
from softswitch.core.reasons import Reason

# A server that does not answer holds a worker for so long, and then rests (services.turns).
CONNECT_SECONDS = 10
COMMAND_SECONDS = 20
ANSWER_SECONDS = 90  # to the whole letter: the server may have it checked first
MOST_SECONDS = 120  # for all of it, however slowly the answers drip in
MOST_ANSWERED = 64 * 1024  # bytes of one answer, whose lines smtplib keeps until its last one comes
MOST_TOLD = 500  # characters of an answer
NO_ANSWER = Reason("The mail server does not answer")
NOT_LET_IN = Reason("The mail server does not let the portal in")
BROKE_BEFORE = Reason("The connection broke before the letter")
# Before these are over, no letter would fare better: a server does not know yet whom it is for.
_BEFORE_RECIPIENT = (MailStep.CONNECTION, MailStep.ENCRYPTION, MailStep.SIGN_IN, MailStep.SENDER)


class Outcome(Enum):
    """What a failed delivery means: the letter will never, may later, or may already be taken."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNCERTAIN = "uncertain"


class DeliveryError(Exception):
    """The server did not confirm the letter; ``reason`` says why, in words for its sender.

    Our words are Reasons, a server's answer is what it is. ``step`` is where it failed, ``answer``
    the server's very answer, or why there was none: for the owner of the server alone.
    ``is_timeout``: there was no answer in time.
    """

    def __init__(
        self,
        outcome: Outcome,
        reason: str,
        step: MailStep,
        answer: str = "",
        *,
        is_timeout: bool = False,
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.step = step
        self.answer = answer or reason
        self.is_timeout = is_timeout

    @property
    def is_of_server(self) -> bool:
        """Whether other letters through that server would fare no better now."""
        return self.is_timeout or self.step in _BEFORE_RECIPIENT


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in. ``security``: STARTTLS, TLS from the start, or none.

    ``name`` is what the portal calls itself in its greeting. ``address`` is what is connected to
    (empty: what ``host`` leads to); a certificate is checked against ``host`` all the same. Of a
    server that ``is_own`` to the sender of its letters, they are told what it answered.
    """

    host: str
    port: int
    name: str
    user: str = ""
    password: str = ""
    security: Literal["", "starttls", "tls"] = ""
    address: str = ""
    is_own: bool = False


class _Lines:
    """What a server says, line by line; an answer that does not end breaks the connection."""

    def __init__(self, line: socket.socket) -> None:
        self._file = line.makefile("rb")
        self.left = MOST_ANSWERED

    def readline(self, size: int) -> bytes:
        read = self._file.readline(size)
        self.left -= len(read)
        if self.left < 0:
            raise OSError("The answer does not end")
        return read

    def close(self) -> None:
        self._file.close()


class _Connection(smtplib.SMTP):
    """The talk with a server over a ``line`` to it, of which smtplib opens none by itself."""

    def __init__(self, server: SmtpServer, line: socket.socket) -> None:
        super().__init__(local_hostname=server.name)
        self._host = server.host  # the name that STARTTLS checks the certificate against
        self.server = server
        self.sock = line
        self.file: _Lines | None = None

    def getreply(self) -> tuple[int, bytes]:
        """One answer, of MOST_ANSWERED at most: else smtplib takes the connection for broken."""
        if self.file is None and self.sock is not None:  # also after STARTTLS, which begins anew
            self.file = _Lines(self.sock)
        if self.file is not None:
            self.file.left = MOST_ANSWERED
        return super().getreply()

    def open(self) -> None:
        """Hear the server's greeting, behind TLS where it begins with it."""
        if self.server.security == "tls" and self.sock is not None:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.server.host)
        code, text = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)


def send(
    *,
    server: SmtpServer,
    sender: str,
    recipient: str,
    mail: EmailMessage,
    before_letter: Callable[[], None],
    seconds: float = MOST_SECONDS,
) -> str:
    """Deliver ``mail`` to one address; returns what the server said. Raises DeliveryError.

    ``before_letter`` runs when the server is ready for the letter and before its first byte: what
    it raises ends the delivery there, and the server has nothing. Ends after ``seconds``.
    """
    content = _on_the_wire(mail)
    with _connected(server, seconds) as connection:
        _be_let_in(connection)
        _name_both(connection, sender, recipient, str(mail["Message-ID"]))
        before_letter()
        answer = _hand_over(connection, content)
        with suppress(OSError, smtplib.SMTPException):  # it is accepted, however they part
            connection.quit()
        return answer


def _on_the_wire(mail: EmailMessage) -> bytes:
    """The letter with CRLF, leading dots doubled, and the dot that ends it."""
    stuffed = re.sub(rb"(?m)^\.", b"..", mail.as_bytes())
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


@contextmanager
def _connected(server: SmtpServer, seconds: float) -> Iterator[_Connection]:
    """A connection that ends after ``seconds``."""
    with ExitStack() as stack:
        with _step(server, MailStep.CONNECTION, NO_ANSWER):
            address = server.address or server.host
            wait = min(CONNECT_SECONDS, seconds)
            line, is_over = stack.enter_context(
                line_to(address, server.port, seconds, connect_seconds=wait)
            )
        line.settimeout(min(COMMAND_SECONDS, seconds))
        connection = _Connection(server, line)
        stack.callback(connection.close)
        try:
            yield connection
        except DeliveryError as error:
            error.is_timeout = error.is_timeout or is_over.is_set()
            raise


@contextmanager
def _step(server: SmtpServer, step: MailStep, reason: Reason) -> Iterator[None]:
    """What breaks in here may be mended: the letter has not begun, and is not at fault.

    ``reason`` does not say which server it was: it is shown to those who use it; only the owner of
    a server is told the answer.
    """
    try:
        yield
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        answer = _answer_of(error)
        if server.is_own:
            reason = Reason("%(reason)s (%(answer)s)", reason=reason, answer=answer)
        if isinstance(error, ssl.SSLError):
            step = MailStep.ENCRYPTION
        raise DeliveryError(
            Outcome.TEMPORARY, reason, step, answer, is_timeout=_is_timeout(error)
        ) from error


def _be_let_in(connection: _Connection) -> None:
    """Greet, encrypt and sign in. A wrong password is the server's owner's to mend: it may come."""
    with _step(connection.server, MailStep.CONNECTION, NO_ANSWER):
        connection.open()
    with _step(connection.server, MailStep.CONNECTION, NOT_LET_IN):
        connection.ehlo_or_helo_if_needed()
    if connection.server.security == "starttls":
        with _step(connection.server, MailStep.ENCRYPTION, NOT_LET_IN):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
    if connection.server.user:
        with _step(connection.server, MailStep.SIGN_IN, NOT_LET_IN):
            connection.login(connection.server.user, connection.server.password)


def _name_both(connection: _Connection, sender: str, recipient: str, message_id: str) -> None:
    """Name sender and recipient; of a bounce ask for the letter's name and not for its words."""
    options = []
    if connection.has_extn("dsn"):
        options = ["RET=HDRS", f"ENVID={_xtext(message_id.strip('<>'))}"]
    with _step(connection.server, MailStep.SENDER, BROKE_BEFORE):
        code, text = connection.mail(sender, options)
    if (
        code != 250
    ):  # also for good: it is the address of all letters that is at fault, not this one
        raise DeliveryError(Outcome.TEMPORARY, _told(code, text), MailStep.SENDER)
    with _step(connection.server, MailStep.RECIPIENT, BROKE_BEFORE):
        code, text = connection.rcpt(recipient)
    if code not in (250, 251):
        raise _refused(code, text, MailStep.RECIPIENT)


def _hand_over(connection: _Connection, content: bytes) -> str:
    """Once the first byte is out, only an answer tells whether the server has the letter."""
    with _step(connection.server, MailStep.LETTER, BROKE_BEFORE):
        code, text = connection.docmd("DATA")
    if code != 354:
        raise _refused(code, text, MailStep.LETTER)
    try:
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_SECONDS)
        connection.send(content)
        code, text = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        reason = Reason(
            "The connection broke while the letter was handed over (%(why)s)", why=_brief(error)
        )
        raise DeliveryError(
            Outcome.UNCERTAIN, reason, MailStep.LETTER, is_timeout=_is_timeout(error)
        ) from error
    if code < 200:
        reason = Reason("The answer to the letter made no sense")
        raise DeliveryError(Outcome.UNCERTAIN, reason, MailStep.LETTER)
    if code != 250:
        raise _refused(code, text, MailStep.LETTER)
    return _told(code, text)


def _refused(code: int, text: bytes, step: MailStep) -> DeliveryError:
    """An answer of 5xx is for good, any other may change."""
    outcome = Outcome.PERMANENT if 500 <= code < 600 else Outcome.TEMPORARY
    return DeliveryError(outcome, _told(code, text), step)


def _answer_of(error: Exception) -> str:
    """What the server answered, else why it did not."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _told(error.smtp_code, error.smtp_error)
    cause = _cause(error)
    if isinstance(cause, smtplib.SMTPServerDisconnected):
        return Reason("The server closed the connection")
    if isinstance(cause, smtplib.SMTPException | UnicodeError):
        return _told("", str(cause))
    return reason_of(cause)


def _cause(error: Exception) -> Exception:
    """What ended a connection: smtplib tells a time-out from a closed one only by its context."""
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        return error.__context__
    return error


def _told(code: int | str, text: bytes | str) -> str:
    """An answer in one line that a database takes, as much of it as anybody reads."""
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return " ".join(f"{code} {words}".replace("\0", "�").split())[:MOST_TOLD]


def _xtext(text: str) -> str:
    """``text`` as a parameter of a command (RFC 3461, section 4)."""
    return re.sub(r"[^!-~]|[+=]", lambda found: f"+{ord(found[0]):02X}", text)


def _brief(error: Exception) -> Reason:
    return Reason("no answer in time") if _is_timeout(error) else Reason("closed by the server")


def _is_timeout(error: Exception) -> bool:
    return isinstance(_cause(error), TimeoutError)
