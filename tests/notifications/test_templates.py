"""The editor of letters: who changes whose words, what is refused, and what the preview shows."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from billing.services.alerts import send_low_balance_alert
from customers.models import AuditEvent, Customer, User
from customers.selectors import actor_for
from notifications.catalogue import CATALOGUE
from notifications.choices import LINK_MARK, Event
from notifications.models import Message, MessageTemplate
from notifications.services.delivery import _link_of
from notifications.services.letters import send_test
from notifications.services.mail_settings import save_mail_settings
from notifications.services.rendering import neutral_words
from notifications.services.templates import preview, reset_words, save_words, unsaid
from softswitch.core.errors import DomainError
from tests.billing.test_invoice_preview import picture
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import World

WORDS = ("Funds of {{ customer.name }}", "Only {{ available }} left.\n\n{{ portal_link }}")
LOW = {"event": "low_balance", "language": "en"}


def address(name: str = "edit", **asked: str) -> str:
    return f"{reverse(f'notifications:template_{name}')}?{urlencode(LOW | asked)}"


def save(world: World, who: str = "sub_reseller", **changes: Any) -> MessageTemplate:
    usual: dict[str, Any] = {"event": Event.LOW_BALANCE, "language": "en", "words": WORDS}
    return save_words(actor=world.actor(who), **usual | changes)


def posted(subject: str = WORDS[0], body: str = WORDS[1], **more: str) -> dict[str, str]:
    return {"subject": subject, "body": body} | more


def as_user(world: World, who: str = "sub_reseller", role: str = "administrator") -> Client:
    user = world.user(who)
    user.role = role
    user.save()
    return signed_in(user)


def test_saved_words_are_those_of_the_next_letter(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    before = send_low_balance_alert(actor=actor, customer=addressed.shop)
    save(addressed)
    after = send_low_balance_alert(actor=actor, customer=addressed.shop)
    assert (after.subject, after.text) == (
        "Funds of Shop",
        "Only 100.00 GBP left.\n\nhttp://localhost:8000/\n",
    )
    before.refresh_from_db()
    assert before.subject == "Low balance: 100.00 GBP available"
    reset_words(actor=actor, event=Event.LOW_BALANCE, language="en")
    again = send_low_balance_alert(actor=actor, customer=addressed.shop)
    assert (again.subject, again.text) == (before.subject, before.text)


def test_a_change_is_audited_with_what_it_was(world: World) -> None:
    save(world)
    save(world, words=("New", WORDS[1]))
    assert MessageTemplate.objects.count() == 1
    events = list(AuditEvent.objects.filter(action="message_template_saved").order_by("pk"))
    assert [event.customer for event in events] == [world.sub_reseller] * 2
    assert events[0].changes["subject"] == ["Low balance: {{ available }} available", WORDS[0]]
    assert events[1].changes == {"subject": [WORDS[0], "New"]}
    for _again in range(2):
        reset_words(actor=world.actor("sub_reseller"), event=Event.LOW_BALANCE, language="en")
    (gone,) = AuditEvent.objects.filter(action="message_template_reset")
    assert gone.changes["subject"] == ["New", "Low balance: {{ available }} available"]
    assert not MessageTemplate.objects.exists()


def test_words_are_an_owners_alone(world: World) -> None:
    save(world)
    save(world, "reseller", words=("Other", "x"))
    save(world, language="es", words=("Otro", "x"))
    reset_words(actor=world.actor("reseller"), event=Event.LOW_BALANCE, language="en")
    kept = MessageTemplate.objects.order_by("language")
    assert [(row.owner, row.language) for row in kept] == [
        (world.sub_reseller, "en"),
        (world.sub_reseller, "es"),
    ]
    for who in ("operator", "reseller", "shop", "other_reseller"):
        assert not MessageTemplate.objects.visible_to(world.actor(who)).exists()


@pytest.mark.parametrize("role", ["billing", "reporter", "noc", "read_only"])
def test_only_administrators_change_words(world: World, role: str) -> None:
    user = world.user("sub_reseller")
    user.role = role
    user.save()
    actor = actor_for(user)
    where: dict[str, Any] = {"actor": actor, "event": Event.LOW_BALANCE, "language": "en"}
    for service in (save_words, preview):
        with pytest.raises(PermissionDenied):
            service(words=WORDS, **where)
    with pytest.raises(PermissionDenied):
        reset_words(**where)
    client = signed_in(user)
    for answer in (client.get(address()), client.post(address(), posted())):
        assert answer.status_code == 403
    for name in ("preview", "reset"):
        assert client.post(address(name), posted()).status_code == 403
    assert not MessageTemplate.objects.exists()


def test_an_accounts_user_changes_none(world: World) -> None:
    client = signed_in(world.account.users.get())
    assert client.get(address()).status_code == 403
    assert client.post(address(), posted()).status_code == 403


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ((" ", "x"), "subject"),
        (("x", " \n "), "body"),
        (("x\ny", "x"), "subject"),
        (("x" * 251, "x"), "subject"),
        (("{{ nope }}", "x"), "subject"),
        (("x", "{{ invoice.number }}"), "body"),
        (("x", "{% for a in b %}{% endfor %}"), "body"),
        (("x", LINK_MARK), "body"),
    ],
)
def test_words_that_are_none_are_refused(world: World, words: tuple[str, str], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        save(world, words=words)
    assert refused.value.field == field
    assert not MessageTemplate.objects.exists()


def test_lines_are_kept_whatever_ends_them(world: World) -> None:
    assert save(world, words=("x", "a\r\n\r\nb\rc\n")).body == "a\n\nb\nc"


def test_fields_that_the_systems_words_have_and_the_own_ones_have_not() -> None:
    where: dict[str, Any] = {"event": Event.LOW_BALANCE, "language": "en"}
    assert unsaid(words=WORDS, **where) == ["balance", "credit_limit"]
    assert unsaid(words=neutral_words(Event.LOW_BALANCE), **where) == []


def test_a_preview_shows_a_direct_customer_and_no_other(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    where: dict[str, Any] = {
        "actor": actor,
        "event": Event.LOW_BALANCE,
        "language": "en",
        "words": WORDS,
    }
    recipient, letter = preview(customer=addressed.shop, **where)
    assert (recipient, letter.subject) == ("shop@x.example", "Funds of Shop")
    assert preview(**where)[0] == "finance@baltic.example"
    for stranger in (addressed.sub_customer, addressed.reseller, addressed.sub_reseller):
        with pytest.raises(PermissionDenied):
            preview(customer=stranger, **where)


@pytest.mark.parametrize("event", Event.values)
def test_every_event_can_be_previewed(addressed: World, event: str) -> None:
    for customer in (None, addressed.shop):
        _recipient, letter = preview(
            actor=addressed.actor("sub_reseller"),
            event=Event(event),
            language="ar",
            words=neutral_words(Event(event)),
            customer=customer,
        )
        assert letter.subject
        assert LINK_MARK not in letter.text + letter.html


def test_a_test_goes_to_oneself_and_carries_no_link(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    _recipient, letter = preview(
        actor=actor,
        event=Event.SET_PASSWORD,
        language="es",
        words=neutral_words(Event.SET_PASSWORD),
        customer=addressed.shop,
    )
    message = send_test(actor=actor, letter=letter)
    assert (message.recipient, message.event) == ("sam@sub.example", "test")
    assert (message.customer, message.user, message.language) == (
        addressed.sub_reseller,
        None,
        "es",
    )
    assert _link_of(message) == ""
    assert AuditEvent.objects.get(action="test_mailed").customer == addressed.sub_reseller
    with pytest.raises(DomainError, match="profile"):
        send_test(actor=addressed.actor("reseller"), letter=letter)
    switched = actor_for(addressed.user("reseller"), stack=(addressed.sub_reseller.pk,))
    with pytest.raises(PermissionDenied):
        send_test(actor=switched, letter=letter)


def test_the_list_names_every_event_and_the_own_words(world: World) -> None:
    save(world)
    save(world, language="es")
    shown = text_of(as_user(world).get(reverse("notifications:template_list")))
    for event in Event:
        assert str(escape(CATALOGUE[event].purpose)) in shown
    assert "English, Español" in shown


def test_the_editor_shows_words_fields_and_preview(world: World) -> None:
    page = as_user(world).get(address())
    shown = text_of(page)
    assert page.context["form"].initial["subject"] == "Low balance: {{ available }} available"
    assert 'data-insert="credit_limit"' in shown
    assert 'data-insert="invoice.number"' not in shown
    assert "3,519.45 EUR" in shown
    assert "With samples" in shown
    assert "Your version" not in shown
    assert reverse("notifications:template_reset") not in shown


def test_words_are_saved_and_taken_back_by_the_page(world: World) -> None:
    client = as_user(world)
    answer = client.post(address(), posted(), follow=True)
    assert answer.redirect_chain[0][0] == address()
    shown = text_of(answer)
    assert "It counts from the next letter" in shown
    assert "Your version" in shown
    assert "Funds of Baltic" not in shown  # its name in the portal is the customer's
    assert "Funds of baltic" in shown
    assert "does not use balance, credit_limit" in shown
    assert MessageTemplate.objects.get().owner == world.sub_reseller
    closed = client.post(address(), posted(save_and_close=""))
    assert closed.headers["Location"] == reverse("notifications:template_list")
    reset = client.post(address("reset"), follow=True)
    assert "words count again" in text_of(reset)
    assert not MessageTemplate.objects.exists()


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(world: World) -> None:
    answer = as_user(world).post(address(), posted(body="one\n{{ nope }}"))
    assert answer.status_code == 422
    shown = text_of(answer)
    assert "Line 2: “nope” is no field of this message." in shown
    assert "{{ nope }}" in shown
    assert "Preview" in shown


def test_what_is_wrong_is_said_in_the_readers_language(world: World) -> None:
    client = as_user(world)
    User.objects.filter(login="sub-reseller").update(language="es")
    answer = client.post(address(), posted(body="Hola\n{{ available | }}\n\nAdiós"))
    assert answer.status_code == 422
    text = escape("Línea 2: falta algo en “{{ available | }}”.")
    assert text in text_of(answer)
    preview = client.post(address("preview"), posted(body="Hola\n{{ available | }}"))
    assert text in text_of(preview)


def test_the_preview_shows_the_picture_of_the_letter(addressed: World) -> None:
    client = as_user(addressed)
    assert "data:image/png" not in text_of(client.post(address("preview"), posted()))
    save_mail_settings(
        actor=addressed.actor("sub_reseller"), values={"sender_name": "Desk"}, logo_file=picture()
    )
    shown = text_of(client.post(address("preview"), posted()))
    assert '<img class="letter-logo" src="data:image/png;base64,' in shown
    assert 'alt="Desk"' in shown
    assert "cid:" not in shown


def test_the_preview_answers_while_one_types(addressed: World) -> None:
    client = as_user(addressed)
    shown = text_of(client.post(address("preview"), posted(customer="Shop")))
    assert "Only <strong>100.00 GBP</strong> left." in shown
    assert "shop@x.example" in shown
    assert "<form" not in shown
    wrong = client.post(address("preview"), posted(body="{% if %}"))
    assert wrong.status_code == 200
    assert "Line 1:" in text_of(wrong)
    assert "Subject" in text_of(client.post(address("preview"), {"body": "x"}))
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("name", ["Sub customer", "Reseller", "Root", "nobody"])
def test_a_preview_of_anothers_customer_is_one_of_nobody(world: World, name: str) -> None:
    shown = text_of(as_user(world).post(address("preview"), posted(customer=name)))
    assert "Nothing here has this name." in shown
    assert "Only" not in shown


def test_without_scripts_the_buttons_show_and_mail_what_is_typed(addressed: World) -> None:
    client = as_user(addressed)
    shown = text_of(client.post(address(), posted(preview="1", customer="Shop")))
    assert "Only <strong>100.00 GBP</strong> left." in shown
    assert not Message.objects.exists()
    sent = text_of(client.post(address(), posted(test="1", customer="Shop")))
    assert "A test is on its way to sam@sub.example." in sent
    assert "Only {{ available }} left." in sent
    message = Message.objects.get()
    assert message.text.startswith("Only 100.00 GBP left.")
    client.post(address(), posted(body="{{ nope }}", test="1"))
    assert Message.objects.count() == 1
    assert not MessageTemplate.objects.exists()


def test_a_test_without_an_address_says_the_way_out(addressed: World) -> None:
    User.objects.filter(login="sub-reseller").update(email="")
    shown = text_of(as_user(addressed).post(address(), posted(test="1")))
    assert "Enter your e-mail address in your profile" in shown


def test_markup_in_words_and_names_is_text_in_the_preview(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(name="<img src=x onerror=y>")
    body = "<script>x</script> {{ customer.name }} \"'><i>\n\nGo: javascript:alert(1)"
    typed = posted(subject="<u>{{ customer.name }}", body=body, customer="<img src=x onerror=y>")
    for shown in (
        text_of(as_user(world).post(address("preview"), typed)),
        text_of(as_user(world).post(address(), typed | {"preview": "1"})),
    ):
        preview_only = shown.partition('class="mail"')[2] or shown
        assert "&lt;script&gt;x" in preview_only
        for markup in ("<script>x", "<img src=x", "<u>", "<i>", 'href="javascript'):
            assert markup not in shown


@pytest.mark.parametrize("asked", [{"event": "nope"}, {"language": "xx"}, {"event": ""}])
def test_an_event_or_language_that_is_none_is_not_found(
    world: World, asked: dict[str, str]
) -> None:
    client = as_user(world)
    assert client.get(address(**asked)).status_code == 404
    for name in ("edit", "preview", "reset"):
        assert client.post(address(name, **asked), posted()).status_code == 404


def test_own_words_of_every_event_cost_no_more_statements(world: World) -> None:
    client = as_user(world)
    save(world)
    client.get(address())
    few = count_queries(lambda: client.get(address()))
    for event in Event:
        for language in ("en", "es", "ar"):
            save(world, event=event, language=language, words=neutral_words(event))
    assert count_queries(lambda: client.get(address())) == few
