"""Jobs of the outbox: send one message or event, find what was left, mail an asked-for link."""

from django.utils.timezone import now

from notifications.services import delivery, letters, retention, webhook_delivery
from softswitch.core.jobs import task


@task("notifications.deliver")
def deliver(message_id: int) -> None:
    """Send one message. Safe to repeat: what was handed over once is not sent again."""
    delivery.deliver(message_id=message_id)


@task("notifications.sweep")
def sweep() -> None:
    """Ask again for what is due, and free what dead workers held."""
    delivery.sweep()


@task("notifications.mail_link")
def mail_link(identifier: str, ip: str | None) -> None:
    """Mail the set-password links that somebody asked for by login or address."""
    letters.mail_forgotten(identifier=identifier, ip=ip)


@task("notifications.deliver_webhook")
def deliver_webhook(delivery_id: int) -> None:
    """Post one event to its webhook. Run twice it may arrive twice, under the same event ID."""
    webhook_delivery.deliver(delivery_id=delivery_id)


@task("notifications.sweep_webhooks")
def sweep_webhooks() -> None:
    """Ask for the events that are due, and free what dead workers held."""
    webhook_delivery.sweep()


@task("notifications.purge")
def purge() -> None:
    """Let go of old notices, deliveries and words of letters. Safe to repeat and to run twice."""
    retention.purge(moment=now())
