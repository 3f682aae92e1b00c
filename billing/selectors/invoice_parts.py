"""The parts of one invoice or credit note, as a viewer may read them, each with what it adds to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum

from billing.choices import (
    EntryKind,
    InvoiceKind,
    InvoiceState,
    LineGrouping,
    LineKind,
    PeriodOutcome,
    TaxMode,
)
from billing.models import (
    Allocation,
    BillingPeriod,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LedgerEntry,
)
from billing.selectors.balances import may_see_balance
from billing.selectors.invoices import invoices_shown_to, is_received
from billing.selectors.statements import entries_shown_to
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from softswitch.core.display import country_text
from softswitch.core.money import ZERO

SHOWN_LINES = 200


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines of one kind, the first of them if there are many, and what all add up to.

    ``grouping`` is what a line of calls stands for.
    """

    kind: LineKind
    grouping: LineGrouping
    lines: list[InvoiceLine]
    hidden: int
    hidden_amount: Decimal
    amount: Decimal
    calls: int
    billed_seconds: int

    @property
    def tariff(self) -> str:
        """The one tariff of all shown lines, for the head; empty where there are several."""
        return "" if self.has_tariffs or not self.lines else self.lines[0].tariff

    @property
    def has_tariffs(self) -> bool:
        return len({line.tariff for line in self.lines}) > 1

    @property
    def is_calls(self) -> bool:
        return self.kind in (LineKind.USAGE, LineKind.LATE)


@dataclass(frozen=True, slots=True)
class Settled:
    """What of one source went to an invoice, or of a credit to one target; the last ``at``."""

    amount: Decimal
    at: datetime
    entry_id: int | None
    kind: str
    invoice: Invoice | None

    @property
    def invoice_id(self) -> int | None:
        return self.invoice.pk if self.invoice else None


@dataclass(frozen=True, slots=True)
class Related:
    """The documents around one: those that the viewer sees."""

    replaces: Invoice | None
    replaced_by: Invoice | None
    corrects: Invoice | None
    credit_notes: list[Invoice]

    @property
    def credited(self) -> Decimal:
        return sum((note.total for note in self.credit_notes), ZERO)


def lines_of(actor: Actor, invoice: Invoice) -> list[InvoiceLine]:
    """The lines in order; a tariff's name is the issuer's own, and not told to who pays."""
    lines = list(InvoiceLine.objects.filter(invoice=invoice).order_by("position"))
    if is_received(invoice, actor):
        for line in lines:
            line.tariff = ""
    return lines


def line_groups(actor: Actor, invoice: Invoice, *, is_whole: bool = False) -> list[LineGroup]:
    """The lines by kind, in the order of the invoice; of each kind at most SHOWN_LINES."""
    order = list(LineKind)
    grouping = LineGrouping(invoice.terms.get("grouping") or LineGrouping.DESTINATION)
    by_kind = sorted(lines_of(actor, invoice), key=lambda line: order.index(LineKind(line.kind)))
    return [
        _group(LineKind(kind), list(lines), grouping, is_whole=is_whole)
        for kind, lines in groupby(by_kind, key=lambda line: line.kind)
    ]


def _group(
    kind: LineKind, lines: list[InvoiceLine], grouping: LineGrouping, *, is_whole: bool
) -> LineGroup:
    shown = lines if is_whole else lines[:SHOWN_LINES]
    if grouping == LineGrouping.COUNTRY and kind in (LineKind.USAGE, LineKind.LATE):
        for line in shown:  # they keep the code; the reader reads the name
            line.description = country_text(line.description)
    amount = sum((line.amount for line in lines), ZERO)
    left = amount - sum((line.amount for line in shown), ZERO)
    return LineGroup(
        kind=kind,
        grouping=grouping,
        lines=shown,
        hidden=len(lines) - len(shown),
        hidden_amount=left,
        amount=amount,
        calls=sum(line.calls for line in lines),
        billed_seconds=sum(line.billed_seconds for line in lines),
    )


def taxes_of(invoice: Invoice) -> list[InvoiceTax]:
    """The rates of tax, in order."""
    return list(InvoiceTax.objects.filter(invoice=invoice).order_by("position"))


def line_sum(invoice: Invoice) -> Decimal:
    """What the lines add up to: the net amount, or the total where prices hold the tax."""
    return invoice.total if invoice.tax_mode == TaxMode.INCLUDED else invoice.net


