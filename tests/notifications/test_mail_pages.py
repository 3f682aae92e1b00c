"""Pages of mail settings, the test mail, the preview in its frame, and bounces by hand."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from customers.models import User
from notifications.models import MailSettings, Message
from notifications.services.delivery import deliver
from notifications.services.mail_settings import save_mail_settings
from notifications.services.turns import begin_rest
from softswitch.core.embedded.process import free_port
from tests.billing.test_invoice_preview import picture
from tests.notifications.conftest import letter_of
from tests.notifications.own import own_values, with_own_server
from tests.notifications.test_pages import as_user, detail
from tests.plugins.mail import MailSink
from tests.security.portal import text_of
from tests.world import World

SETTINGS = "notifications:mail_settings"


def html_of(letter: Message) -> str:
    return reverse("notifications:message_html", args=[letter.pk])


def bounced(letter: Message) -> str:
    return reverse("notifications:message_bounced", args=[letter.pk])


def test_settings_are_saved_and_the_password_is_not_shown(
    addressed: World, own_sink: MailSink
) -> None:
    client = as_user(addressed, "sub_reseller")
    logo = SimpleUploadedFile("logo.png", picture(), "image/png")
    data = own_values(own_sink) | {"password": own_sink.password, "logo_file": logo}
    answer = client.post(reverse(SETTINGS), data, follow=True)
    assert answer.status_code == 200
    row = MailSettings.objects.get()
    assert row.owner == addressed.sub_reseller
    assert row.logo is not None
    shown = text_of(answer)
    assert "A password is stored" in shown
    assert own_sink.password not in shown
    assert "data:image/png;base64," in shown
    client.post(reverse(SETTINGS), own_values(own_sink) | {"without_logo": "on"})
    row = MailSettings.objects.get()
    assert row.logo is None
    assert row.password is not None


def test_what_does_not_fit_is_said_at_its_field(addressed: World, own_sink: MailSink) -> None:
    client = as_user(addressed, "sub_reseller")
    answer = client.post(reverse(SETTINGS), own_values(own_sink, sender_address=""))
    assert answer.status_code == 422
    assert "sender_address" in answer.context["form"].errors


def test_who_acts_as_it_is_not_asked_for_the_server(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    columns = ("host", "port", "user", "sender_address", "reply_to")
    before = MailSettings.objects.values(*columns).get()
    client = as_user(addressed, "reseller")
    client.post(reverse("customers:switch_to", args=[addressed.sub_reseller.pk]))
    shown = text_of(client.get(reverse(SETTINGS)))
    assert 'name="sender_name"' in shown
    assert 'name="host"' not in shown
    assert 'name="reply_to"' not in shown
    evil = {"reply_to": "x@evil.example"} | {
        "sender_name": "Desk",
        "host": "evil.example",
        "port": "25",
        "password": "x",
    }
    client.post(reverse(SETTINGS), evil)
    assert MailSettings.objects.values(*columns).get() == before
    assert MailSettings.objects.get().sender_name == "Desk"


def test_the_test_mail_shows_the_servers_answer(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    client = as_user(addressed, "sub_reseller")
    assert reverse("notifications:test_mail") in text_of(client.get(reverse(SETTINGS)))
    shown = text_of(client.post(reverse("notifications:test_mail")))
    assert "250 OK: kept" in shown
    assert "has accepted the test mail to sam@sub.example" in shown
    own_sink.password = "changed"
    answer = client.post(reverse("notifications:test_mail"))
    assert "535 5.7.8" in text_of(answer)
    steps = [(label, str(badge.label)) for label, badge in answer.context["steps"]]
    assert steps == [
        ("Connection", "Done"),
        ("Sign-in", "Failed"),
        ("Sender", "–"),
        ("Recipient", "–"),
        ("Letter", "–"),
    ]


def test_why_a_letter_failed_is_read_in_the_readers_language(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    letter = letter_of(addressed)
    client = as_user(addressed, "sub_reseller")
    User.objects.filter(login="sub-reseller").update(language="es")
    own_sink.password = "changed"
    with override("ar"):  # whatever the worker speaks
        deliver(message_id=letter.pk)
    told = "El servidor de correo no deja entrar al portal (535 5.7.8 "
    assert told in text_of(client.get(detail(letter)))
    MailSettings.objects.update(port=free_port())
    assert "La conexión fue rechazada." in text_of(client.post(reverse("notifications:test_mail")))
    failed = Message.objects.latest("pk")
    told = "El servidor de correo no responde (La conexión fue rechazada.)"
    assert told in text_of(client.get(detail(failed)))


def test_a_test_mail_without_an_address_goes_nowhere(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    User.objects.filter(login="sub-reseller").update(email="")
    client = as_user(addressed, "sub_reseller")
    answer = client.post(reverse("notifications:test_mail"), follow=True)
    assert "Enter your e-mail address in your profile" in text_of(answer)
    assert not Message.objects.exists()


def test_a_letter_is_shown_in_a_frame_that_runs_nothing(addressed: World, letter: Message) -> None:
    client = as_user(addressed, "sub_reseller")
    page = client.get(detail(letter))
    assert f'src="{html_of(letter)}" sandbox ' in text_of(page)
    answer = client.get(html_of(letter))
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    shown = text_of(answer)
    assert "<style>" in shown
    assert "[link]" in shown
    assert "SET-PASSWORD-LINK" not in shown


def test_the_portals_own_policy_stays_as_strict(addressed: World, letter: Message) -> None:
    answer = as_user(addressed, "sub_reseller").get(detail(letter))
    assert "style-src 'self';" in answer.headers["Content-Security-Policy"] + ";"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_picture_is_shown_in_the_frame(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    save_mail_settings(actor=actor, values={}, logo_file=picture())
    shown = text_of(as_user(addressed, "sub_reseller").get(html_of(letter_of(addressed))))
    assert 'src="data:image/png;base64,' in shown
    assert "cid:" not in shown


@pytest.mark.parametrize("who", ["shop", "other_reseller", "sub_customer"])
def test_strangers_see_no_letter_and_note_no_bounce(
    addressed: World, letter: Message, who: str
) -> None:
    client = as_user(addressed, who)
    assert client.get(html_of(letter)).status_code == 404
    assert client.post(bounced(letter), {"reason": "x"}).status_code == 404


def test_a_bounce_is_noted_by_hand(addressed: World, letter: Message) -> None:
    client = as_user(addressed, "sub_reseller")
    assert bounced(letter) not in text_of(client.get(detail(letter)))
    refused = client.post(bounced(letter), {"reason": "full"})
    assert refused.status_code == 422
    assert "Only messages that were sent" in text_of(refused)
    Message.objects.filter(pk=letter.pk).update(status="sent")
    assert bounced(letter) in text_of(client.get(detail(letter)))
    answer: Any = client.post(bounced(letter), {"reason": "452 mailbox full"}, follow=True)
    assert answer.redirect_chain == [(detail(letter), 302)]
    shown = text_of(answer)
    assert "Bounced" in shown
    assert "452 mailbox full" in shown


def test_who_stands_above_notes_no_bounce(addressed: World, letter: Message) -> None:
    Message.objects.filter(pk=letter.pk).update(status="sent")
    client = as_user(addressed, "reseller")
    assert bounced(letter) not in text_of(client.get(detail(letter)))
    assert client.get(bounced(letter)).status_code == 403
    assert client.post(bounced(letter), {"reason": "x"}).status_code == 403


def test_the_page_says_that_letters_wait_and_for_how_long(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    client = as_user(addressed, "sub_reseller")
    assert "Letters wait" not in text_of(client.get(reverse(SETTINGS)))
    begin_rest(server=None, reason="of no interest", moment=now())
    assert "Letters wait" not in text_of(client.get(reverse(SETTINGS)))
    until = begin_rest(server=addressed.sub_reseller.pk, reason="no answer", moment=now())
    page = text_of(client.get(reverse(SETTINGS)))
    assert "Letters wait until" in page
    assert "as the server failed: no answer" in page
    assert f"{until:%H:%M}" in page
