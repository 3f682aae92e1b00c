"""Computes the drafts of many periods, in a number of statements that does not grow with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import override

from billing.choices import LineKind, PeriodOutcome
from billing.models import Balance, BillingPeriod
from billing.services.drafts.calls import Calls, calls_of
from billing.services.drafts.entries import Posted, posted_in
from billing.services.drafts.extras import Fees, minimum_line, short_call_line
from billing.services.drafts.lines import Billed, Line, billed_period
from billing.services.drafts.terms import terms_of
from billing.services.taxes import Sums, tax_lines
from softswitch.core.money import ZERO

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
    balances = Balance.objects.select_related("customer").in_bulk(
        {period.balance_id for period in periods}
    )
    terms = terms_of(list(balances.values()), moment)
    earlier = BillingPeriod.objects.filter(
        balance=OuterRef("balance"), starts_at__lt=OuterRef("starts_at"), closed_at__isnull=False
    )
    adjoining = BillingPeriod.objects.filter(
        balance=OuterRef("balance"), ends_at=OuterRef("starts_at")
    )
    before = BillingPeriod.objects.filter(pk__in=[row.pk for row in periods]).annotate(
        has_earlier=Exists(earlier), zone_before=Subquery(adjoining.values("timezone")[:1])
    )
    known: dict[int, Any] = {row.pk: row for row in before}
    return [
        billed_period(
            period,
            balances[period.balance_id],
            terms[period.balance_id],
            has_earlier=known[period.pk].has_earlier,
            zone_before=known[period.pk].zone_before,
        )
        for period in sorted(periods, key=lambda row: (row.balance_id, row.starts_at))
    ]


def _draft(billed: Billed, calls: Calls, posted: Posted, fees: Fees) -> Draft:
    """Calls by tariffs that are all marked as not billed cost nothing extra either."""
    lines = [*calls.lines, *posted.lines, *fees.lines(billed)]
    if not calls.is_not_billed:
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
    if billed.terms.non_zero_only and not sums.total and not is_posting:
        return PeriodOutcome.ZERO
    return PeriodOutcome.DRAFTED