def settled_by(invoice: Invoice) -> list[Settled]:
    """What settled an invoice, by source, the first first; what was taken back is not there."""
    rows = Allocation.objects.filter(invoice=invoice)
    by_source = rows.values("source_entry", "source_entry__kind", "source_invoice")
    return list(_settled(by_source, entry="source_entry", invoice="source_invoice"))


def spent_on(invoice: Invoice) -> list[Settled]:
    """Where the money of a credit note, or of an invoice below 0, went."""
    rows = Allocation.objects.filter(
        Q(source_invoice=invoice)
        | Q(source_entry__invoice=invoice, source_entry__kind=EntryKind.CREDIT_NOTE)
    )
    by_target = rows.values("entry", "entry__kind", "invoice")
    return list(_settled(by_target, entry="entry", invoice="invoice"))


def settled_from(entry: LedgerEntry) -> list[Settled]:
    """What a payment, or other money in, settled: invoices, and what had gone out before it."""
    rows = Allocation.objects.filter(source_entry=entry)
    by_target = rows.values("entry", "entry__kind", "invoice")
    return list(_settled(by_target, entry="entry", invoice="invoice"))


def _settled(rows: QuerySet[Any, Any], *, entry: str, invoice: str) -> Iterator[Settled]:
    sums = rows.annotate(moved=Sum("amount"), at=Max("created_at")).exclude(moved=0)
    found = list(sums.order_by("at"))
    known = Invoice.objects.in_bulk([row[invoice] for row in found if row[invoice]])
    for row in found:
        yield Settled(
            amount=row["moved"],
            at=row["at"],
            entry_id=row[entry],
            kind=row[f"{entry}__kind"] or "",
            invoice=known.get(row[invoice]),
        )


def entries_of(actor: Actor, invoice: Invoice) -> list[LedgerEntry]:
    """What issuing and voiding posted, in order; nothing without the right to see the balance."""
    if not may_see_balance(actor, invoice.customer):
        return []
    rows = LedgerEntry.objects.visible_to(actor).filter(invoice=invoice)
    return list(entries_shown_to(rows, actor).order_by("posted_at", "pk"))


def related_to(actor: Actor, invoice: Invoice) -> Related:
    """What it replaces and corrects, what replaces it, and its credit notes; one statement."""
    around = Q(replaces=invoice) | Q(corrects=invoice)
    around |= Q(pk__in=[key for key in (invoice.replaces_id, invoice.corrects_id) if key])
    rows = Invoice.objects.visible_to(actor).filter(around).order_by("pk")
    found = list(invoices_shown_to(rows, actor))
    return Related(
        replaces=next((row for row in found if row.pk == invoice.replaces_id), None),
        replaced_by=next((row for row in found if row.replaces_id == invoice.pk), None),
        corrects=next((row for row in found if row.pk == invoice.corrects_id), None),
        credit_notes=[row for row in found if row.corrects_id == invoice.pk],
    )


def creditable(invoice: Invoice, related: Related) -> Decimal:
    """How much of an issued invoice credit notes may still take back."""
    is_issued = invoice.state == InvoiceState.ISSUED and invoice.kind == InvoiceKind.INVOICE
    return max(ZERO, invoice.total - related.credited) if is_issued else ZERO


def unbilled_periods(rows: QuerySet[BillingPeriod], actor: Actor) -> QuerySet[Any]:
    """Those of ``rows`` that the actor's customer bills, closed and without an invoice.

    Each with ``customer_name`` as the viewer may read it, and its account.
    """
    live = Invoice.objects.filter(period=OuterRef("pk"), kind=InvoiceKind.INVOICE)
    void = Invoice.objects.filter(state=InvoiceState.VOID, issuer=actor.customer_id)
    # Nearly all that were drafted still have their invoice: only of the rest it is looked up.
    may_be = ~Q(outcome=PeriodOutcome.DRAFTED) | Q(pk__in=void.values("period"))
    unbilled = rows.filter(
        may_be,
        ~Exists(live.exclude(state=InvoiceState.VOID)),
        balance__issuer=actor.customer_id,
        closed_at__isnull=False,
    )
    name = shown_name(actor, "balance__customer", then="balance__closed_at")
    return unbilled.select_related("balance__account").annotate(customer_name=name)
