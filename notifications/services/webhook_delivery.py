"""Posts events to webhooks at least once, signed, for three days if it must be.

A worker takes a queued row by setting ``lease_until``, as with letters; a row that is found
``sending`` after its lease is posted again: its receiver knows it by the event ID. Of one webhook
only AT_ONCE events are on their way, so that a program that is slow or gone keeps nobody else's
waiting: who has delivered one asks for the next, and the sweep begins anew where that chain broke.
"""

import hashlib
import hmac
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When, Window
from django.db.models.functions import RowNumber
from django.utils.timezone import now

from notifications.choices import DeliveryStatus
from notifications.models import Webhook, WebhookDelivery
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.outbound import Answer, NoAnswerError, post
from softswitch.core.reasons import Reason
from softswitch.core.sealing import unseal

logger = logging.getLogger(__name__)

# How long a worker that was asked may take before the sweep asks again.
ASKED = timedelta(minutes=2)
LEASE = timedelta(minutes=5)  # an attempt lasts seconds (softswitch.core.outbound)
# After the first, second, ... failed attempt; together three days.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 24, 90, 240, 360, *[720] * 5))
MOST_ATTEMPTS = len(BACK_OFF) + 1
SWEPT_AT_ONCE = 500
AT_ONCE = 3  # of one webhook
GONE = 410  # the receiver says that it will never be there again
# No host that is unreachable: the log would tell which names a network of the portal's own knows.
FOR_GOOD = frozenset({"invalid_url"})
OFF = Reason("The webhook is switched off.")
DIED = Reason("The worker ended before the answer.")


def deliver(*, delivery_id: int) -> None:
    """Post one queued event, if it is due and nobody else does.

    Commits as it goes, so it must not run inside a transaction. Ends with the event delivered,
    queued for a later attempt, or failed. Repeated after a worker's death it may arrive twice.
    """
    delivery = _take(delivery_id)
    if delivery is None:
        return
    values = _attempt(delivery)
    if not _mine(delivery).update(**values):
        logger.warning("Delivery %s was taken over by another worker", delivery_id)
    elif values["status"] == DeliveryStatus.DELIVERED:
        _ask_for_next(delivery.webhook_id)


def sweep() -> int:
    """Queue what dead workers left, ask workers for what is due; returns how many were asked.

    Two sweeps at once share the rows; together they may ask for some more than AT_ONCE.
    """
    moment = now()
    with transaction.atomic():
        late = _free(moment).filter(status=DeliveryStatus.SENDING)
        for delivery in late[:SWEPT_AT_ONCE]:
            _mine(delivery).update(**_after_failure(DIED, delivery.attempts))
        due = _due(moment).filter(pk__in=_first_of_each(moment).values("pk"))
        return _ask(due.order_by("lease_until")[:SWEPT_AT_ONCE], moment)


def signature(*, body: bytes, secrets: list[str], at: datetime) -> str:
    """The header that proves a request: ``t=`` seconds since 1970, ``v1=`` once for each secret.

    Each is the HMAC-SHA256 of ``t``, a dot and the body, in hexadecimal: an old request cannot be
    sent again later under a new time.
    """
    seconds = int(at.timestamp())
    signed = str(seconds).encode() + b"." + body
    proofs = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={seconds}", *(f"v1={proof}" for proof in proofs)])


def _attempt(delivery: WebhookDelivery) -> dict[str, Any]:
    """Post it once; what the row becomes."""
    hook = delivery.webhook
    if not hook.is_active or hook.archived_at is not None:
        return {"status": DeliveryStatus.FAILED, "last_error": OFF}
    body = delivery.payload.encode()
    try:
        answer = post(hook.url, body, _headers(delivery, body))
    except NoAnswerError as error:
        return _after_failure(error.reason, delivery.attempts)
    except DomainError as error:
        return _after_failure(error.reason, delivery.attempts, is_final=error.code in FOR_GOOD)
    return _after_answer(answer, delivery.attempts)


