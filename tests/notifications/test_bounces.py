"""Letters that came back: by hand, and by a mail server's report."""

import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from customers.models import AuditEvent
from notifications.choices import MessageStatus
from notifications.models import Message
from notifications.services import delivery
from notifications.services.bounces import mark_bounced, record_report
from notifications.services.delivery import deliver
from notifications.services.outbox import resend
from softswitch.core.errors import DomainError
from tests.plugins.mail import MailSink
from tests.world import World

RETURNED = "Content-Type: text/rfc822-headers\n\n{head}"
WHOLE = "Content-Type: message/rfc822\n\n{head}\n\nHello\n"
HEAD = "From: a@x.example\nSubject: Hello\nMessage-ID: {name}"


def report(
    letter: Message,
    *,
    returned: str = RETURNED,
    head: str = HEAD,
    action: str = "failed",
    envelope: str = "",
    reason: str = "smtp; 550 5.1.1 <ann@shop.example>: no such mailbox",
) -> bytes:
    """What a mail server sends back of a letter (RFC 3464)."""
    head = head.format(name=letter.message_id)
    lines = f"""From: MAILER-DAEMON@mx.example
To: no-reply@portal.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{envelope}
Final-Recipient: rfc822; ann@shop.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: {reason}

--b
{returned.format(head=head)}
--b--
"""
    return lines.replace("\n", "\r\n").encode()


@pytest.fixture
def sent_letter(letter: Message) -> Message:
    """A letter that a server has accepted."""
    Message.objects.filter(pk=letter.pk).update(status="sent", sent_at=now(), attempts=1)
    letter.refresh_from_db()
    return letter


@pytest.mark.parametrize("returned", [RETURNED, WHOLE])
def test_a_report_is_matched_by_the_message_id(sent_letter: Message, returned: str) -> None:
    assert record_report(content=report(sent_letter, returned=returned)) == sent_letter
    sent_letter.refresh_from_db()
    assert sent_letter.status == MessageStatus.BOUNCED
    assert sent_letter.bounced_at is not None
    assert sent_letter.last_error == "550 5.1.1 <ann@shop.example>: no such mailbox"
    event = AuditEvent.objects.get(action="message_bounced")
    assert event.changes == {"status": ["sent", "bounced"]}


def test_a_report_is_matched_by_the_envelope_id(sent_letter: Message) -> None:
    envelope = f"Original-Envelope-Id: {sent_letter.message_id.strip('<>')}\n"
    content = report(sent_letter, head="Subject: nothing else", envelope=envelope)
    assert record_report(content=content) == sent_letter


def test_the_status_is_told_where_the_diagnosis_lacks_it(sent_letter: Message) -> None:
    record_report(content=report(sent_letter, reason="smtp; 550 no\n such mailbox"))
    sent_letter.refresh_from_db()
    assert sent_letter.last_error == "5.1.1 550 no such mailbox"


def test_the_same_report_twice_is_noted_once(sent_letter: Message) -> None:
    for _ in range(2):
        assert record_report(content=report(sent_letter)) == sent_letter
    assert AuditEvent.objects.filter(action="message_bounced").count() == 1


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_no_failure_changes_nothing(sent_letter: Message, action: str) -> None:
    assert record_report(content=report(sent_letter, action=action)) is None
    sent_letter.refresh_from_db()
    assert sent_letter.status == MessageStatus.SENT


def test_a_bounce_before_the_worker_has_said_sent_stays(
    letter: Message, smtp_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = delivery._finish

    def overtaken(message: Message, **values: Any) -> None:
        record_report(content=report(letter))
        finish(message, **values)

    monkeypatch.setattr(delivery, "_finish", overtaken)
    deliver(message_id=letter.pk)
    letter.refresh_from_db()
    assert letter.status == MessageStatus.BOUNCED


def run(content: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says of a report on its standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    told = io.StringIO()
    call_command("record_bounce", stdout=told)
    return told.getvalue()


def test_the_command_reads_a_report(sent_letter: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(report(sent_letter), monkeypatch)
    assert told == f"Bounced: {sent_letter.message_id} to ann@shop.example\n"
    assert Message.objects.get().status == MessageStatus.BOUNCED
    assert "no failure" in run(report(sent_letter, action="delayed"), monkeypatch)


@pytest.mark.parametrize(
    ("head", "told"),
    [("Message-ID: <nobody@x.example>", "No message"), ("Subject: no name", "No message")],
)
def test_the_command_fails_for_an_unknown_letter(
    sent_letter: Message, monkeypatch: pytest.MonkeyPatch, head: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told) as failed:
        run(report(sent_letter, head=head), monkeypatch)
    assert failed.value.returncode == 1
    assert Message.objects.get().status == MessageStatus.SENT


@pytest.mark.parametrize("content", [b"", b"\0\xff", b"Subject: hello\n\nOut of office\n"])
def test_the_command_fails_for_what_is_no_report(
    db: None, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    with pytest.raises(CommandError, match="no delivery report"):
        run(content, monkeypatch)


@pytest.mark.parametrize("status", ["queued", "failed"])
def test_what_no_server_has_taken_does_not_bounce(letter: Message, status: str) -> None:
    Message.objects.filter(pk=letter.pk).update(status=status)
    with pytest.raises(DomainError) as refused:
        record_report(content=report(letter))
    assert refused.value.code == "not_sent"


def test_a_person_notes_a_bounce_and_sends_it_again(addressed: World, sent_letter: Message) -> None:
    actor = addressed.actor("sub_reseller")
    mark_bounced(actor=actor, message=sent_letter, reason="Mailbox\nfull\0")
    sent_letter.refresh_from_db()
    assert (sent_letter.status, sent_letter.last_error) == ("bounced", "Mailbox full�")
    resend(actor=actor, message=sent_letter)
    sent_letter.refresh_from_db()
    assert (sent_letter.status, sent_letter.bounced_at) == ("queued", None)


@pytest.mark.parametrize("who", ["reseller", "operator", "shop", "other_reseller"])
def test_nobody_else_notes_a_bounce(addressed: World, sent_letter: Message, who: str) -> None:
    with pytest.raises(PermissionDenied):
        mark_bounced(actor=addressed.actor(who), message=sent_letter, reason="x")
    sent_letter.refresh_from_db()
    assert sent_letter.status == MessageStatus.SENT
