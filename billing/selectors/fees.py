"""Fees of a balance as its pages list them: with the invoice that billed each last."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DecimalField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.utils.timezone import now

from billing.choices import InvoiceState
from billing.models import Balance, Fee, Invoice, InvoiceLine
from customers.tenancy import Actor


def fees_of(rows: QuerySet[Fee], actor: Actor, balance: Balance) -> QuerySet[Any]:
    """Those of ``rows`` that ``balance`` pays, with ``amount`` (price x quantity) of a period.

    ``has_ended`` says whether its last day is over. ``last_invoice`` and ``last_number`` are of the
    last issued invoice with a line of the fee, as far as the actor sees invoices, ``last_until`` is
    the last day that it billed.
    """
    issued = Invoice.objects.visible_to(actor).filter(balance=balance, state=InvoiceState.ISSUED)
    billed = InvoiceLine.objects.filter(fee=OuterRef("pk"), invoice__in=issued)
    last = billed.order_by("-invoice__issued_at", "-invoice", "-position")
    product = DecimalField(max_digits=32, decimal_places=9)
    return rows.filter(balance=balance).annotate(
        has_ended=Q(ends_on__lt=local_day(balance)),
        amount=ExpressionWrapper(F("price") * F("quantity"), output_field=product),
        last_invoice=Subquery(last.values("invoice")[:1]),
        last_number=Subquery(last.values("invoice__number")[:1]),
        last_until=Subquery(last.values("until")[:1]),
    )


def may_bill(actor: Actor, balance: Balance) -> bool:
    """Whether the actor decides about the fees of a balance: who issues its invoices does."""
    return balance.issuer_id == actor.customer_id and actor.can("money.manage")


def local_day(balance: Balance) -> date:
    """Today where the periods of the balance begin and end."""
    return now().astimezone(ZoneInfo(str(balance.period_timezone))).date()


def fee_initial(fee: Fee) -> dict[str, Any]:
    """What a form shows of a fee: numbers without ending zeros."""
    numbers = {name: getattr(fee, name).normalize() + Decimal(0) for name in ("price", "quantity")}
    names = ("name", "starts_on", "ends_on", "is_prorated", "is_taxed")
    return {name: getattr(fee, name) for name in names} | {
        name: f"{value:f}" for name, value in numbers.items()
    }