def _headers(delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Softswitch-Webhook/1",
        "Softswitch-Event": delivery.event,
        "Softswitch-Event-Id": str(delivery.event_id),
        "Softswitch-Attempt": str(delivery.attempts),
        "Softswitch-Signature": signature(body=body, secrets=_secrets(delivery.webhook), at=now()),
    }


def _secrets(hook: Webhook) -> list[str]:
    """The secret and, for some time after a change, the one before it."""
    secrets = [unseal(hook.secret)]
    until = hook.previous_until
    if hook.previous_secret is not None and until is not None and until > now():
        secrets.append(unseal(hook.previous_secret))
    return secrets


def _after_answer(answer: Answer, attempts: int) -> dict[str, Any]:
    """Any answer but a 2xx is tried again: what is misconfigured is mended within days."""
    told = {"http_status": answer.status, "answer": answer.text[:500]}
    if 200 <= answer.status < 300:
        done = {"status": DeliveryStatus.DELIVERED, "last_error": "", "delivered_at": now()}
        return done | told
    reason = Reason("The answer was %(status)s.", status=answer.status)
    return _after_failure(reason, attempts, is_final=answer.status == GONE) | told


def _after_failure(reason: str, attempts: int, *, is_final: bool = False) -> dict[str, Any]:
    """What an event becomes after a failed attempt: by the attempts so far."""
    told = {"last_error": reason, "http_status": None, "answer": ""}
    if is_final or attempts >= MOST_ATTEMPTS:
        return {"status": DeliveryStatus.FAILED, **told}
    return {
        "status": DeliveryStatus.QUEUED,
        "next_attempt_at": now() + BACK_OFF[attempts - 1],
        "lease_until": now(),
        **told,
    }


def _take(delivery_id: int) -> WebhookDelivery | None:
    """Take a due event; None if it is not due, or another has it."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        found: WebhookDelivery | None = (
            rows.select_related("webhook")
            .filter(pk=delivery_id, status=DeliveryStatus.QUEUED, next_attempt_at__lte=now())
            .first()
        )
        if found is None:
            return None
        found.status = DeliveryStatus.SENDING
        found.attempts += 1
        found.lease_until = now() + LEASE
        found.save(update_fields=["status", "attempts", "lease_until"])
    return found


def _mine(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """The row, as long as this worker holds it."""
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(
        pk=delivery.pk, status=DeliveryStatus.SENDING, lease_until=delivery.lease_until
    )
    return rows


def _free(moment: datetime) -> QuerySet[WebhookDelivery]:
    """Unfinished events that nobody works on, locked; those that another sweep holds are left."""
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.unfinished()
    free = rows.filter(lease_until__lt=moment)
    return free.select_for_update(skip_locked=True, of=("self",))


def _due(moment: datetime) -> QuerySet[WebhookDelivery]:
    return _free(moment).filter(status=DeliveryStatus.QUEUED, next_attempt_at__lte=moment)


def _first_of_each(moment: datetime) -> QuerySet[Any]:
    """Of each webhook the events that are on their way or asked for, then those due, AT_ONCE."""
    rows = WebhookDelivery.objects.unfinished()
    active = rows.filter(Q(status=DeliveryStatus.SENDING) | Q(next_attempt_at__lte=moment))
    is_free = Case(When(lease_until__lt=moment, then=1), default=0)
    place = Window(RowNumber(), partition_by=F("webhook"), order_by=[is_free, F("pk")])
    first: QuerySet[Any] = active.annotate(place=place).filter(place__lte=AT_ONCE)
    return first


def _ask(rows: QuerySet[WebhookDelivery], moment: datetime) -> int:
    """Ask workers for ``rows``, which are locked; how many."""
    ids = list(rows.values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=ids).update(lease_until=moment + ASKED)
    for delivery_id in ids:
        enqueue("notifications.deliver_webhook", delivery_id=delivery_id)
    return len(ids)


def _ask_for_next(webhook_id: int) -> None:
    """Ask for the next due event of a webhook that takes them."""
    moment = now()
    with transaction.atomic():
        _ask(_due(moment).filter(webhook=webhook_id).order_by("pk")[:1], moment)
