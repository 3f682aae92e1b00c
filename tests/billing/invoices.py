"""Closed periods, and drafts of them as closing makes them, for the tests of what follows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.timezone import now

from billing.choices import LineKind, TaxMode
from billing.models import Balance, BillingPeriod, Invoice, InvoiceLine, InvoiceTax, LedgerEntry
from billing.services.drafts import make_draft
from billing.services.ledger import Posting, post_entry
from billing.services.periods import periods_for
from softswitch.core.money import ZERO, half_up, minor_units
from tests.world import actor_of

MARCH = datetime(2026, 3, 10, tzinfo=UTC)
_keys = iter(range(10**9))


def post(
    balance: Balance, kind: str, amount: str | Decimal, at: datetime = MARCH, **facts: Any
) -> LedgerEntry:
    """An entry of the balance's currency, posted by who bills it; each call is another one."""
    posting = Posting(
        kind=kind,
        amount=Decimal(amount),
        currency=balance.currency_id,
        key=f"test:{next(_keys)}",
        **facts,
    )
    return post_entry(actor=actor_of(balance.issuer), balance_id=balance.pk, posting=posting, at=at)


def reverse(entry: LedgerEntry, at: datetime | None = None) -> LedgerEntry:
    """The entry that takes ``entry`` back, posted now or ``at``."""
    return post(entry.balance, "reversal", -entry.amount, at or now(), reverses=entry)


def status_of(invoice: Invoice, today: date) -> str:
    """What the badge of ``invoice`` says on the day ``today``."""
    rows: Any = Invoice.objects.with_status(today)
    return str(rows.get(pk=invoice.pk).status)


def close(balance: Balance, at: datetime = MARCH) -> BillingPeriod:
    """The period that ``at`` lies in, closed; one that is closed already stays so."""
    known = balance.periods.filter(starts_at__lte=at, ends_at__gt=at).first()
    found = periods_for({balance.pk: balance}, [(balance.pk, at)]) if known is None else {}
    period: BillingPeriod = known or found[balance.pk, at]
    if period.closed_at is None:
        period.closed_at = period.ends_at + timedelta(hours=6)
        period.save(update_fields=["closed_at"])
    return period


def draft_of(
    balance: Balance,
    at: datetime = MARCH,
    *,
    taxes: Sequence[str] = (),
    tax_mode: TaxMode = TaxMode.ADDED,
    fee: str = "",
    **facts: Any,
) -> Invoice:
    """A draft of the period that ``at`` lies in, which is closed: its calls, adjustments, a fee.

    ``taxes`` are percentages of the net, rounded on the total; ``facts`` are columns.
    """
    draft = make_draft(actor=actor_of(balance.issuer), period=close(balance, at))
    if fee:
        InvoiceLine.objects.create(
            invoice=draft,
            position=draft.lines.count() + 1,
            kind=LineKind.FEE,
            description="Fee",
            exact=Decimal(fee),
            amount=Decimal(fee),
        )
    lines = sum((line.amount for line in draft.lines.all()), ZERO)
    _tax(draft, lines, [Decimal(percent) for percent in taxes], tax_mode)
    for name, value in facts.items():
        setattr(draft, name, value)
    draft.save()
    return draft


def _tax(draft: Invoice, lines: Decimal, rates: Sequence[Decimal], mode: TaxMode) -> None:
    decimals = minor_units(draft.currency_id)
    is_included = mode == TaxMode.INCLUDED
    divisor = 100 + (Fraction(sum(rates)) if is_included else 0)
    amounts = [half_up(Fraction(lines) * Fraction(rate) / divisor, decimals) for rate in rates]
    draft.tax = sum(amounts, ZERO)
    draft.net = lines - draft.tax if is_included else lines
    draft.total = draft.net + draft.tax
    draft.tax_mode = mode if rates else TaxMode.NONE
    InvoiceTax.objects.bulk_create(
        InvoiceTax(
            invoice=draft,
            position=place,
            name=f"Tax {place}",
            percent=rate,
            base=draft.net,
            amount=amount,
        )
        for place, (rate, amount) in enumerate(zip(rates, amounts, strict=True), 1)
    )
