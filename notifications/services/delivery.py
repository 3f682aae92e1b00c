"""Sends what stands in the outbox: once, again only when it was certainly not accepted.

A worker takes a queued row by setting ``lease_until``; every later write asks for that very value,
so that a worker that was slow, and lost its row to another, changes nothing and sends nothing.
``data_started_at`` is committed before the first byte of the letter: a row found ``sending`` after
its lease is queued again without it, and uncertain with it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.timezone import now

from customers.models import User
from notifications.channels import DeliveryError, Outcome, SmtpServer, send
from notifications.choices import MessageStatus
from notifications.models import LinkRequest, Message
from notifications.selectors import address_of, may_sign_in, provider_of
from notifications.services.outbox import ASKED
from notifications.services.rendering import ascii_address, mail_domain, to_mail
from softswitch.core.jobs import enqueue

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # a task lasts no longer
# After the first, second, ... failed attempt; then hourly.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MOST_ATTEMPTS = 24
SWEPT_AT_ONCE = 500
KEPT = timedelta(days=1)  # requests for a link
DIED = "The worker ended while the letter was handed over."


class LeaseLost(Exception):  # noqa: N818 - says what happened, nothing failed
    """Another worker, or a person, has taken the message over."""


class Undeliverable(Exception):  # noqa: N818 - the reason is shown as it is
    """The letter must not be sent any more."""


def deliver(*, message_id: int) -> None:
    """Send one queued message, if it is due and nobody else does. Safe to repeat.

    Commits as it goes, so it must not run inside a transaction. Ends with the message sent,
    queued for a later attempt, failed or uncertain.
    """
    message = _take(message_id)
    if message is None:
        return
    try:
        send(
            server=system_server(),
            sender=settings.MAIL_FROM,
            recipient=ascii_address(message.recipient),
            mail=to_mail(message, _link_of(message)),
            before_letter=lambda: _start(message),
        )
    except LeaseLost:
        logger.warning("Message %s was taken over by another worker", message_id)
    except Undeliverable as reason:
        _finish(message, status=MessageStatus.FAILED, last_error=str(reason))
    except DeliveryError as error:
        _finish(message, **_after(error, message.attempts))
    else:
        _finish(message, status=MessageStatus.SENT, sent_at=now(), last_error="")


def sweep() -> int:
    """Queue what dead workers left, ask workers for what is due; returns how many were asked.

    Two sweeps at once share the rows. Also forgets old requests for links.
    """
    moment = now()
    with transaction.atomic():
        late = _expired(moment).filter(status=MessageStatus.SENDING)
        for message in late[:SWEPT_AT_ONCE]:
            died = DeliveryError(Outcome.TEMPORARY, "The worker ended before the letter.")
            if message.data_started_at is not None:
                died = DeliveryError(Outcome.UNCERTAIN, DIED)
            _finish(message, **_after(died, message.attempts))
        due = _expired(moment).filter(status=MessageStatus.QUEUED, next_attempt_at__lte=moment)
        ids = list(due.order_by("lease_until").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
        Message.objects.filter(pk__in=ids).update(lease_until=moment + ASKED)
        for message_id in ids:
            enqueue("notifications.deliver", message_id=message_id)
        LinkRequest.objects.filter(at__lt=moment - KEPT).delete()
    return len(ids)


def system_server() -> SmtpServer:
    """The mail server of the installation, from SMTP_URL."""
    return SmtpServer(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        name=mail_domain(),
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        security="tls" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "",
    )


def set_password_url(user: User) -> str:
    """The link under which a login sets its password: once, within PASSWORD_RESET_TIMEOUT.

    A secret: it is made when a letter is sent and kept nowhere.
    """
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return settings.PORTAL_URL + reverse("password_set", args=[key, token])


def _expired(moment: datetime) -> QuerySet[Message]:
    """Unfinished messages that nobody works on, locked; those that another sweep holds are left."""
    rows: QuerySet[Message] = Message.objects.unfinished().filter(lease_until__lt=moment)
    return rows.select_for_update(skip_locked=True)


def _take(message_id: int) -> Message | None:
    """Take a due message; None if it is not due, or another has it."""
    with transaction.atomic():
        rows = Message.objects.select_for_update(skip_locked=True)
        message: Message | None = rows.filter(
            pk=message_id, status=MessageStatus.QUEUED, next_attempt_at__lte=now()
        ).first()
        if message is None:
            return None
        message.status = MessageStatus.SENDING
        message.attempts += 1
        message.lease_until = now() + LEASE
        message.data_started_at = None
        message.save(update_fields=["status", "attempts", "lease_until", "data_started_at"])
    return message


def _mine(message: Message) -> QuerySet[Message]:
    """The row, as long as this worker holds it; the sweep may have called it uncertain."""
    states = (MessageStatus.SENDING, MessageStatus.UNCERTAIN)
    rows: QuerySet[Message] = Message.objects.filter(
        pk=message.pk, status__in=states, lease_until=message.lease_until
    )
    return rows


def _start(message: Message) -> None:
    """Commit that the server is about to get the letter; raises LeaseLost."""
    if not _mine(message).filter(status=MessageStatus.SENDING).update(data_started_at=now()):
        raise LeaseLost


def _finish(message: Message, **values: Any) -> None:
    _mine(message).update(**values)


def _after(error: DeliveryError, attempts: int) -> dict[str, Any]:
    """What a message becomes after a failed attempt: by its outcome and the attempts so far."""
    reason = error.reason[:500]
    if error.outcome is Outcome.UNCERTAIN:
        return {"status": MessageStatus.UNCERTAIN, "last_error": reason}
    if error.outcome is Outcome.PERMANENT or attempts >= MOST_ATTEMPTS:
        return {"status": MessageStatus.FAILED, "last_error": reason}
    pause = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return {
        "status": MessageStatus.QUEUED,
        "last_error": reason,
        "next_attempt_at": now() + pause,
        "lease_until": now(),
        "data_started_at": None,
    }


def _link_of(message: Message) -> str:
    """The link that a message carries, made now; empty for one without.

    A login that was closed, or has another address or provider by now, gets none: raises
    Undeliverable.
    """
    if message.user is None:
        return ""
    user = message.user
    if not may_sign_in(user):
        raise Undeliverable("The login is closed.")
    if message.recipient != address_of(user):
        raise Undeliverable("The login has another address by now.")
    if message.owner_id not in (user.customer_id, provider_of(user).pk):
        raise Undeliverable("The login has another provider by now.")
    return set_password_url(user)
