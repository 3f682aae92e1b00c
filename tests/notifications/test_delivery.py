"""Sending over a real SMTP connection: what arrives, what is tried again, what never is."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils.timezone import now

from customers.models import Customer, User
from customers.services.customers import set_status
from notifications.choices import MessageStatus
from notifications.models import LinkRequest, Message
from notifications.services import delivery
from notifications.services.delivery import deliver, sweep
from notifications.services.outbox import resend
from notifications.services.servers import system_server
from notifications.services.turns import MOST_ATTEMPTS
from softswitch.core.embedded.process import free_port
from tests.notifications.conftest import letter_of, link_in
from tests.plugins.mail import BREAK_OFF, MailSink
from tests.world import World


def after(letter: Message) -> Message:
    """The letter after one attempt."""
    deliver(message_id=letter.pk)
    letter.refresh_from_db()
    return letter


def let_time_pass(letter: Message) -> None:
    """The lease ran out and the next attempt is due."""
    past = now() - timedelta(seconds=1)
    Message.objects.filter(pk=letter.pk).update(lease_until=past, next_attempt_at=past)


def test_a_letter_arrives_with_its_owners_name_from_a_neutral_address(
    letter: Message, smtp_sink: MailSink
) -> None:
    assert after(letter).status == MessageStatus.SENT
    (mail,) = smtp_sink.letters
    assert mail["From"] == f"Sub reseller <{settings.MAIL_FROM}>"
    assert mail["To"] == "ann@shop.example"
    assert mail["Reply-To"] == "desk@sub.example"
    assert mail["Message-ID"] == letter.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert smtp_sink.greetings == [settings.MAIL_FROM.partition("@")[2]]
    assert letter.sent_at is not None
    assert (letter.attempts, letter.last_error) == (1, "")


def test_no_header_and_no_word_names_anybody_above_the_sender(
    letter: Message, smtp_sink: MailSink
) -> None:
    after(letter)
    whole = smtp_sink.letters[0].as_string()
    assert not re.search(r"\b(Root|Reseller|operator)\b", whole.replace("Sub reseller", ""))


def test_the_link_is_made_on_sending_and_stands_in_no_row(
    letter: Message, smtp_sink: MailSink
) -> None:
    after(letter)
    link = link_in(smtp_sink.letters[0])
    assert link.startswith(f"{settings.PORTAL_URL}/password/")
    html = smtp_sink.letters[0].get_body(("html",))
    assert html is not None
    assert f'href="{link}"' in html.get_content()
    stored = " ".join(str(value) for value in vars(letter).values())
    assert link not in stored
    assert link.rstrip("/").rpartition("/")[2] not in stored
    assert "[link]" in letter.shown_text
    assert "[link]" in letter.shown_html


def test_a_line_that_is_a_dot_does_not_end_the_letter(letter: Message, smtp_sink: MailSink) -> None:
    Message.objects.filter(pk=letter.pk).update(text="before\n.\n..\n.x\nafter\n")
    assert after(letter).status == MessageStatus.SENT
    body = smtp_sink.letters[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["before", ".", "..", ".x", "after"]


def test_letters_in_other_scripts_arrive_as_they_are(letter: Message, smtp_sink: MailSink) -> None:
    Message.objects.filter(pk=letter.pk).update(
        sender_name="Société Générale, «نص»", subject="ملخص الرصيد " * 9, text="été\nنص\n"
    )
    User.objects.update(email="ann@münchen.example")
    Message.objects.filter(pk=letter.pk).update(recipient="ann@münchen.example")
    after(letter)
    mail: Any = smtp_sink.letters[0]
    assert mail["From"].addresses[0].display_name == "Société Générale, «نص»"
    assert mail["Subject"].strip() == ("ملخص الرصيد " * 9).strip()
    assert mail["To"] == "ann@xn--mnchen-3ya.example"
    assert mail.get_body(("plain",)).get_content().splitlines() == ["été", "نص"]


def test_a_refusal_for_now_is_tried_again_later_and_later(
    letter: Message, smtp_sink: MailSink
) -> None:
    smtp_sink.to_recipient = "451 4.3.2 come back later"
    for attempt, minutes in enumerate((1, 5, 15, 60, 60), start=1):
        let_time_pass(letter)
        began = now()
        assert after(letter).status == MessageStatus.QUEUED
        assert letter.attempts == attempt
        assert letter.last_error == "451 4.3.2 come back later"
        pause = letter.next_attempt_at - began
        assert timedelta(minutes=minutes) <= pause < timedelta(minutes=minutes, seconds=20)
    deliver(message_id=letter.pk)  # not due yet
    letter.refresh_from_db()
    assert letter.attempts == 5
    smtp_sink.to_recipient = ""
    let_time_pass(letter)
    assert after(letter).status == MessageStatus.SENT
    assert len(smtp_sink.letters) == 1


def test_the_last_attempt_fails_for_good(letter: Message, smtp_sink: MailSink) -> None:
    smtp_sink.to_letter = "452 4.3.1 disk full"
    Message.objects.filter(pk=letter.pk).update(attempts=MOST_ATTEMPTS - 1)
    assert after(letter).status == MessageStatus.FAILED
    assert letter.last_error == "452 4.3.1 disk full"


@pytest.mark.parametrize("step", ["to_recipient", "to_letter"])
def test_a_refusal_for_good_is_parked_with_its_reason(
    letter: Message, smtp_sink: MailSink, step: str
) -> None:
    setattr(smtp_sink, step, "550 5.1.1 no such mailbox")
    assert after(letter).status == MessageStatus.FAILED
    assert letter.last_error == "550 5.1.1 no such mailbox"
    let_time_pass(letter)
    assert sweep() == 0
    assert after(letter).attempts == 1


def test_a_server_that_is_not_there_is_tried_again(letter: Message, settings: Any) -> None:
    settings.EMAIL_PORT = free_port()
    assert after(letter).status == MessageStatus.QUEUED
    assert letter.last_error == "The mail server does not answer"


def test_a_server_that_refuses_the_portal_is_tried_again(
    letter: Message, smtp_sink: MailSink, settings: Any
) -> None:
    """The sink knows no AUTH: the installation is at fault, not the letter."""
    settings.EMAIL_HOST_USER = "portal"
    assert after(letter).status == MessageStatus.QUEUED
    assert letter.last_error == "The mail server does not let the portal in"


def test_a_connection_that_breaks_with_the_letter_is_uncertain_and_not_sent_again(
    letter: Message, smtp_sink: MailSink
) -> None:
    smtp_sink.to_letter = BREAK_OFF
    assert after(letter).status == MessageStatus.UNCERTAIN
    smtp_sink.to_letter = ""
    let_time_pass(letter)
    assert sweep() == 0
    deliver(message_id=letter.pk)
    assert len(smtp_sink.letters) == 1


def test_a_person_sends_it_again_under_the_same_message_id(
    addressed: World, letter: Message, smtp_sink: MailSink
) -> None:
    smtp_sink.to_letter = BREAK_OFF
    after(letter)
    smtp_sink.to_letter = ""
    resend(actor=addressed.actor("sub_reseller"), message=letter)
    assert after(letter).status == MessageStatus.SENT
    first, second = smtp_sink.letters
    assert first["Message-ID"] == second["Message-ID"] == letter.message_id


def test_a_worker_that_died_before_the_letter_leaves_it_queued(
    letter: Message, smtp_sink: MailSink
) -> None:
    past = now() - timedelta(seconds=1)
    Message.objects.filter(pk=letter.pk).update(
        status="sending", attempts=1, lease_until=past, data_started_at=None
    )
    assert sweep() == 0  # its pause comes first
    letter.refresh_from_db()
    assert letter.status == MessageStatus.QUEUED
    let_time_pass(letter)
    assert sweep() == 1
    assert sweep() == 0  # a worker was asked a moment ago
    assert after(letter).status == MessageStatus.SENT


def test_a_worker_that_died_with_the_letter_leaves_it_uncertain(letter: Message) -> None:
    past = now() - timedelta(seconds=1)
    Message.objects.filter(pk=letter.pk).update(
        status="sending", attempts=1, lease_until=past, data_started_at=past
    )
    assert sweep() == 0
    letter.refresh_from_db()
    assert letter.status == MessageStatus.UNCERTAIN
    assert letter.last_error == delivery.DIED


def test_a_message_that_no_worker_heard_of_is_found_by_the_sweep(letter: Message) -> None:
    assert sweep() == 0  # just queued
    let_time_pass(letter)
    assert sweep() == 1


def test_a_slow_worker_sends_nothing_once_another_has_its_letter(
    letter: Message, smtp_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it greets the server its lease ends, and the sweep gives the letter to another."""
    start = delivery._start

    def slow_start(message: Message) -> None:
        monkeypatch.setattr(delivery, "_start", start)
        let_time_pass(letter)
        sweep()
        let_time_pass(letter)
        deliver(message_id=letter.pk)
        start(message)

    monkeypatch.setattr(delivery, "_start", slow_start)
    assert after(letter).status == MessageStatus.SENT
    assert letter.attempts == 2
    assert len(smtp_sink.letters) == 1


