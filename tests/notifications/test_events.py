"""The one door: who is told by letter, by webhook and by the bell, and each once."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from customers.models import Customer, User
from customers.tenancy import Actor
from notifications.choices import LINK_MARK, LINKED, Event
from notifications.models import Message, Notice, Webhook, WebhookDelivery
from notifications.services.delivery import _link_of
from notifications.services.events import News, tell
from notifications.services.letters import SECRET, send_set_password, send_welcome
from notifications.values import Money
from tests.world import World


def news(world: World, **changes: Any) -> News:
    """Nothing is available to the shop any more; told by the sub-reseller."""
    usual: dict[str, Any] = {
        "event": Event.ZERO_BALANCE,
        "owner": world.sub_reseller,
        "customer": world.shop,
        "values": {"available": Money(Decimal("0.100000"), "GBP")},
        "path": "/there/",
    }
    return News(**usual | changes)


def told(world: World, **changes: Any) -> list[Message]:
    return tell(actor=world.actor("sub_reseller"), news=news(world, **changes))


def hook(owner: Customer, *events: Event, **values: Any) -> Webhook:
    usual = {"name": "hook", "url": "https://x.example/", "secret": b"x"}
    asked = list(events) or [Event.ZERO_BALANCE]
    return Webhook.objects.create(owner=owner, events=asked, **usual | values)


@pytest.mark.parametrize(
    ("event", "address"),
    [
        (Event.ZERO_BALANCE, "books@x.example"),
        (Event.TRUNK_UPDATE, "noc@x.example"),
        (Event.RATES, "rates@x.example"),
        (Event.SIGN_IN, "ann@shop.example"),
    ],
)
@pytest.mark.parametrize("is_set", [True, False])
def test_a_letter_goes_to_the_address_of_its_purpose_else_to_the_main_one(
    addressed: World, event: Event, address: str, is_set: bool
) -> None:
    if is_set:
        Customer.objects.filter(pk=addressed.shop.pk).update(
            billing_email="books@x.example",
            noc_email="noc@x.example",
            rates_email="rates@x.example",
        )
        addressed.shop.refresh_from_db()
    else:
        User.objects.filter(login="shop").update(email="")
    (message,) = told(addressed, event=event, values={}, user=addressed.user("shop"))
    assert message.recipient == (address if is_set else "shop@x.example")
    assert (message.owner, message.event) == (addressed.sub_reseller, event)


def test_the_cause_may_name_the_addresses(addressed: World) -> None:
    messages = told(addressed, recipients=["a@x.example", " ", "b@x.example", " a@x.example "])
    assert [message.recipient for message in messages] == ["a@x.example", "b@x.example"]
    assert told(addressed, recipients=[""]) == []


def test_without_an_address_the_rest_is_told_all_the_same(world: World) -> None:
    hook(world.sub_reseller)
    assert told(world) == []
    assert WebhookDelivery.objects.count() == 1
    assert {notice.recipient for notice in Notice.objects.all()} == {
        world.shop,
        world.sub_reseller,
    }


@pytest.mark.parametrize("addresses", [["a@x.example"], ["a@x.example", "b@x.example"]])
def test_with_a_key_it_is_told_once(world: World, addresses: list[str]) -> None:
    hook(world.sub_reseller)
    for _again in range(3):
        letters = told(world, key="zero:7", recipients=addresses)
        assert [message.recipient for message in letters] == addresses
    assert Message.objects.count() == len(addresses)
    assert WebhookDelivery.objects.count() == 1
    assert Notice.objects.count() == 2


def test_the_longest_addresses_have_keys_too(world: World) -> None:
    addresses = [f"{name}@{'x' * 62}.".ljust(251, "x") + ".ee" for name in ("a", "b")]
    for _again in range(2):
        letters = told(world, key="daily_cdrs:7:2026-11-18:1", recipients=addresses)
        assert [message.recipient for message in letters] == addresses
    assert Message.objects.count() == 2


def test_without_a_key_it_is_told_each_time(addressed: World) -> None:
    hook(addressed.sub_reseller)
    for _again in range(2):
        told(addressed)
    assert Message.objects.count() == WebhookDelivery.objects.count() == 2
    assert len(set(WebhookDelivery.objects.values_list("event_id", flat=True))) == 2


def test_nothing_is_told_of_what_was_taken_back(addressed: World) -> None:
    hook(addressed.sub_reseller)
    with transaction.atomic():
        told(addressed)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_webhooks_of_both_parties_are_told_and_nobody_elses(world: World) -> None:
    asked = {hook(world.sub_reseller), hook(world.shop, Event.PAYMENT, Event.ZERO_BALANCE)}
    hook(world.reseller)
    hook(world.sub_customer)
    hook(world.sub_reseller, Event.PAYMENT)
    hook(world.sub_reseller, is_active=False)
    hook(world.sub_reseller, archived_at="2026-01-01T00:00Z")
    told(world, key="zero:7")
    assert {delivery.webhook for delivery in WebhookDelivery.objects.all()} == asked
    assert len(set(WebhookDelivery.objects.values_list("event_id", flat=True))) == 1


def test_what_a_webhook_gets(world: World) -> None:
    hook(world.sub_reseller)
    told(world, key="zero:7", account_id=world.account.pk)
    delivery = WebhookDelivery.objects.get()
    payload = json.loads(delivery.payload)
    assert payload.pop("created")
    assert payload == {
        "id": str(delivery.event_id),
        "event": "zero_balance",
        "customer": {"id": world.shop.pk, "name": "Shop"},
        "account": world.account.pk,
        "data": {"available": {"amount": "0.100000", "currency": "GBP"}},
    }


def test_the_event_id_follows_from_event_and_key(world: World) -> None:
    hook(world.sub_reseller, *Event)
    told(world, key="a")
    told(world, key="b")
    told(world, key="a", event=Event.PAYMENT)
    first = WebhookDelivery.objects.earliest("pk").event_id
    assert len(set(WebhookDelivery.objects.values_list("event_id", flat=True))) == 3
    WebhookDelivery.objects.all().delete()
    told(world, key="a")
    assert WebhookDelivery.objects.get().event_id == first


def test_webhooks_and_bells_are_never_told_a_set_password_link(addressed: World) -> None:
    hook(addressed.sub_reseller, *Event)
    hook(addressed.shop, *Event)
    actor = addressed.actor("sub_reseller")
    send_set_password(actor=actor, user=addressed.user("shop"))
    send_welcome(actor=actor, customer=addressed.shop)
    for event in LINKED:
        told(addressed, event=event, values={"set_password_link": SECRET})
    assert Message.objects.filter(text__contains=LINK_MARK).count() == 4
    assert not WebhookDelivery.objects.exists()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("event", sorted(set(Event) - LINKED))
def test_no_other_letter_gets_the_link_whatever_its_text_says(
    addressed: World, event: Event
) -> None:
    (message,) = told(
        addressed, event=event, values={}, user=addressed.user("shop"), recipients=["x@x.example"]
    )
    Message.objects.filter(pk=message.pk).update(text=LINK_MARK, html=LINK_MARK)
    message.refresh_from_db()
    assert _link_of(message) == ""


def seen(actor: Actor) -> list[str]:
    return [str(notice.event) for notice in Notice.objects.visible_to(actor)]


def test_the_bell_rings_for_those_who_have_the_right(world: World) -> None:
    told(world)
    assert seen(world.actor("shop")) == seen(world.actor("sub_reseller")) == ["zero_balance"]
    for stranger in ("operator", "reseller", "other_reseller", "sub_customer"):
        assert seen(world.actor(stranger)) == []
    User.objects.filter(login__in=("shop", "sub-reseller")).update(role="reporter")
    assert seen(world.actor("shop")) == seen(world.actor("sub_reseller")) == []


def test_a_login_alone_hears_of_its_sign_in(world: World) -> None:
    told(world, event=Event.SIGN_IN, values={}, user=world.user("shop"))
    assert seen(world.actor("shop")) == ["sign_in"]
    User.objects.create(login="other", customer=world.shop, role="administrator")
    Notice.objects.update(user=User.objects.get(login="other"))
    assert seen(world.actor("shop")) == []


def test_an_accounts_news_is_not_its_customers(world: World) -> None:
    told(world, account_id=world.account.pk)
    assert seen(world.actor("shop")) == []
    assert Notice.objects.get(recipient=world.shop).account == world.account


def test_a_bell_keeps_the_events_own_fields_only(world: World) -> None:
    told(world, values={"available": Money(Decimal(1), "GBP"), "recipient": "x", "nope": "y"})
    kept = Notice.objects.get(recipient=world.shop)
    assert kept.values == {
        "available": {"amount": "1", "currency": "GBP"},
        "customer.name": "Shop",
        "customer.company": "Shop",
    }
    assert kept.path == "/there/"


def test_what_is_the_owners_own_is_told_to_no_hook_and_no_bell_of_the_customer(
    world: World,
) -> None:
    own = hook(world.sub_reseller)
    hook(world.shop)
    told(world, is_private=True, recipients=(), own_recipients=["desk@sub.example"])
    assert WebhookDelivery.objects.get().webhook == own
    assert Notice.objects.get().recipient == world.sub_reseller


def test_the_longest_addresses_have_keys_of_their_own(world: World) -> None:
    long = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example"
    for _time in range(2):
        messages = told(world, key="k", recipients=[long, f"x{long}"])
        assert [message.recipient for message in messages] == [long, f"x{long}"]
    assert Message.objects.count() == 2


def test_whom_a_customer_has_left_hears_its_name_of_then(world: World) -> None:
    hook(world.sub_reseller)
    then = {"customer.name": "Then", "customer.company": "Then Ltd"}
    told(world, values={**then, "available": Money(Decimal(1), "GBP")})
    payload = json.loads(WebhookDelivery.objects.get().payload)
    assert payload["customer"] == {"id": world.shop.pk, "name": "Then"}
    kept = {notice.recipient: notice.values for notice in Notice.objects.all()}
    assert then.items() <= kept[world.sub_reseller].items()
    assert kept[world.shop]["customer.name"] == "Shop"
