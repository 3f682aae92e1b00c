"""Hands one letter to an SMTP server and, where that fails, says whether it may have arrived.

smtplib's ``send_message`` does not tell a connection that broke before the letter from one that
broke behind it, so the steps of RFC 5321 are taken one by one here.
"""

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Literal

COMMAND_SECONDS = 30
ANSWER_SECONDS = 180  # to the whole letter: the server may have it checked first


class Outcome(Enum):
    """What a failed delivery means: the letter will never, may later, or may already be taken."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNCERTAIN = "uncertain"


class DeliveryError(Exception):
    """The server did not confirm the letter; the message says why, in words for its sender."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in. ``security``: STARTTLS, TLS from the start, or none.

    ``name`` is what the portal calls itself in its greeting.
    """

    host: str
    port: int
    name: str
    user: str = ""
    password: str = ""
    security: Literal["", "starttls", "tls"] = ""


def send(
    *,
    server: SmtpServer,
    sender: str,
    recipient: str,
    mail: EmailMessage,
    before_letter: Callable[[], None],
) -> None:
    """Deliver ``mail`` to one address; raises DeliveryError.

    ``before_letter`` runs when the server is ready for the letter and before its first byte: what
    it raises ends the delivery there, and the server has nothing.
    """
    content = _on_the_wire(mail)
    connection = _connect(server)
    try:
        _name_both(connection, sender, recipient)
        before_letter()
        _hand_over(connection, content)
        with suppress(OSError, smtplib.SMTPException):  # it is accepted, however they part
            connection.quit()
    finally:
        connection.close()


def _on_the_wire(mail: EmailMessage) -> bytes:
    """The letter with CRLF, leading dots doubled, and the dot that ends it."""
    stuffed = re.sub(rb"(?m)^\.", b"..", mail.as_bytes())
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _connect(server: SmtpServer) -> smtplib.SMTP:
    """A connection that is greeted, encrypted and signed in; a server that is not there may come.

    The reason does not say which server it was: it is shown to those who use it, not its owner.
    """
    try:
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                server.name,
                timeout=COMMAND_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(
                server.host, server.port, server.name, timeout=COMMAND_SECONDS
            )
    except (OSError, smtplib.SMTPException) as error:
        raise _temporary("The mail server does not answer") from error
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        connection.close()
        raise _temporary("The mail server does not let the portal in") from error
    return connection


def _name_both(connection: smtplib.SMTP, sender: str, recipient: str) -> None:
    try:
        answers = [connection.mail(sender)]
        if answers[0][0] == 250:
            answers.append(connection.rcpt(recipient))
    except (OSError, smtplib.SMTPException) as error:
        raise _temporary("The connection broke before the letter") from error
    for code, text in answers:
        if code not in (250, 251):
            raise _refused(code, text)


def _hand_over(connection: smtplib.SMTP, content: bytes) -> None:
    """Once the first byte is out, only an answer tells whether the server has the letter."""
    try:
        code, text = connection.docmd("DATA")
    except (OSError, smtplib.SMTPException) as error:
        raise _temporary("The connection broke before the letter") from error
    if code != 354:
        raise _refused(code, text)
    try:
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_SECONDS)
        connection.send(content)
        code, text = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        reason = "The connection broke while the letter was handed over"
        raise DeliveryError(Outcome.UNCERTAIN, f"{reason} ({_brief(error)})") from error
    if code < 200:
        raise DeliveryError(Outcome.UNCERTAIN, "The answer to the letter made no sense")
    if code != 250:
        raise _refused(code, text)


def _refused(code: int, text: bytes) -> DeliveryError:
    """An answer of 5xx is for good, any other may change."""
    outcome = Outcome.PERMANENT if 500 <= code < 600 else Outcome.TEMPORARY
    return DeliveryError(outcome, f"{code} {text.decode('utf-8', 'replace')}")


def _temporary(reason: str) -> DeliveryError:
    return DeliveryError(Outcome.TEMPORARY, reason)


def _brief(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else "closed"