def test_an_answer_after_the_lease_still_counts(
    letter: Message, smtp_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep called it uncertain; the worker lives and knows better."""
    finish = delivery._finish

    def late_finish(message: Message, **values: Any) -> None:
        Message.objects.filter(pk=letter.pk).update(status="uncertain")
        finish(message, **values)

    monkeypatch.setattr(delivery, "_finish", late_finish)
    assert after(letter).status == MessageStatus.SENT


def test_a_closed_login_gets_no_link_any_more(
    addressed: World, letter: Message, smtp_sink: MailSink
) -> None:
    set_status(actor=addressed.actor("sub_reseller"), customer=addressed.shop, status="closed")
    assert after(letter).status == MessageStatus.FAILED
    assert letter.last_error == "The login is closed."
    assert smtp_sink.letters == []


def test_no_link_goes_to_an_address_that_the_login_has_left(
    letter: Message, smtp_sink: MailSink
) -> None:
    User.objects.filter(login="shop").update(email="new@shop.example")
    assert after(letter).status == MessageStatus.FAILED
    assert smtp_sink.letters == []


def test_old_requests_for_links_are_forgotten(db: None) -> None:
    LinkRequest.objects.create(ip="192.0.2.1", at=now() - timedelta(days=2))
    recent = LinkRequest.objects.create(ip="192.0.2.1")
    sweep()
    assert list(LinkRequest.objects.all()) == [recent]


def test_tls_is_asked_for_as_the_settings_say(settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    assert system_server().security == "starttls"
    settings.EMAIL_USE_SSL = True
    assert system_server().security == "tls"


def test_a_server_without_tls_is_not_used_in_clear(
    letter: Message, smtp_sink: MailSink, settings: Any
) -> None:
    settings.EMAIL_USE_TLS = True
    assert after(letter).status == MessageStatus.QUEUED
    assert smtp_sink.letters == []


def test_names_with_line_breaks_make_no_headers(addressed: World, smtp_sink: MailSink) -> None:
    Customer.objects.filter(pk=addressed.sub_reseller.pk).update(
        company_name="Evil\r\nBcc: all@example.com"
    )
    letter = letter_of(addressed)
    assert after(letter).status == MessageStatus.SENT
    assert smtp_sink.letters[0]["Bcc"] is None
