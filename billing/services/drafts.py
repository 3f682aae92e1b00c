"""Drafts of invoices: a line for the calls of a closed period, and one per adjustment."""

from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.choices import InvoiceKind, InvoiceState, LineKind
from billing.models import Balance, BillingPeriod, Invoice, InvoiceLine, LedgerEntry, UsageEntry
from billing.selectors.period_sums import ADJUSTED
from billing.services.maintenance import check_pair
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import ZERO, half_up, minor_units


def make_draft(*, actor: Actor, period: BillingPeriod, replaces: Invoice | None = None) -> Invoice:
    """A draft of what was posted to a closed period of a balance that the actor bills.

    Atomic, under the balance's lock. Raises PermissionDenied, DomainError ``open_period`` or
    ``exists`` (the period has an invoice).
    """
    check_pair(actor, period.balance)
    with transaction.atomic():
        balance = Balance.objects.select_for_update(no_key=True).get(pk=period.balance_id)
        if period.closed_at is None:
            raise DomainError("open_period", _("This billing period is not closed yet."))
        invoices = Invoice.objects.filter(period=period, kind=InvoiceKind.INVOICE)
        if invoices.exclude(state=InvoiceState.VOID).exists():
            raise DomainError("exists", _("This billing period has an invoice."))
        lines = _lines(period, minor_units(balance.currency_id))
        total = sum((line.amount for line in lines), ZERO)
        draft = Invoice.objects.create(
            issuer_id=balance.issuer_id,
            customer_id=balance.customer_id,
            account_id=balance.account_id,
            balance=balance,
            period=period,
            mode=balance.mode,
            currency_id=balance.currency_id,
            net=total,
            total=total,
            replaces=replaces,
        )
        for line in lines:
            line.invoice = draft
        InvoiceLine.objects.bulk_create(lines)
    return draft


def _lines(period: BillingPeriod, decimals: int) -> list[InvoiceLine]:
    usage = UsageEntry.objects.filter(period=period).aggregate(total=Sum("amount"))["total"]
    entries = LedgerEntry.objects.filter(period=period).order_by("sequence")
    found = [(LineKind.USAGE, _("Calls"), usage)] if usage else []
    found += [
        (LineKind.ADJUSTMENT, entry.notes or str(entry.get_kind_display()), entry.amount)
        for entry in entries.select_related("reverses")
        if (entry.reverses or entry).kind in ADJUSTED
    ]
    return [
        _line(number, kind, text, -amount, decimals)
        for number, (kind, text, amount) in enumerate(found, 1)
    ]


def _line(position: int, kind: LineKind, text: str, exact: Decimal, decimals: int) -> InvoiceLine:
    return InvoiceLine(
        position=position,
        kind=kind,
        description=text[:200],
        exact=exact,
        amount=half_up(Fraction(exact), decimals),
    )
