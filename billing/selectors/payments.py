"""Payments as their two sides list them, what they add up to, and where one comes from."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from django.db.models import Case, Q, QuerySet, Sum, Value, When

from billing.choices import EntryKind, InvoiceState, PaymentSide
from billing.models import Balance, Invoice, LedgerEntry
from billing.querysets import LedgerQuerySet
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.money import in_units, minor_units

KINDS = (
    EntryKind.ADD_FUNDS,
    EntryKind.VOUCHER,
    EntryKind.TRANSFER,
    EntryKind.OPENING,
    EntryKind.REVERSAL,
    EntryKind.PAY_OUT,
)


def payments_with(rows: QuerySet[LedgerEntry], actor: Actor) -> QuerySet[Any]:
    """Those of ``rows`` that are payments to the actor's customer or by it."""
    payments = cast("LedgerQuerySet", rows).payments()
    return payments if actor.account_id is not None else payments.between(actor)


def on_side(rows: QuerySet[LedgerEntry], actor: Actor, side: str) -> QuerySet[LedgerEntry]:
    """Payments that the actor's customer received, or made."""
    if side == PaymentSide.RECEIVED:
        return rows.filter(issuer_id=actor.customer_id)
    return rows.filter(customer_id=actor.customer_id).exclude(issuer_id=actor.customer_id)


def payment_sums(rows: QuerySet[Any], actor: Actor) -> Iterator[tuple[PaymentSide, str, Decimal]]:
    """Side, currency and sum of the payments: what was received, and what was made, apart."""
    received, made = PaymentSide.RECEIVED, PaymentSide.MADE
    is_received = Q(issuer_id=actor.customer_id) if actor.account_id is None else Q(pk=None)
    side = Case(When(is_received, then=Value(received.value)), default=Value(made.value))
    by_side = rows.order_by().annotate(side=side).values("side", "balance__currency")
    for row in by_side.annotate(total=Sum("amount")).order_by("-side", "balance__currency"):
        yield PaymentSide(row["side"]), row["balance__currency"], row["total"]


def payment_kinds() -> list[tuple[str, Any]]:
    """What kinds of entries a payment can be, as a form shows them."""
    return [(kind.value, kind.label) for kind in KINDS]


def live_customers() -> QuerySet[Customer]:
    """Every customer that is not archived; a form narrows them to the actor's own."""
    rows: QuerySet[Customer] = Customer.objects.live()
    return rows


def direct_payers(rows: QuerySet[Customer], actor: Actor) -> QuerySet[Customer]:
    """Those of ``rows`` that pay the actor's customer."""
    payers = Balance.objects.of_customers().filter(issuer=actor.customer_id)
    return rows.filter(pk__in=payers.values("customer"))


def open_amount(actor: Actor, balance: Balance, invoice_id: str) -> Decimal | None:
    """What is still open of an invoice of this balance; None where there is no such, or nothing."""
    if not (invoice_id.isdecimal() and len(invoice_id) <= 18):
        return None
    rows = Invoice.objects.visible_to(actor).filter(balance=balance, state=InvoiceState.ISSUED)
    found: Decimal | None = (
        rows.filter(pk=int(invoice_id), open_amount__gt=0)
        .values_list("open_amount", flat=True)
        .first()
    )
    return None if found is None else in_units(found, minor_units(balance.currency_id))
