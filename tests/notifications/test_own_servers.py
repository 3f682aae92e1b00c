"""Mail through an owner's own server: what it sends, what it says, and where it may not lead."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils.timezone import now

from notifications.channels import MOST_TOLD, DeliveryError, Outcome, SmtpServer, send
from notifications.choices import MailStep, MessageStatus
from notifications.models import MailRest, MailSettings, Message
from notifications.services.delivery import deliver, try_out
from notifications.services.rendering import to_mail
from notifications.services.turns import MOST_ATTEMPTS
from softswitch.core.embedded.process import LOOPBACK, free_port
from tests.core.test_outbound import certificate, leading_to
from tests.notifications.conftest import letter_of
from tests.notifications.own import ADDRESS, with_own_server
from tests.plugins.mail import BREAK_OFF, MailSink, sinking
from tests.world import World


def sent(world: World) -> Message:
    """A letter of the sub-reseller after its first attempt, at a server that does not rest."""
    MailRest.objects.all().delete()
    letter = letter_of(world)
    deliver(message_id=letter.pk)
    letter.refresh_from_db()
    return letter


def test_a_letter_leaves_through_the_owners_server_from_its_address(
    addressed: World, own_sink: MailSink, smtp_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    assert sent(addressed).status == MessageStatus.SENT
    (mail,) = own_sink.letters
    assert mail["From"] == f"Sub Desk <{ADDRESS}>"
    assert mail["Reply-To"] == "ask@sub.example"
    assert own_sink.senders == [f"FROM:<{ADDRESS}>"]
    assert own_sink.greetings == [django_settings.MAIL_FROM.partition("@")[2]]
    assert smtp_sink.letters == []


def test_others_letters_leave_through_the_installations_server(
    addressed: World, own_sink: MailSink, smtp_sink: MailSink
) -> None:
    settings = with_own_server(addressed, own_sink)
    MailSettings.objects.filter(pk=settings.pk).update(owner=addressed.other_reseller)
    assert sent(addressed).status == MessageStatus.SENT
    assert own_sink.letters == []
    assert len(smtp_sink.letters) == 1


def test_a_wrong_password_loses_nothing(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    own_sink.password = "changed"
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert letter.last_error.startswith("The mail server does not let the portal in (535 5.7.8 ")
    Message.objects.update(attempts=MOST_ATTEMPTS - 1, next_attempt_at=now())
    MailRest.objects.update(until=now())
    deliver(message_id=letter.pk)
    letter.refresh_from_db()
    assert letter.status == MessageStatus.FAILED
    assert "535 5.7.8" in letter.last_error


def test_a_server_that_refuses_the_sender_loses_nothing(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    own_sink.to_sender = "550 5.7.1 not your address"
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert letter.last_error == "550 5.7.1 not your address"


def test_an_address_that_became_private_is_not_connected_to(
    addressed: World, own_sink: MailSink, settings: Any
) -> None:
    with_own_server(addressed, own_sink)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert "does not connect to" in letter.last_error
    assert own_sink.senders == []


def test_a_name_that_came_to_lead_to_the_installations_server_is_not_connected_to(
    addressed: World, own_sink: MailSink, smtp_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    MailSettings.objects.update(port=smtp_sink.port)
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert "does not connect to" in letter.last_error
    assert smtp_sink.senders == []


def test_without_a_user_name_no_letter_is_handed_in(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    MailSettings.objects.update(user="")
    own_sink.password = ""
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert "needs a user name" in letter.last_error
    assert own_sink.senders == []


def test_a_password_that_no_key_opens_loses_nothing(
    addressed: World, own_sink: MailSink, settings: Any
) -> None:
    with_own_server(addressed, own_sink)
    settings.SEALING_KEYS = ["another"]
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert "key that is no longer set" in letter.last_error


def test_an_answer_that_no_database_takes_is_kept_without_it(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    own_sink.to_recipient = "550 a\0b" + " c" * 200
    letter = sent(addressed)
    assert letter.status == MessageStatus.FAILED
    assert letter.last_error.startswith("550 a�b c c")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_name_is_looked_up_once_and_its_certificate_checked(
    addressed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    files = certificate(tmp_path, "mail.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def once(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if not host.endswith(".example"):
            return look_up(host, port, *args, **kwargs)
        asked.append(host)
        return leading_to(LOOPBACK)(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    option = "ssl_context" if security == "tls" else "tls_context"
    with sinking(MailSink(free_port(), password="open"), **{option: context}) as sink:
        with_own_server(addressed, sink, host="mail.example", security=security)
        asked.clear()
        untrusted = sent(addressed)
        assert untrusted.status == MessageStatus.QUEUED
        assert "The certificate is not valid" in untrusted.last_error
        trusting = ssl.create_default_context(cafile=files[0])
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert sent(addressed).status == MessageStatus.SENT
        assert asked == ["mail.example"] * 2  # once for each letter
        with_own_server(addressed, sink, host="other.example", security=security)
        misnamed = sent(addressed)
        assert misnamed.status == MessageStatus.QUEUED
        assert "The certificate is not valid" in misnamed.last_error
        assert len(sink.letters) == 1


def test_a_server_without_encryption_gets_no_password(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink, security="starttls")
    letter = sent(addressed)
    assert letter.status == MessageStatus.QUEUED
    assert "STARTTLS extension not supported" in letter.last_error


def test_bounces_are_asked_to_name_the_letter_and_not_to_hold_it(
    addressed: World, own_sink: MailSink
) -> None:
    """What a bounce returns may stand in anybody's mailbox: not the link in the letter."""
    with_own_server(addressed, own_sink)
    own_sink.knows_dsn = True
    letter = sent(addressed)
    assert letter.status == MessageStatus.SENT
    name = letter.message_id.strip("<>")
    assert own_sink.senders == [f"FROM:<{ADDRESS}> RET=HDRS ENVID={name}"]


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """The port of a server that greets with ``answer``, hears a command, and closes."""
    listener = socket.create_server((LOOPBACK, 0))

    def greet() -> None:
        connection, _address = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(answer)
            connection.recv(1000)

    thread = threading.Thread(target=greet)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (100, "The mail server does not let the portal in ("),
        (10_000, "The mail server does not answer ("),
    ],
)
def test_an_answer_that_does_not_end_is_given_up(letter: Message, lines: int, reason: str) -> None:
    """smtplib keeps every line until the last one: a server could fill the memory."""
    answer = b"220-" + b"x" * 60 + b"\r\n"
    with saying(answer * lines + b"220 ready\r\n") as port:
        server = SmtpServer(host=LOOPBACK, port=port, name="portal.example", is_own=True)
        with pytest.raises(DeliveryError) as failed:
            send(
                server=server,
                sender=ADDRESS,
                recipient=letter.recipient,
                mail=to_mail(letter, ""),
                before_letter=lambda: None,
            )
    assert failed.value.outcome is Outcome.TEMPORARY
    assert failed.value.reason.startswith(reason)


