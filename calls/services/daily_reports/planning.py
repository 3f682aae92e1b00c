"""Plans automatic reports: a row for each local day that is due, once, however often it is run."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from calls.models import DailyReport, ReportSchedule
from calls.selectors.daily_days import DAY
from calls.selectors.daily_plans import Plan, plans_of, to_plan
from calls.services.daily_reports.fitting import fitted

BATCH = 500


def plan_reports(*, moment: datetime) -> int:
    """A row for each report that is due at ``moment`` and has none yet; returns how many.

    A report that a customer has got begins with the first day that is due later; from then on no
    day is left out, however long nothing ran. One that was switched off is forgotten. One look
    finds the customers that something is to be done about; each batch of them is one transaction
    that locks their schedules, and the database keeps each day once.
    """
    ids = to_plan(moment)
    return sum(
        _plan_batch(ids[first : first + BATCH], moment) for first in range(0, len(ids), BATCH)
    )


def _plan_batch(ids: Sequence[int], moment: datetime) -> int:
    with transaction.atomic():
        locked = ReportSchedule.objects.select_for_update().filter(customer__in=ids)
        known = {(row.customer_id, row.kind): row for row in locked.order_by("pk")}
        plans = {(plan.customer_id, str(plan.kind)): plan for plan in plans_of(ids)}
        _forget([row for key, row in known.items() if key not in plans])
        _begin([plan for key, plan in plans.items() if key not in known], moment)
        asked = [
            _report(plan, day, moment)
            for key, plan in plans.items()
            if key in known
            for day in plan.days_from(known[key].next_day, moment)
        ]
        _move([(known[key], plan) for key, plan in plans.items() if key in known], moment)
        reports = fitted(asked)
        DailyReport.objects.bulk_create(reports, ignore_conflicts=True)
    return len(reports)


def _forget(schedules: Sequence[ReportSchedule]) -> None:
    if schedules:
        ReportSchedule.objects.filter(pk__in=[row.pk for row in schedules]).delete()


def _move(planned: Sequence[tuple[ReportSchedule, Plan]], moment: datetime) -> None:
    """Put the schedules behind the last day that is due; few days are the last one of many."""
    moved = defaultdict[date, list[int]](list)
    for schedule, plan in planned:
        next_day = plan.days.last_due(moment) + DAY
        if schedule.next_day < next_day:
            moved[next_day].append(schedule.pk)
    for next_day, pks in moved.items():
        ReportSchedule.objects.filter(pk__in=pks).update(next_day=next_day)


def _begin(plans: Sequence[Plan], moment: datetime) -> None:
    """The schedules of reports that are new; what was due before is nobody's to be told."""
    if not plans:
        return
    ReportSchedule.objects.bulk_create(
        [
            ReportSchedule(
                customer_id=plan.customer_id,
                kind=plan.kind,
                next_day=plan.days.last_due(moment) + DAY,
            )
            for plan in plans
        ],
        ignore_conflicts=True,
    )


def _report(plan: Plan, day: date, moment: datetime) -> DailyReport:
    since, until = plan.days.window(day)
    return DailyReport(
        issuer_id=plan.issuer_id,
        customer_id=plan.customer_id,
        kind=plan.kind,
        day=day,
        timezone=plan.days.zone,
        since=since,
        until=until,
        due_at=plan.days.due_at(day),
        planned_at=moment,
        told=plan.told,
    )
