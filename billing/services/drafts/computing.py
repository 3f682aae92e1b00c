"""Computes the drafts of many periods, in a number of statements that does not grow with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import override

from billing.choices import LineKind, PeriodOutcome
from billing.models import Balance, BillingPeriod
from billing.services.drafts.calls import Calls, calls_of
from billing.services.drafts.entries import Posted, posted_in
from billing.services.drafts.extras import Fees, minimum_line, short_call_line
from billing.services.drafts.lines import Before, Billed, Line, billed_period, local_days
from billing.services.drafts.terms import terms_of
from billing.services.taxes import Sums, tax_lines
from softswitch.core.money import ZERO

# The one just before a period, and those whose last day may be a later one all the same.
_BEFORE = """
SELECT p.id, q.starts_at, q.ends_at, q.timezone
FROM billing_billingperiod p
JOIN billing_billingperiod q ON q.balance_id = p.balance_id AND q.starts_at < p.starts_at
    AND q.ends_at > p.starts_at - interval '3 days' AND q.closed_at IS NOT NULL
WHERE p.id = ANY(%s) ORDER BY p.id, q.starts_at
"""
_POSTED = frozenset({LineKind.FEE, LineKind.SURCHARGE, LineKind.MINIMUM})


@dataclass(frozen=True, slots=True)
class Draft:
    """What the invoice of a period says, and whether there is to be one."""

    billed: Billed
    lines: list[Line]
    sums: Sums
    posted: Posted
    outcome: PeriodOutcome

    @property
    def closing_balance(self) -> Decimal:
        return self.posted.previous + self.posted.payments + self.posted.other - self.sums.total

    @property
    def amount_due(self) -> Decimal:
        return max(ZERO, -self.closing_balance)


def compute(
    periods: Sequence[BillingPeriod], *, moment: datetime, ignoring: Iterable[int] = ()
) -> list[Draft]:
    """The drafts of closed periods, those of a balance in their order; nothing is stored.

    The caller's transaction holds the locks of the balances. ``ignoring`` are the ids of drafts
    that these take the place of. ``moment`` tells when they would be issued by themselves.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Drafts are computed under the locks of the balances.")
    if not periods:
        return []
    scope = _scope(periods, moment)
    calls, posted = calls_of(scope), posted_in(scope)
    fees = Fees({one.balance.pk for one in scope}, ignoring=ignoring)
    found = []
    for one in scope:
        with override(one.terms.language):
            found.append(_draft(one, calls[one.period.pk], posted[one.period.pk], fees))
    return found


def _scope(periods: Sequence[BillingPeriod], moment: datetime) -> list[Billed]:
    balances = Balance.objects.select_related("customer", "account").in_bulk(
        {period.balance_id for period in periods}
    )
    terms = terms_of(list(balances.values()), moment)
    before = _before([row.pk for row in periods])
    return [
        billed_period(
            period,
            balances[period.balance_id],
            terms[period.balance_id],
            before.get(period.pk),
        )
        for period in sorted(periods, key=lambda row: (row.balance_id, row.starts_at))
    ]


def _before(period_ids: Sequence[int]) -> dict[int, Before]:
    """What closed before each period. A day of one zone can outlast the next one of another."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [list(period_ids)])
        rows = cursor.fetchall()
    found: dict[int, Before] = {}
    for period_id, start, end, timezone in rows:
        _first, last = local_days(start, end, ZoneInfo(timezone))
        earlier = found.get(period_id)
        found[period_id] = Before(max(last, earlier.last_day) if earlier else last, timezone)
    return found


def _draft(billed: Billed, calls: Calls, posted: Posted, fees: Fees) -> Draft:
    """Calls by tariffs that are all marked as not billed cost nothing extra either.

    Nor do late ones of a balance that has ended: its last invoice had all the rest.
    """
    lines = [*calls.lines, *posted.lines]
    if not billed.is_after_end:
        lines += fees.lines(billed)
    if not calls.is_not_billed and not billed.is_after_end:
        lines += short_call_line(billed, calls)
        lines += minimum_line(billed, lines)
    sums = tax_lines(
        billed.terms.taxation,
        [line.amount for line in lines if line.is_taxed],
        sum((line.amount for line in lines if not line.is_taxed), ZERO),
    )
    return Draft(billed, lines, sums, posted, _outcome(billed, calls, lines, sums))


def _outcome(billed: Billed, calls: Calls, lines: list[Line], sums: Sums) -> PeriodOutcome:
    """Fees and taxes reach the ledger by an invoice alone: with any, one of 0 is made too."""
    if calls.is_not_billed and not lines:
        return PeriodOutcome.NOT_BILLED
    is_posting = sums.tax or any(line.amount for line in lines if line.kind in _POSTED)
    is_needed = not billed.terms.non_zero_only and not billed.is_after_end
    if not is_needed and not sums.total and not is_posting:
        return PeriodOutcome.ZERO
    return PeriodOutcome.DRAFTED
