"""Letters: whose words, in which language and zone, and in which frame."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import activate, get_language

from customers.models import Customer
from notifications.catalogue import CATALOGUE
from notifications.choices import LINK_MARK, Event
from notifications.models import MailSettings, MessageTemplate
from notifications.services.rendering import Letter, render_letter
from softswitch.core.errors import DomainError
from tests.world import World

MOMENT = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)
SIGNED_IN = {"user.name": "Ann", "user.login": "ann", "sign_in.at": MOMENT, "sign_in.ip": "::1"}


def letter(world: World, **changes: Any) -> Letter:
    usual: dict[str, Any] = {
        "event": Event.SIGN_IN,
        "owner": world.sub_reseller,
        "customer": world.shop,
        "recipient": "ann@shop.example",
        "language": "en",
        "values": SIGNED_IN,
        "timezone": ZoneInfo("Europe/Berlin"),
    }
    return render_letter(**usual | changes)


def own(world: World, **changes: Any) -> MessageTemplate:
    """Words of the sub-reseller's for a sign-in."""
    usual = {
        "owner": world.sub_reseller,
        "event": Event.SIGN_IN,
        "language": "en",
        "subject": "Hello {{ user.name }}",
        "body": "It was {{ sign_in.at }}.",
    }
    return MessageTemplate.objects.create(**usual | changes)


@pytest.mark.parametrize("event", Event.values)
@pytest.mark.parametrize("language", ["en", "es", "ar"])
@pytest.mark.parametrize("is_sampled", [True, False])
def test_every_event_has_a_letter_in_every_language(
    world: World, event: str, language: str, is_sampled: bool
) -> None:
    kind = CATALOGUE[Event(event)]
    values = {one.name: one.sample for one in kind.fields} if is_sampled else {}
    made = letter(world, event=kind.event, language=language, values=values)
    assert made.subject.strip()
    assert "{{" not in made.subject + made.text + made.html
    assert "{%" not in made.subject + made.text + made.html
    assert "\n" not in made.subject
    assert made.html.count("<main>") == 1


def test_moments_are_told_in_the_readers_zone(world: World) -> None:
    assert "29 Mar 2026" in letter(world).text
    assert "28 Mar 2026" in letter(world, timezone=ZoneInfo("America/New_York")).text


def test_the_owners_words_go_before_the_neutral_ones(world: World) -> None:
    own(world)
    made = letter(world)
    assert made.subject == "Hello Ann"
    assert made.text.startswith("It was 29 Mar 2026")


def test_but_not_in_another_language_and_not_anothers(world: World) -> None:
    neutral = letter(world)
    own(world, language="ar")
    own(world, event=Event.PAYMENT)
    own(world, owner=world.reseller)
    own(world, owner=world.shop)
    assert letter(world) == neutral
    assert letter(world, language="ar").subject == "Hello Ann"


@pytest.mark.parametrize(
    "broken",
    [
        {"body": "{{ gone.field }}"},
        {"subject": "{% if %}"},
        {"body": "{% if sign_in.ip > 1 %}x{% endif %}"},
        {"body": "{{ user.name }}" * 600},
    ],
)
def test_what_happened_is_told_though_the_owners_words_fail(
    world: World, broken: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    values = SIGNED_IN | {"user.name": "x" * 2_000}
    neutral = letter(world, values=values)
    made = own(world, **broken)
    assert letter(world, values=values) == neutral
    assert f"Template {made.pk} does not fit" in caplog.text


def test_words_that_are_tried_out_are_refused_where_they_fail(world: World) -> None:
    own(world)
    tried = letter(world, words=("Try {{ user.login }}", "x"))
    assert (tried.subject, tried.text) == ("Try ann", "x\n")
    with pytest.raises(DomainError):
        letter(world, words=("{{ nope }}", "x"))


def test_a_subject_is_one_short_line_whatever_stands_in_it(world: World) -> None:
    own(world, subject="{{ user.name }}\r\nBcc: {{ user.login }}")
    values = SIGNED_IN | {"user.name": "a\r\nTo: b\x0b\x85\u2028c" + "d" * 300}
    subject = letter(world, values=values).subject
    assert subject.startswith("a To: b c")
    assert len(subject) == 250
    assert subject.splitlines() == [subject]


def test_the_frame_names_language_direction_and_sender(world: World) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(company_name="<b>Sub & Co")
    world.sub_reseller.refresh_from_db()
    made = letter(world, language="ar")
    assert made.language == "ar"
    assert '<html lang="ar" dir="rtl">' in made.html
    assert "<title>&lt;b&gt;Sub &amp; Co</title>" in made.html
    assert '<html lang="es" dir="ltr">' in letter(world, language="es").html


def test_the_sender_is_named_as_its_mail_settings_say(world: World) -> None:
    MailSettings.objects.create(
        owner=world.sub_reseller, sender_name="Sales\nDesk", reply_to="desk@sub.example"
    )
    own(world, body="{{ sender.name }}, {{ sender.email }}, {{ recipient }}, {{ today }}")
    text = letter(world).text
    assert text.startswith("Sales Desk, desk@sub.example, ann@shop.example, ")


def test_the_secret_stands_as_its_mark_only_where_it_belongs(world: World) -> None:
    values = {"user.login": LINK_MARK, "user.name": LINK_MARK}
    made = letter(world, values=values)
    assert LINK_MARK not in made.subject + made.text + made.html


def test_rendering_leaves_the_language_of_the_request_alone(world: World) -> None:
    activate("es")
    letter(world, language="ar")
    assert get_language() == "es"
