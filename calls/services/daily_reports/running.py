"""Tells the automatic reports that are due, each in a transaction of its own."""

import logging
import time
from datetime import datetime, timedelta

from django.db import DataError, transaction

from calls.choices import DailyReportState
from calls.models import DailyReport
from calls.selectors.daily_reports import due_reports, first_uncharged, first_unread
from calls.services.daily_reports.planning import plan_reports
from calls.services.daily_reports.sending import send_report
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

logger = logging.getLogger(__name__)

BATCH = 100
SECONDS = 480  # of a task's ten minutes
# So long a report waits for files to be read and calls to be charged; then it is told without.
PATIENCE = timedelta(hours=6)


def send_due(*, moment: datetime, seconds: float = SECONDS) -> int:
    """Plan what is due at ``moment`` and tell it, day after day; how many reports were told.

    A report waits for the files that were there to be read and for the calls of its day to be
    charged, at most PATIENCE. Many may run at once:
    each passes over rows that others hold, and the day after a waiting one waits with it. A
    worker killed at any moment leaves each report told or waiting. What cannot be computed stands
    as failed, with the reason, and stops no other. Goes on for at most ``seconds``; what is left
    is for the next run.
    """
    plan_reports(moment=moment)
    due = due_reports(
        moment=moment,
        charged_to=first_uncharged(),
        read_to=first_unread(),
        planned_before=moment - PATIENCE,
    )
    stop, count = time.monotonic() + seconds, 0
    passed: set[int] = set()  # others hold them: not tried again in this run
    while ids := list(due.exclude(pk__in=passed).values_list("pk", flat=True)[:BATCH]):
        for pk in ids:
            if time.monotonic() >= stop:
                return count
            if _send(pk, moment):
                count += 1
            else:
                passed.add(pk)
    return count


def _send(report_id: int, moment: datetime) -> bool:
    """Tell one report; False if another worker has it."""
    try:
        with transaction.atomic():
            rows = DailyReport.objects.select_related("issuer", "customer")
            waiting = rows.filter(pk=report_id, state=DailyReportState.WAITING)
            held = waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)
            report = held.first()
            if report is None:
                return False
            owner = report.issuer
            actor = Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True)
            send_report(actor=actor, report=report, moment=moment)
    except DomainError as error:
        _fail(report_id, error.message)
    except (ArithmeticError, ValueError, LookupError, DataError):
        logger.exception("the automatic report %s could not be made", report_id)
        _fail(report_id, "It could not be computed.")
    return True


def _fail(report_id: int, reason: str) -> None:
    waiting = DailyReport.objects.filter(pk=report_id, state=DailyReportState.WAITING)
    waiting.update(state=DailyReportState.FAILED, failure=reason[:300])
