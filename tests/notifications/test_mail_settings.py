"""Settings of mail: what fits together, what is secret, who changes what, and the picture."""

import socket
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from customers.models import AuditEvent
from notifications.models import Attachment, MailSettings
from notifications.services.delivery import deliver
from notifications.services.mail_settings import save_mail_settings
from softswitch.core.errors import DomainError
from softswitch.core.sealing import unseal
from tests.billing.test_invoice_preview import picture
from tests.core.test_outbound import PUBLIC, leading_to
from tests.notifications.conftest import letter_of
from tests.notifications.own import own_values, with_own_server
from tests.plugins.mail import MailSink
from tests.world import World, actor_of


def refused(world: World, values: dict[str, Any], **options: Any) -> tuple[str, str]:
    """Code and field of what is refused to the sub-reseller."""
    with pytest.raises(DomainError) as error:
        save_mail_settings(actor=world.actor("sub_reseller"), values=values, **options)
    return error.value.code, error.value.field


def test_the_password_is_sealed_and_told_to_nobody(addressed: World, own_sink: MailSink) -> None:
    row = with_own_server(addressed, own_sink)
    row.refresh_from_db()
    assert row.password is not None
    assert unseal(row.password) == own_sink.password
    assert own_sink.password.encode() not in bytes(row.password)
    event = AuditEvent.objects.get(action="mail_settings_changed")
    assert event.changes["password"] == ["", "set"]
    assert own_sink.password not in str(vars(event))


@pytest.mark.parametrize(
    "change", [{"host": "localhost"}, {"port": 26}, {"security": "tls"}, {"user": "admin"}]
)
def test_a_stored_password_goes_to_no_other_server(
    addressed: World, own_sink: MailSink, change: dict[str, Any]
) -> None:
    with_own_server(addressed, own_sink)
    before = MailSettings.objects.values().get()
    assert refused(addressed, change) == ("password_again", "password")
    assert MailSettings.objects.values().get() == before
    save_mail_settings(
        actor=addressed.actor("sub_reseller"), values=change, password=own_sink.password
    )


def test_an_own_server_asks_for_user_and_password(addressed: World, own_sink: MailSink) -> None:
    assert refused(addressed, own_values(own_sink, user="")) == ("required", "user")
    assert refused(addressed, own_values(own_sink)) == ("required", "password")
    with_own_server(addressed, own_sink)
    assert refused(addressed, {"user": ""}) == ("required", "user")
    without = {"host": "", "sender_address": "", "user": ""}
    row = save_mail_settings(actor=addressed.actor("sub_reseller"), values=without)
    assert row.password is None


@pytest.mark.parametrize("port", [22, 80, 5432, 26])
def test_other_ports_than_mails_are_for_allowed_networks(
    addressed: World, own_sink: MailSink, settings: Any, port: int
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    values = own_values(own_sink, host=PUBLIC, port=port)
    assert refused(addressed, values, password=own_sink.password) == ("port", "port")
    settings.OUTBOUND_ALLOWED_NETWORKS = [f"{PUBLIC}/32"]
    save_mail_settings(
        actor=addressed.actor("sub_reseller"), values=values, password=own_sink.password
    )


@pytest.mark.parametrize(
    ("leads_to", "port"), [(PUBLIC, 25), (PUBLIC, 587), (f"::ffff:{PUBLIC}", 465)]
)
def test_the_installations_server_is_nobodys_own(
    addressed: World,
    own_sink: MailSink,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    leads_to: str,
    port: int,
) -> None:
    """It knows the portal by its address, and would take letters from any sender."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "relay.example", 25
    names = {"relay.example": PUBLIC, "mail.sub.example": leads_to}

    def look_up(host: str, port: int, **_options: Any) -> Any:
        return leading_to(names[host])(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    values = own_values(own_sink, host="mail.sub.example", port=port)
    told = refused(addressed, values, password=own_sink.password)
    assert told == ("unreachable", "host")


def test_on_this_machine_another_server_may_listen(
    addressed: World, own_sink: MailSink, smtp_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    values = {"port": smtp_sink.port}
    told = refused(addressed, values, password=own_sink.password)
    assert told == ("unreachable", "host")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"host": "", "user": ""}, ("required", "host")),
        ({"sender_address": ""}, ("required", "sender_address")),
        ({"host": "two words"}, ("invalid", "host")),
        ({"host": "mail.example\r\nRSET"}, ("invalid", "host")),
        ({"user": "j\u00fcrgen"}, ("invalid", "user")),
    ],
)
def test_what_does_not_fit_together_is_refused(
    addressed: World, own_sink: MailSink, change: dict[str, Any], told: tuple[str, str]
) -> None:
    values = own_values(own_sink, **change)
    assert refused(addressed, values, password=own_sink.password) == told
    assert not MailSettings.objects.exists()


def test_a_private_server_is_refused(addressed: World, own_sink: MailSink, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    values = own_values(own_sink)
    told = refused(addressed, values, password=own_sink.password)
    assert told == ("unreachable", "host")


def test_who_acts_as_it_changes_names_but_no_server(addressed: World, own_sink: MailSink) -> None:
    above = addressed.actor("reseller")
    own = actor_of(addressed.sub_reseller)
    switched = replace(own, stack=(above.customer_id, own.customer_id))
    addresses = [{name: "x@sub.example"} for name in ("sender_address", "reply_to")]
    for values in (own_values(own_sink), *addresses):
        with pytest.raises(DomainError, match="while switched"):
            save_mail_settings(actor=switched, values=values, password=own_sink.password)
    with pytest.raises(DomainError, match="while switched"):
        save_mail_settings(actor=switched, values={}, password="x")
    row = save_mail_settings(actor=switched, values={"sender_name": "Desk"})
    assert row.sender_name == "Desk"


def test_a_reporter_changes_nothing(addressed: World) -> None:
    user = addressed.user("sub_reseller")
    user.role = "reporter"
    user.save()
    with pytest.raises(PermissionDenied):
        save_mail_settings(actor=addressed.actor("sub_reseller"), values={"sender_name": "Desk"})


def test_the_picture_travels_with_the_letter(addressed: World, smtp_sink: MailSink) -> None:
    actor, content = addressed.actor("sub_reseller"), picture()
    save_mail_settings(actor=actor, values={}, logo_file=content)
    letter = letter_of(addressed)
    save_mail_settings(actor=actor, values={"logo": None})  # what was written stays as it was
    deliver(message_id=letter.pk)
    (mail,) = smtp_sink.letters
    html: Any = mail.get_body(("html",))
    (image,) = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    name = image["Content-ID"].strip("<>")
    assert f'<img class="logo" src="cid:{name}"' in html.get_content()
    assert image.get_content() == content
    assert image.get_content_type() == "image/png"
    assert image.get_content_disposition() == "inline"
    kinds = [part.get_content_type() for part in mail.walk() if part.is_multipart()]
    assert kinds == ["multipart/alternative", "multipart/related"]
    assert "cid:" not in letter_of(addressed).html


def test_what_is_no_picture_is_refused(addressed: World) -> None:
    told = refused(addressed, {}, logo_file=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert told == ("invalid", "logo_file")
    assert not Attachment.objects.exists()
