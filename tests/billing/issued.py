"""Issued invoices as they stand in the database, for reports that only read them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Allocation, Balance, Invoice

_numbers = iter(range(1, 10**6))


def issued(balance: Balance, total: str, on: date, **columns: Any) -> Invoice:
    """An invoice of ``total``, issued at noon UTC of ``on``, due after 14 days, nothing paid."""
    amount = Decimal(total)
    usual: dict[str, Any] = {
        "issuer": balance.issuer,
        "customer": balance.customer,
        "account": balance.account,
        "mode": balance.mode,
        "currency": balance.currency,
        "state": "issued",
        "number": f"R-{next(_numbers):06d}",
        "net": amount,
        "total": amount,
        "open_amount": max(amount, Decimal(0)),
        "issued_on": on,
        "issued_at": datetime.combine(on, time(12), UTC),
        "due_on": on + timedelta(days=14),
    }
    made: Invoice = Invoice.objects.create(balance=balance, **usual | columns)
    return made


def settle(invoice: Invoice, amount: str) -> None:
    """Let ``amount`` of an invoice be paid now, or with a negative one no more, by older money."""
    credit = issued(invoice.balance, "-1000", date(2026, 1, 2))
    Allocation.objects.create(
        balance=invoice.balance, source_invoice=credit, invoice=invoice, amount=Decimal(amount)
    )
    invoice.open_amount -= Decimal(amount)
    Invoice.objects.filter(pk=invoice.pk).update(open_amount=invoice.open_amount)
