"""Closes periods and drafts their invoices, as closing does it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.choices import PeriodOutcome
from billing.models import (
    Balance,
    BillingPeriod,
    Invoice,
    InvoiceLine,
    InvoiceSettings,
    LedgerEntry,
    UsageEntry,
)
from billing.services.drafts import draft_periods
from billing.services.maintenance import maintain
from billing.services.periods import periods_for
from customers.services.parameters import set_parameters
from tests.calls.stored import START, store_call, total
from tests.world import World

DAY = timedelta(days=1)
LONDON, UK, MOBILE, PARIS = "442071234567", "441612345678", "447911123456", "33199990000"
D = Decimal
CLOSED = datetime(2026, 4, 1, 6, tzinfo=UTC)
FIGURES = ("net", "tax", "total", "previous_balance", "payments", "other", "closing_balance",
           "amount_due")  # fmt: skip


def closed_period(balance: Balance, at: datetime = START) -> BillingPeriod:
    """The period of ``at``, closed as if it were over."""
    periods_for({balance.pk: balance}, [(balance.pk, at)])
    period = BillingPeriod.objects.get(balance=balance, starts_at__lte=at, ends_at__gt=at)
    BillingPeriod.objects.filter(pk=period.pk).update(closed_at=period.ends_at)
    return BillingPeriod.objects.select_related("balance").get(pk=period.pk)


def draft_all(*periods: BillingPeriod, moment: datetime = CLOSED) -> dict[int, PeriodOutcome]:
    with transaction.atomic():
        list(Balance.objects.select_for_update().order_by("pk"))
        return draft_periods(periods, moment=moment)


def drafted(balance: Balance, at: datetime = START, *, moment: datetime = CLOSED) -> Invoice:
    """The draft of the period of ``at``, which is closed."""
    period = closed_period(balance, at)
    assert draft_all(period, moment=moment) == {period.pk: PeriodOutcome.DRAFTED}
    return Invoice.objects.get(period=period, state="draft")


def lines_of(invoice: Invoice, *names: str, kind: str | None = None) -> list[tuple[Any, ...]]:
    rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    if kind is not None:
        rows = rows.filter(kind=kind)
    return list(rows.values_list(*names))


def figures(invoice: Invoice) -> dict[str, Decimal]:
    return {name: getattr(invoice, name) for name in FIGURES}


def assert_calls_add_up(invoice: Invoice) -> None:
    """The exact lines of calls are minus the usage entries, and the sums are those of the lines."""
    lines = InvoiceLine.objects.filter(invoice=invoice)
    entries = UsageEntry.objects.filter(period=invoice.period)
    exact = total(line.exact for line in lines.filter(kind__in=["usage", "late"]))
    assert exact == -total(entry.amount for entry in entries)
    tax = total(row.amount for row in invoice.taxes.all())
    billed = total(line.amount for line in lines)
    assert invoice.tax == tax
    assert invoice.total == (billed if invoice.tax_mode == "included" else billed + tax)
    assert invoice.total == invoice.net + invoice.tax
    moved = invoice.previous_balance + invoice.payments + invoice.other - invoice.total
    assert invoice.closing_balance == moved
    assert invoice.amount_due == max(Decimal(0), -moved)


def terms(world: World, **values: Any) -> None:
    """What the shop's owner sets for it."""
    set_parameters(actor=world.actor("sub_reseller"), customer=world.shop, values=values)


def settings_of(world: World, **values: Any) -> InvoiceSettings:
    row = InvoiceSettings.objects.create(owner=world.sub_reseller, name="House", **values)
    terms(world, invoice_settings=row)
    return row


def call(world: World, number: str = LONDON, seconds: float = 60, **facts: Any) -> None:
    store_call(world.shop, number, seconds, **facts)


def post(
    world: World, action: str, amount: str, notes: str = "", at: datetime = START
) -> LedgerEntry:
    return maintain(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        action=action,
        amount=D(amount),
        currency="GBP",
        key=f"{action}{amount}{notes}",
        notes=notes,
        at=at,
    )
