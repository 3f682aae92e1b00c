"""Invoices in lists: what a viewer may read of them, how they are found, counted and added up."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    CharField,
    IntegerField,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from billing.choices import InvoiceState, InvoiceStatus
from billing.models import Invoice, LedgerEntry
from billing.querysets import InvoiceQuerySet
from billing.selectors.balances import DisplayCurrency
from billing.selectors.ended import may_bill_for
from customers.models import Customer
from customers.selectors.names import known, read_as, shown_name
from customers.tenancy import Actor
from softswitch.core.money import ZERO
from softswitch.core.parts import FEW, part_condition

# Beside a tab it does not matter by how much there are more.
COUNT_LIMIT = 1_000


class CappedCount(Subquery):
    """How many rows there are, counted no further than COUNT_LIMIT + 1."""

    template = "(SELECT count(*) FROM (%(subquery)s) capped)"
    empty_result_set_value = 0
    output_field = IntegerField()


def today_of(actor: Actor) -> date:
    """The day it is for the viewer, by which an invoice is overdue or not."""
    return now().astimezone(ZoneInfo(actor.timezone)).date()


def may_bill(actor: Actor, invoice: Invoice) -> bool:
    """Whether the actor issues, voids and credits ``invoice``: see ``may_bill_for``."""
    return may_bill_for(actor, invoice.issuer)


def is_received(invoice: Invoice, actor: Actor) -> bool:
    """Whether it is the actor that pays ``invoice``: its own customer, or its account."""
    if actor.account_id is not None:
        return True
    return invoice.customer_id == actor.customer_id and invoice.account_id is None


def side_of(invoice: Invoice, actor: Actor) -> str:
    """On whose side ``invoice`` is, in the words of ``of_side``."""
    if is_received(invoice, actor):
        return "received"
    return "issued" if invoice.issuer_id == actor.customer_id else "below"


def invoices_shown_to(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``status``, ``customer_name`` and ``issuer_name``, empty above the viewer."""
    nobody = Value("", output_field=CharField())
    dated = cast("InvoiceQuerySet", rows).with_status(today_of(actor))
    return dated.annotate(
        customer_name=shown_name(actor, then="balance__closed_at"),
        issuer_name=Coalesce(known(actor, "issuer", "name"), nobody),
    )


def invoice_of(actor: Actor, entry: LedgerEntry) -> Invoice | None:
    """The invoice or credit note that an entry belongs to, where the actor may open it."""
    if entry.invoice_id is None or not actor.can("invoices.view"):
        return None
    found: Invoice | None = Invoice.objects.visible_to(actor).filter(pk=entry.invoice_id).first()
    return found


def of_side(rows: QuerySet[Any], actor: Actor, side: str) -> QuerySet[Any]:
    """Those of ``rows`` that the actor's customer issued, received, or that are between others."""
    mine = actor.customer_id
    received = Q(customer_id=mine, account=None)
    issued = Q(issuer_id=mine)
    if side == "issued":
        return rows.filter(issued)
    return rows.filter(received) if side == "received" else rows.exclude(received | issued)


def named_so(rows: QuerySet[Any], actor: Actor, text: str) -> QuerySet[Any]:
    """Those of ``rows`` with ``text`` in their number, or in the name that the actor reads.

    Numbers are looked up in their own index first, as names are (``read_as``).
    """
    numbered = Invoice.objects.visible_to(actor).filter(part_condition("number", text))
    keys = list(numbered.order_by().values_list("pk", flat=True)[: FEW + 1])
    found = Q(pk__in=keys) if len(keys) <= FEW else part_condition("number", text)
    return read_as(rows, actor, text, then="balance__closed_at", also=found)


def status_counts(rows: QuerySet[Any], actor: Actor) -> dict[str, int]:
    """How many of ``rows`` have each status, and all (""): one statement, each up to a limit."""
    today = today_of(actor)
    parts = {
        status: cast("InvoiceQuerySet", rows).in_status(status, today)
        for status in InvoiceStatus.values
    }
    counts = {
        f"n_{status}": CappedCount(_keys(part)) for status, part in {"": rows, **parts}.items()
    }
    here: QuerySet[Any, Any] = Customer.objects.filter(pk=actor.customer_id).values(**counts)
    return {name.removeprefix("n_"): number for name, number in here.get().items()}


def _keys(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by().values("pk")[: COUNT_LIMIT + 1]


@dataclass(frozen=True, slots=True)
class OpenSums:
    """What is open, in the display currency: owed to the actor's customer, by it, and below it.

    Currencies without an exchange rate are not in the sums: ``unknown`` names them.
    """

    receivable: Decimal
    payable: Decimal
    below: Decimal
    unknown: tuple[str, ...]


def open_sums(rows: QuerySet[Any], actor: Actor, display: DisplayCurrency) -> OpenSums:
    """What is open of ``rows``, per side; one statement."""
    owed = rows.filter(state=InvoiceState.ISSUED, open_amount__gt=0).order_by()
    own_account = {} if actor.account_id is not None else {"account": None}
    side = Case(
        When(customer_id=actor.customer_id, **own_account, then=Value("received")),
        When(issuer_id=actor.customer_id, then=Value("issued")),
        default=Value("below"),
        output_field=CharField(),
    )
    sums = {"issued": ZERO, "received": ZERO, "below": ZERO}
    unknown = set()
    grouped = owed.annotate(side=side).values("side", "currency")
    for row in grouped.annotate(total_open=Sum("open_amount")):
        converted = display.convert(row["total_open"], row["currency"])
        if converted is None:
            unknown.add(row["currency"])
        else:
            sums[row["side"]] += converted
    unknown_codes = tuple(sorted(unknown))
    return OpenSums(sums["issued"], sums["received"], sums["below"], unknown_codes)
