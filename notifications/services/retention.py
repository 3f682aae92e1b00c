"""Lets go of what is old: notices, deliveries of webhooks, the words and files of letters.

What waits, is on its way or is uncertain stays, however old. A letter stays as a row, with its key:
nothing is mailed again because its words are gone. Notices and deliveries go with their keys, so
whatever is said again after that long is kept from it by the state of its cause, not by its key.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, ManyToOneRel, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from customers.models import User
from notifications.choices import DeliveryStatus, MessageStatus
from notifications.models import Attachment, Message, Notice, WebhookDelivery

BATCH = 1000
SECONDS = 480  # of a task's ten minutes
_DONE = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.BOUNCED)
_DELIVERED = (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)


def purge(*, moment: datetime, seconds: float = SECONDS) -> int:
    """Let go of all that is older than the settings say; returns of how many rows.

    Batch after batch, each a transaction, for at most ``seconds``; what is left is for the next
    run. Safe to repeat and to run twice at once. Days of 0 keep for ever.
    """
    steps = (_purge_notices, _purge_read_notices, _purge_deliveries, _purge_letters)
    return in_batches(steps, moment, seconds)


def in_batches(steps: Sequence[Callable[[datetime], int]], moment: datetime, seconds: float) -> int:
    """Run each step until it has less to do than BATCH; of how many rows, within ``seconds``."""
    stop, count = time.monotonic() + seconds, 0
    for step in steps:
        done = BATCH
        while done == BATCH and time.monotonic() < stop:
            done = step(moment)
            count += done
    return count


def older(rows: QuerySet[Any], column: str, moment: datetime, days: int) -> QuerySet[Any]:
    """Those of ``rows`` that are more than so many days old; none where these are 0."""
    if not days:
        return rows.none()
    found: QuerySet[Any] = rows.filter(**{f"{column}__lt": moment - timedelta(days=days)})
    return found


def drop_unused(attachment_ids: Iterable[int | None]) -> None:
    """Delete those files that nothing holds any more: no letter, no report, no settings."""
    rows = Attachment.objects.filter(pk__in=[pk for pk in attachment_ids if pk is not None])
    for relation in Attachment._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            holders: Any = relation.related_model
            held = holders.objects.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.exclude(Exists(held))
    rows.only("pk").delete()


def _purge_notices(moment: datetime) -> int:
    return _deleted(older(Notice.objects.all(), "created_at", moment, settings.NOTICE_DAYS))


def _purge_read_notices(moment: datetime) -> int:
    """Those that are new to none of the logins whose bell tells them, whatever its rights."""
    logins = User.objects.annotate(
        part=Coalesce("account_id", 0), read_to=F("notice_mark__read_to")
    )
    may_be_new = logins.filter(
        Q(read_to=None) | Q(read_to__lt=OuterRef("pk")),
        is_active=True,
        customer=OuterRef("recipient"),
        part=Coalesce(OuterRef("account"), 0),
        pk=Coalesce(OuterRef("user"), F("pk")),
    )
    old = older(Notice.objects.all(), "created_at", moment, settings.NOTICE_READ_DAYS)
    return _deleted(old.exclude(Exists(may_be_new)))


def _purge_deliveries(moment: datetime) -> int:
    rows = WebhookDelivery.objects.filter(status__in=_DELIVERED)
    return _deleted(older(rows, "created_at", moment, settings.WEBHOOK_DELIVERY_DAYS))


def _purge_letters(moment: datetime) -> int:
    """Empty the oldest letters that are over; their files go where nothing else holds them."""
    rows = Message.objects.filter(status__in=_DONE, purged_at=None)
    found = older(rows, "created_at", moment, settings.MESSAGE_DAYS).order_by("created_at")
    with transaction.atomic():
        held = found.select_for_update(skip_locked=True)
        letters = list(held.values_list("pk", "attachment", "logo")[:BATCH])
        Message.objects.filter(pk__in=[pk for pk, _file, _logo in letters]).update(
            text="", html="", attachment=None, logo=None, purged_at=moment
        )
        drop_unused({file for _pk, *files in letters for file in files})
    return len(letters)


def _deleted(rows: QuerySet[Any]) -> int:
    """Delete a batch of ``rows`` that nothing refers to; a row that has changed since stays."""
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.filter(pk__in=ids).delete()
    return len(ids)