def test_of_a_long_answer_the_beginning_is_told(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    own_sink.to_recipient = "\r\n".join(["550-" + "x" * 400] * 5 + ["550 no"])
    trial = try_out(actor=addressed.actor("sub_reseller"))
    assert trial.failed_at == MailStep.RECIPIENT
    assert trial.answer.startswith("550 xxx")
    assert len(trial.answer) == MOST_TOLD


@pytest.fixture
def dripping() -> Any:
    """The port of a server whose greeting never ends."""
    listener = socket.create_server((LOOPBACK, 0))
    stopped = threading.Event()

    def drip() -> None:
        connection, _address = listener.accept()
        with connection:
            while not stopped.wait(0.02):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    yield listener.getsockname()[1]
    stopped.set()
    thread.join()
    listener.close()


def test_a_server_that_drips_is_not_waited_for(letter: Message, dripping: int) -> None:
    server = SmtpServer(host=LOOPBACK, port=dripping, name="portal.example", is_own=True)
    with pytest.raises(DeliveryError) as failed:
        send(
            server=server,
            sender=ADDRESS,
            recipient=letter.recipient,
            mail=to_mail(letter, ""),
            before_letter=lambda: None,
            seconds=0.3,
        )
    assert failed.value.outcome is Outcome.TEMPORARY
    assert failed.value.step == MailStep.CONNECTION


def test_a_test_mail_goes_out_at_once_and_tells_the_answer(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    trial = try_out(actor=addressed.actor("sub_reseller"))
    assert (trial.failed_at, trial.answer) == (None, "250 OK: kept")
    assert own_sink.kept == [trial.message.message_id]
    deliver(message_id=trial.message.pk)  # as the worker does that was asked when it was written
    assert Message.objects.get().status == MessageStatus.SENT
    assert len(own_sink.letters) == 1


@pytest.mark.parametrize(
    ("setting", "answer", "step", "told"),
    [
        ("password", "changed", MailStep.SIGN_IN, "535 5.7.8"),
        ("to_sender", "550 not yours", MailStep.SENDER, "550 not yours"),
        ("to_recipient", "451 later", MailStep.RECIPIENT, "451 later"),
        ("to_recipient", BREAK_OFF, MailStep.RECIPIENT, "closed"),
        ("to_letter", "554 spam", MailStep.LETTER, "554 spam"),
    ],
)
def test_a_test_mail_that_fails_says_where_and_is_not_tried_again(
    addressed: World, own_sink: MailSink, setting: str, answer: str, step: str, told: str
) -> None:
    with_own_server(addressed, own_sink)
    setattr(own_sink, setting, answer)
    trial = try_out(actor=addressed.actor("sub_reseller"))
    assert trial.failed_at == step
    assert told in trial.answer
    assert Message.objects.get().status == MessageStatus.FAILED
    assert own_sink.kept == []


def test_a_test_mail_that_may_have_arrived_is_uncertain(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    own_sink.to_letter = BREAK_OFF
    assert try_out(actor=addressed.actor("sub_reseller")).failed_at == MailStep.LETTER
    assert Message.objects.get().status == MessageStatus.UNCERTAIN


def test_a_port_that_nobody_listens_on(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink, port=free_port())
    trial = try_out(actor=addressed.actor("sub_reseller"))
    assert trial.failed_at == MailStep.CONNECTION
    assert trial.answer == "The connection was refused."
