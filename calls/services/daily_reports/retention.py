"""Lets go of the files of old automatic reports; the reports stay in the history."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from calls.models import DailyReport
from notifications.services.retention import BATCH, SECONDS, drop_unused, in_batches, older


def purge_files(*, moment: datetime, seconds: float = SECONDS) -> int:
    """Drop the files of reports that were sent longer than REPORT_FILE_DAYS ago; of how many.

    Batch after batch, each a transaction, for at most ``seconds``. Safe to repeat. A letter that
    carries such a file keeps it as long as its text; sent again, a report is computed anew.
    """
    return in_batches((_purge_batch,), moment, seconds)


def _purge_batch(moment: datetime) -> int:
    rows = DailyReport.objects.filter(file__isnull=False)
    old = older(rows, "sent_at", moment, settings.REPORT_FILE_DAYS).order_by("sent_at")
    with transaction.atomic():
        held = old.select_for_update(skip_locked=True, of=("self",))
        reports = list(held.values_list("pk", "file")[:BATCH])
        DailyReport.objects.filter(pk__in=[pk for pk, _file in reports]).update(file=None)
        drop_unused(file for _pk, file in reports)
    return len(reports)
