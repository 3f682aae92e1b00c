"""Webhooks as they are set up, and what is queued for them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from customers.choices import Role
from customers.models import AuditEvent
from customers.permissions import DELEGATED
from customers.selectors import actor_for
from customers.services.permissions import set_rights
from notifications.choices import DeliveryStatus, Event
from notifications.models import Webhook, WebhookDelivery
from notifications.services.events import News, tell
from notifications.services.webhook_settings import (
    MOST_WEBHOOKS,
    archive_webhook,
    create_webhook,
    edit_webhook,
    rotate_secret,
)
from notifications.services.webhooks import resend_event, send_test_event
from softswitch.core.errors import DomainError
from softswitch.core.sealing import unseal
from tests.notifications.hooks import hook_of, paid, told
from tests.plugins.hooks import Receiver
from tests.world import World, actor_of


def audited(action: str) -> AuditEvent:
    found: AuditEvent = AuditEvent.objects.get(action=action)
    return found


def test_the_secret_is_sealed_and_the_audit_log_tells_neither_it_nor_the_path(
    world: World, receiver: Receiver
) -> None:
    webhook, secret = hook_of(world, receiver, url=receiver.url("/t0ken"))
    assert secret.startswith("whsec_")
    assert secret.encode() not in bytes(webhook.secret)
    assert unseal(webhook.secret) == secret
    event = audited("webhook_created")
    assert event.changes["url"] == ["", "127.0.0.1"]
    assert "t0ken" not in json.dumps(event.changes)
    assert secret not in json.dumps(event.changes)


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"name": " "}, "required", "name"),
        ({"events": []}, "events", "events"),
        ({"events": ["set_password"]}, "events", "events"),
        ({"events": ["test"]}, "events", "events"),
        ({"url": "ftp://files.example/"}, "invalid_url", "url"),
        ({"url": "http://10.0.0.1/"}, "unreachable", "url"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "unreachable", "url"),
        ({"url": "http://[::1]:8000/"}, "unreachable", "url"),
    ],
)
def test_what_makes_no_webhook(
    world: World, receiver: Receiver, values: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        hook_of(world, receiver, **values)
    assert (refused.value.code, refused.value.field) == (code, field)
    webhook, _secret = hook_of(world, receiver)
    with pytest.raises(DomainError) as refused:
        edit_webhook(actor=world.actor("sub_reseller"), webhook=webhook, values=values)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Webhook.objects.count() == 1


def test_what_is_missing_is_named(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        create_webhook(actor=world.actor("reseller"), values={"name": "Half"})
    assert (refused.value.code, refused.value.field) == ("required", "url")


def test_an_owner_has_so_many_at_most(world: World, receiver: Receiver) -> None:
    first, _secret = hook_of(world, receiver)
    for _ in range(MOST_WEBHOOKS - 1):
        hook_of(world, receiver)
    hook_of(world, receiver, who="shop")
    with pytest.raises(DomainError, match="archive one first"):
        hook_of(world, receiver)
    archive_webhook(actor=world.actor("sub_reseller"), webhook=first)
    hook_of(world, receiver)


def test_only_administrators_of_the_owner_itself_manage_it(
    world: World, receiver: Receiver
) -> None:
    webhook, _secret = hook_of(world, receiver)
    own = world.user("sub_reseller")
    own.role = Role.NOC
    above = world.actor("reseller")
    switched = replace(
        world.actor("sub_reseller"), stack=(world.reseller.pk, world.sub_reseller.pk)
    )
    for actor in (actor_for(own), above, world.actor("operator"), switched):
        for service in (archive_webhook, rotate_secret, send_test_event):
            with pytest.raises(PermissionDenied):
                service(actor=actor, webhook=webhook)
        with pytest.raises(PermissionDenied):
            edit_webhook(actor=actor, webhook=webhook, values={"name": "Mine"})
    with pytest.raises(PermissionDenied):
        create_webhook(actor=switched, values={})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.archived_at) == ("Ledger", None)


def test_nobody_above_or_beside_sees_it_or_its_log(world: World, receiver: Receiver) -> None:
    told(world, receiver)
    for who in ("operator", "reseller", "other_reseller", "shop"):
        assert not Webhook.objects.visible_to(world.actor(who)).exists()
        assert not WebhookDelivery.objects.visible_to(world.actor(who)).exists()
    assert Webhook.objects.visible_to(world.actor("sub_reseller")).count() == 1
    assert WebhookDelivery.objects.visible_to(world.actor("sub_reseller")).count() == 1


def test_an_edit_is_audited_with_what_changed_alone(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver)
    actor = world.actor("sub_reseller")
    values = {"name": "Ledger", "events": ["payment", "invoice"], "is_active": False}
    fresh = edit_webhook(actor=actor, webhook=webhook, values=values)
    assert (fresh.events, fresh.is_active) == (["payment", "invoice"], False)
    assert audited("webhook_changed").changes == {
        "events": ["payment, rates", "payment, invoice"],
        "is_active": ["True", "False"],
    }
    edit_webhook(actor=actor, webhook=webhook, values=values)
    assert AuditEvent.objects.filter(action="webhook_changed").count() == 1


def test_archiving_twice_is_archiving_once(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver)
    for _ in range(2):
        archive_webhook(actor=world.actor("sub_reseller"), webhook=webhook)
    assert AuditEvent.objects.filter(action="webhook_archived").count() == 1


def test_an_event_is_queued_with_its_cause_for_the_owner_and_the_customer(
    world: World, receiver: Receiver
) -> None:
    mine, _secret = hook_of(world, receiver)
    theirs, _secret = hook_of(world, receiver, who="shop")
    hook_of(world, receiver, who="reseller")  # no party
    hook_of(world, receiver, events=["invoice"])  # not asked for
    hook_of(world, receiver, is_active=False)
    gone, _secret = hook_of(world, receiver)
    archive_webhook(actor=world.actor("sub_reseller"), webhook=gone)
    paid(world)
    rows = WebhookDelivery.objects.order_by("webhook")
    assert [row.webhook for row in rows] == [mine, theirs]
    assert rows[0].event_id == rows[1].event_id
    assert rows[0].payload == rows[1].payload
    payload = json.loads(rows[0].payload)
    assert payload.pop("created")
    assert payload == {
        "id": str(rows[0].event_id),
        "event": "payment",
        "customer": {"id": world.shop.pk, "name": "Shop"},
        "account": None,
        "data": {"payment": {"amount": {"amount": "12.340000", "currency": "EUR"}}},
    }


def test_what_is_said_again_under_its_key_is_queued_once(world: World, receiver: Receiver) -> None:
    hook_of(world, receiver)
    paid(world, key="p-1")
    (before,) = WebhookDelivery.objects.all()
    paid(world, key="p-1", amount="99.000000")
    (after,) = WebhookDelivery.objects.all()
    assert (after.pk, after.payload) == (before.pk, before.payload)
    paid(world, key="p-2")
    paid(world)
    paid(world)
    assert WebhookDelivery.objects.count() == 4
    assert WebhookDelivery.objects.values("event_id").distinct().count() == 4


def without(world: World, *rights: str) -> None:
    """Take rights from the shop."""
    held = actor_of(world.shop).rights & DELEGATED
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=held - set(rights))


def test_a_customer_without_the_right_is_told_nothing_of_it(
    world: World, receiver: Receiver
) -> None:
    mine, _secret = hook_of(world, receiver)
    theirs, _secret = hook_of(world, receiver, who="shop", events=["payment", "trunks_enabled"])
    without(world, "balance.view")
    paid(world)
    assert [row.webhook for row in WebhookDelivery.objects.all()] == [mine]
    news = News(Event.TRUNKS_ENABLED, world.sub_reseller, world.shop, recipients=())
    tell(actor=world.actor("sub_reseller"), news=news)  # speaks of the balance too
    assert not theirs.deliveries.exists()


def test_an_owner_without_the_right_is_told_nothing_of_its_customers(
    world: World, receiver: Receiver
) -> None:
    hook_of(world, receiver, events=["daily_cdrs"])
    rights = actor_of(world.sub_reseller).rights & DELEGATED
    above = world.actor("reseller")
    set_rights(actor=above, customer=world.sub_reseller, rights=rights - {"cdrs.view"})
    news = News(Event.DAILY_CDRS, world.sub_reseller, world.shop, recipients=())
    tell(actor=world.actor("sub_reseller"), news=news)
    assert not WebhookDelivery.objects.exists()


def test_what_was_told_is_read_and_sent_again_as_long_as_the_right_lasts(
    world: World, receiver: Receiver
) -> None:
    _webhook, delivery, _secret = told(world, receiver, who="shop", events=["payment"])
    assert WebhookDelivery.objects.visible_to(world.actor("shop")).count() == 1
    without(world, "balance.view")
    assert not WebhookDelivery.objects.visible_to(world.actor("shop")).exists()
    with pytest.raises(PermissionDenied):
        resend_event(actor=world.actor("shop"), delivery=delivery)


def test_an_event_is_asked_for_with_its_right_alone(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver, who="shop", events=["payment"])
    without(world, "balance.view", "cdrs.view")
    actor = world.actor("shop")
    with pytest.raises(PermissionDenied):
        hook_of(world, receiver, who="shop", events=["rates", "payment"])
    with pytest.raises(PermissionDenied):
        edit_webhook(actor=actor, webhook=webhook, values={"events": ["payment", "daily_cdrs"]})
    fresh = edit_webhook(actor=actor, webhook=webhook, values={"events": ["payment", "rates"]})
    assert fresh.events == ["payment", "rates"]  # what was asked for before may stay


def test_secrets_of_letters_are_told_to_no_webhook(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver)
    Webhook.objects.filter(pk=webhook.pk).update(events=["set_password", "welcome", "test"])
    for event in (Event.SET_PASSWORD, Event.WELCOME, Event.TEST):
        news = News(event, world.sub_reseller, world.shop, recipients=())
        tell(actor=world.actor("sub_reseller"), news=news)
    assert not WebhookDelivery.objects.exists()


def test_a_test_event_is_queued_whatever_is_asked_for(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver)
    delivery = send_test_event(actor=world.actor("sub_reseller"), webhook=webhook)
    assert (delivery.event, delivery.webhook) == ("test", webhook)
    assert json.loads(delivery.payload)["id"] == str(delivery.event_id)
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False)
    webhook.refresh_from_db()
    with pytest.raises(DomainError, match="on first"):
        send_test_event(actor=world.actor("sub_reseller"), webhook=webhook)


def test_an_event_is_sent_again_with_the_same_bytes(world: World, receiver: Receiver) -> None:
    _webhook, delivery, _secret = told(world, receiver)
    WebhookDelivery.objects.update(status=DeliveryStatus.FAILED, attempts=12)
    resend_event(actor=world.actor("sub_reseller"), delivery=delivery)
    fresh = WebhookDelivery.objects.get()
    assert (fresh.status, fresh.attempts) == ("queued", 0)
    assert (fresh.event_id, fresh.payload) == (delivery.event_id, delivery.payload)
    assert audited("webhook_event_resent").changes == {"status": ["failed", "queued"]}


def test_what_is_on_its_way_or_has_no_webhook_any_more_is_not_sent_again(
    world: World, receiver: Receiver
) -> None:
    webhook, delivery, _secret = told(world, receiver)
    actor = world.actor("sub_reseller")
    WebhookDelivery.objects.update(status=DeliveryStatus.SENDING)
    with pytest.raises(DomainError, match="on its way"):
        resend_event(actor=actor, delivery=delivery)
    WebhookDelivery.objects.update(status=DeliveryStatus.FAILED)
    with pytest.raises(PermissionDenied):
        resend_event(actor=world.actor("reseller"), delivery=delivery)
    archive_webhook(actor=actor, webhook=webhook)
    delivery = WebhookDelivery.objects.select_related("webhook").get()
    with pytest.raises(DomainError, match="on first"):
        resend_event(actor=actor, delivery=delivery)
    assert WebhookDelivery.objects.get().status == DeliveryStatus.FAILED


def test_a_rolled_back_cause_leaves_nothing(world: World, receiver: Receiver) -> None:
    """It is part of the caller's transaction: the row is there until that is taken back."""
    hook_of(world, receiver)
    with transaction.atomic():
        paid(world)
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert WebhookDelivery.objects.count() == 0
