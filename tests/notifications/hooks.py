"""Events of the sub-reseller about the shop, and webhooks that are told of them."""

from decimal import Decimal
from typing import Any

from notifications.choices import Event
from notifications.models import Webhook, WebhookDelivery
from notifications.services.events import News, tell
from notifications.services.webhook_settings import create_webhook
from notifications.values import Money
from tests.plugins.hooks import Receiver
from tests.world import World


def hook_of(world: World, receiver: Receiver, *, who: str = "sub_reseller", **values: Any) -> Any:
    """A webhook of ``who`` that leads to the receiver, and its secret."""
    given = {"name": "Ledger", "url": receiver.url(), "events": ["payment", "rates"]} | values
    return create_webhook(actor=world.actor(who), values=given)


def paid(world: World, *, key: str | None = None, amount: str = "12.340000") -> None:
    """The sub-reseller tells that the shop has paid."""
    news = News(
        event=Event.PAYMENT,
        owner=world.sub_reseller,
        customer=world.shop,
        values={"payment.amount": Money(Decimal(amount), "EUR")},
        key=key,
        recipients=(),
    )
    tell(actor=world.actor("sub_reseller"), news=news)


def told(world: World, receiver: Receiver, **values: Any) -> tuple[Webhook, WebhookDelivery, str]:
    """A webhook, one event that waits for it, and its secret."""
    webhook, secret = hook_of(world, receiver, **values)
    paid(world, key="p-1")
    return webhook, WebhookDelivery.objects.get(webhook=webhook), secret
