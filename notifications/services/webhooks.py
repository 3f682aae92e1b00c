"""The one writer of events for webhooks: queued with their cause, again or as a test by hand."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors import effective_rights
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE
from notifications.choices import UNHOOKED, DeliveryStatus, Event
from notifications.models import Webhook, WebhookDelivery
from notifications.selectors import may_be_told, may_manage_webhook
from notifications.values import Values, nested, to_json
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

if TYPE_CHECKING:
    from notifications.services.events import News

# Of the event IDs that follow from keys: told twice, it is the same event.
NAMESPACE = UUID("6f0c3f0e-6a3b-4f58-9b3a-9d6c2b1f7c11")


def queue_deliveries(*, news: "News") -> list[WebhookDelivery]:
    """A delivery for each active webhook of the owner and of the customer that asks for the event.

    None for a customer that lacks a right to what the event tells (catalogue), whatever it asks
    for. In the caller's transaction. Those of one event have one ``event_id``, which follows from
    the news' key where it has one: what is said again is not queued again.
    """
    if news.event in UNHOOKED:
        return []
    asking = Webhook.objects.filter(
        owner__in=news.sides,
        is_active=True,
        archived_at=None,
        events__contains=[news.event],
    )
    hooks = _entitled(asking.select_related("owner"), news.event)
    if not hooks:
        return []
    event_id = uuid4() if news.key is None else uuid5(NAMESPACE, f"{news.event}:{news.key}")
    bodies = _bodies(news, event_id)
    deliveries = WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                webhook=hook,
                customer=news.customer,
                event=news.event,
                event_id=event_id,
                payload=bodies[hook.owner_id],
            )
            for hook in hooks
        ],
        ignore_conflicts=True,
    )
    if deliveries:
        enqueue("notifications.sweep_webhooks")
    return deliveries


def _entitled(hooks: Iterable[Webhook], event: Event) -> list[Webhook]:
    """Those of ``hooks`` whose owners hold the rights of ``event`` now."""
    hooks, needed = list(hooks), CATALOGUE[event].rights
    held = {owner: effective_rights(owner) for owner in {hook.owner for hook in hooks}}
    return [hook for hook in hooks if needed <= held[hook.owner]]


def send_test_event(*, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """Queue an event that says nothing but that events arrive, whatever the webhook asks for.

    Raises PermissionDenied as ``may_manage_webhook`` says, DomainError ``off``. Atomic with the
    audit row.
    """
    _check(actor, webhook)
    event_id = uuid4()
    values: Values = {"user.name": str(actor.user)}
    with transaction.atomic():
        delivery: WebhookDelivery = WebhookDelivery.objects.create(
            webhook=webhook,
            customer=actor.customer,
            event=Event.TEST,
            event_id=event_id,
            payload=_body(
                event=Event.TEST, event_id=event_id, customer=actor.customer, values=values
            ),
        )
        record(
            actor=actor, customer=actor.customer, action="webhook_test_sent", subject=webhook.name
        )
        enqueue("notifications.sweep_webhooks")
    return delivery


def resend_event(*, actor: Actor, delivery: WebhookDelivery) -> None:
    """Queue a delivery once more, under the same event ID and with the same bytes.

    One that failed, one that waits for its next attempt, and one that was taken, which its receiver
    knows by the ID; not one that is on its way. Raises PermissionDenied as ``may_manage_webhook``
    and ``may_be_told`` say, DomainError ``off`` or ``sending``. Locks the delivery; atomic with the
    audit row.
    """
    _check(actor, delivery.webhook)
    if not may_be_told(actor, delivery.event):
        raise PermissionDenied
    with transaction.atomic():
        rows = WebhookDelivery.objects.select_for_update(no_key=True, of=("self",))
        fresh: WebhookDelivery = rows.get(pk=delivery.pk)
        if fresh.status == DeliveryStatus.SENDING:
            raise DomainError("sending", _("This is on its way just now."))
        before = fresh.status
        WebhookDelivery.objects.filter(pk=fresh.pk).update(
            status=DeliveryStatus.QUEUED, attempts=0, next_attempt_at=now(), lease_until=now()
        )
        record(
            actor=actor,
            customer=actor.customer,
            action="webhook_event_resent",
            subject=fresh.event_id,
            changes={"status": [before, DeliveryStatus.QUEUED]},
        )
        enqueue("notifications.sweep_webhooks")


def _bodies(news: "News", event_id: UUID) -> dict[int, str]:
    """What each side is told, by customer: the same but what the owner keeps to itself."""
    moment = now()
    return {
        side.pk: _body(
            event=news.event,
            event_id=event_id,
            customer=news.customer,
            account_id=news.account_id,
            values=_values_for(news, side),
            created=moment,
        )
        for side in (news.customer, news.owner)
    }


def _values_for(news: "News", side: Customer) -> Values:
    """What a side's webhooks are told: the customer's nothing that its owner keeps about it."""
    if side == news.owner:
        return news.values
    hidden = {one.name for one in CATALOGUE[news.event].fields if one.is_owners}
    return {name: value for name, value in news.values.items() if name not in hidden}


def _check(actor: Actor, webhook: Webhook) -> None:
    if not may_manage_webhook(actor, webhook):
        raise PermissionDenied
    if not webhook.is_active or webhook.archived_at is not None:
        raise DomainError("off", _("Switch the webhook on first."))


def _body(
    *,
    event: Event,
    event_id: UUID,
    customer: Customer,
    values: Values,
    account_id: int | None = None,
    created: datetime | None = None,
) -> str:
    """The bytes that are posted and signed, as text."""
    data = {name: to_json(value) for name, value in values.items()}
    payload: dict[str, Any] = {
        "id": str(event_id),
        "event": str(event),
        "created": (created or now()).isoformat(),
        "customer": {"id": customer.pk, "name": data.get("customer.name", customer.name)},
        "account": account_id,
        "data": nested(data),
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
