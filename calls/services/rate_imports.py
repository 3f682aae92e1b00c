"""Rolls an applied rate sheet back, while no call is being charged."""

from datetime import UTC, datetime, time

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet

from billing.models import ArchivedMonth, Charge
from calls.models import ReRating
from softswitch.core.partitions import month_after
from tariffs.models import Rate
from tariffs.selectors.imports import earliest_start, opened_rates
from tariffs.services.imports.undoing import undo_import


def roll_back_import(import_id: int) -> bool:
    """Take an import in state ``undoing`` back; whether it was.

    One transaction. Every batch that charges calls first takes them out of their queue, so a lock
    on the queue waits for the batches at work and holds off new ones: no call is charged by a rate
    that is about to go. Then as ``undo_import`` says. Done twice it changes nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE calls_pendingcall IN SHARE MODE")
        return undo_import(import_id=import_id, charged=_charged(import_id))


def _charged(import_id: int) -> list[int]:
    """The rates of the import by which calls were charged, or may have been in archived months."""
    start = earliest_start(import_id)
    if start is None:
        return []
    # By the terms of another moment calls are re-rated by rates that began after them.
    earlier = ReRating.objects.filter(terms_at__isnull=False, batches_applied__gt=0)
    first = earlier.aggregate(first=Min("since"))["first"]
    start = min(start, first or start)
    opened = opened_rates(import_id)
    charges = Charge.objects.filter(setup_at__gte=start, rate_id__in=opened.values("pk"))
    found = set(charges.order_by().values_list("rate_id", flat=True).distinct())
    return sorted(found | _archived(opened, earlier))


def _archived(opened: QuerySet[Rate], earlier: QuerySet[ReRating]) -> set[int]:
    """Those that calls of archived months may have been charged by: they may be restored.

    Asked once the charges are read, so that no month is archived between. The archive itself is
    not: its tables are the operator's, and perhaps in a dump by now.
    """
    last = ArchivedMonth.objects.aggregate(last=Max("month"))["last"]
    if last is None:
        return set()
    end = datetime.combine(month_after(last), time(), UTC)
    latest = earlier.filter(since__lt=end).aggregate(latest=Max("terms_at"))["latest"]
    began = Q(valid_from__lt=end)
    if latest is not None:
        began |= Q(valid_from__lte=latest)
    return set(opened.filter(began).values_list("pk", flat=True))
