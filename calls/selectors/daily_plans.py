"""Who has which automatic reports, by the parameters in force."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q

from billing.models import Balance
from billing.selectors.balances import with_balances
from calls.choices import ReportKind
from calls.selectors.daily_days import Days
from customers.models import Customer
from customers.selectors.parameters import Resolved, in_force, parameters_of

# A day is due once the clock of the reports has shown its time on the next day, and it is over in
# its own zone (daily_days.Days). ``wall`` is the latest that a clock has shown so far: the hour
# that it is put back by counts for a day, so that a time that comes twice has come with the first.
_TO_PLAN = """
WITH wanted (customer_id, told_in, tell_at, billed_in, usage, balance, cdrs) AS ({wanted}),
clock (moment, before) AS (SELECT m, m - interval '24 hours' FROM (VALUES (%s::timestamptz)) t (m)),
walls AS (
    SELECT wanted.*,
        greatest(timezone(told_in, moment), timezone(told_in, before) + interval '1 day') AS wall,
        CASE WHEN balance AND billed_in <> told_in THEN
            greatest(timezone(billed_in, moment), timezone(billed_in, before) + interval '1 day')
        END AS billed_wall
    FROM wanted CROSS JOIN clock
),
due AS (
    SELECT customer_id, kind, least((wall - tell_at::interval)::date, over::date) - 1 AS last_day
    FROM walls CROSS JOIN LATERAL (VALUES
        ('usage_summary', usage, NULL), ('balance_summary', balance, billed_wall),
        ('daily_cdrs', cdrs, NULL)
    ) AS one (kind, is_on, over)
    WHERE is_on
)
SELECT DISTINCT coalesce(due.customer_id, s.customer_id)
FROM due FULL JOIN calls_reportschedule s ON s.customer_id = due.customer_id AND s.kind = due.kind
WHERE s.id IS NULL OR due.customer_id IS NULL OR s.next_day <= due.last_day
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One report of one customer as it is set now; ``first_day``: its balance began on it."""

    customer_id: int
    issuer_id: int
    kind: ReportKind
    days: Days
    told: str
    first_day: date

    def days_from(self, next_day: date, moment: datetime) -> list[date]:
        """The days from ``next_day`` that are due at ``moment``."""
        return self.days.between(max(next_day, self.first_day), self.days.last_due(moment))


def to_plan(moment: datetime) -> list[int]:
    """The customers that have a report to plan at ``moment``, to begin, or not any more, by id.

    One statement whatever their number. It never leaves one out; near a change of the clocks it may
    name some an hour early.
    """
    rows = with_balances(Customer.objects.filter(archived_at=None, is_root=False))
    rows = rows.annotate(**{f"has_{kind}": in_force(kind) for kind in ReportKind})
    rows = rows.filter(
        reduce(or_, (Q(**{f"has_{kind}": True}) for kind in ReportKind)), own__isnull=False
    )
    rows = rows.annotate(
        told_in=in_force("report_timezone"),
        tell_at=in_force("report_at"),
        billed_in=F("own__period_timezone"),
    )
    names = ("pk", "told_in", "tell_at", "billed_in", *(f"has_{kind}" for kind in ReportKind))
    wanted, params = rows.order_by().values_list(*names).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_TO_PLAN.format(wanted=wanted), [*params, moment])
        return [row[0] for row in cursor.fetchall()]


def plans_of(customer_ids: Collection[int]) -> Iterator[Plan]:
    """The reports of some customers, in four statements whatever their number."""
    terms = parameters_of(customer_ids)
    balances = Balance.objects.of_customers().filter(
        customer__in=customer_ids, customer__archived_at=None
    )
    for balance in balances.only("customer_id", "issuer_id", "period_timezone", "opened_at"):
        if balance.customer_id in terms:
            yield from _plans(balance, terms[balance.customer_id])


def _plans(balance: Balance, terms: Resolved) -> Iterator[Plan]:
    told_in = ZoneInfo(str(terms["report_timezone"]))
    for kind in ReportKind:
        if not terms[kind]:
            continue
        own = ZoneInfo(str(balance.period_timezone)) if kind == ReportKind.BALANCE else told_in
        yield Plan(
            customer_id=balance.customer_id,
            issuer_id=balance.issuer_id,
            kind=kind,
            days=Days(own, terms["report_at"], told_in),
            told=terms["report_recipients"],
            first_day=balance.opened_at.astimezone(own).date(),
        )
