"""Jobs of the outbox: send one message, find what was left, mail a link that was asked for."""

from notifications.services import delivery, letters
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
