"""Which money settles which invoice: payments, credit notes and credits, oldest first.

Money that goes out, or was owed from the beginning, takes its share in the same order. Nothing is
written while no invoice is open: what is free and what went out meet when the next one is issued.
Every function is called under the balance's lock and appends; ``open_amount`` follows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Max, Sum

from billing.choices import SETTLING, EntryKind
from billing.models import Allocation, Balance, Invoice, LedgerEntry
from billing.services.suspensions import lift_if_paid

# What is left of each settling entry, reversals of such included: > 0 is free, < 0 is still to be
# met. Invoices whose total is the payer's money are free money too.
_LEFT = """
WITH RECURSIVE settling AS (
    SELECT id, amount, posted_at, reverses_id, invoice_id FROM billing_ledgerentry
    WHERE balance_id = %(balance)s AND kind = ANY(%(kinds)s)
  UNION ALL
    SELECT e.id, e.amount, e.posted_at, e.reverses_id, e.invoice_id
    FROM settling s JOIN billing_ledgerentry e ON e.reverses_id = s.id
), spent AS (
    SELECT source_entry_id, source_invoice_id, sum(amount) AS amount FROM billing_allocation
    WHERE balance_id = %(balance)s GROUP BY 1, 2
), taken AS (
    SELECT entry_id, sum(amount) AS amount FROM billing_allocation
    WHERE balance_id = %(balance)s AND entry_id IS NOT NULL GROUP BY 1
), of_entries AS (
    SELECT s.*, s.amount - coalesce(p.amount, 0) + coalesce(t.amount, 0) AS left_over
    FROM settling s LEFT JOIN spent p ON p.source_entry_id = s.id
    LEFT JOIN taken t ON t.entry_id = s.id
)
SELECT e.id, NULL::bigint, e.left_over, e.posted_at, e.reverses_id, n.corrects_id
FROM of_entries e LEFT JOIN billing_invoice n ON n.id = e.invoice_id
WHERE e.left_over <> 0
UNION ALL
SELECT NULL, i.id, -i.total - coalesce(p.amount, 0), i.issued_at, NULL, NULL
FROM billing_invoice i LEFT JOIN spent p ON p.source_invoice_id = i.id
WHERE i.balance_id = %(balance)s AND i.kind = 'invoice' AND i.state = 'issued' AND i.total < 0
    AND -i.total > coalesce(p.amount, 0)
"""
_ENDS = ("source_entry_id", "source_invoice_id", "invoice_id", "entry_id")


@dataclass(slots=True)
class _Part:
    """Money that is free, or something it is to settle; ``left`` > 0 in both."""

    left: Decimal
    moment: datetime
    entry_id: int | None = None
    invoice_id: int | None = None
    reverses: int | None = None
    corrects: int | None = None

    @property
    def age(self) -> tuple[datetime, bool, int]:
        """Oldest first; what went out goes before an invoice of the same moment."""
        return self.moment, self.entry_id is None, self.entry_id or self.invoice_id or 0


@dataclass(slots=True)
class _Book:
    """The allocations to append to one balance."""

    balance_id: int
    rows: list[Allocation] = field(default_factory=list)

    def pay(self, source: _Part, target: _Part) -> None:
        """As much of ``source`` to ``target`` as both allow."""
        amount = min(source.left, target.left)
        if not amount:
            return
        source.left -= amount
        target.left -= amount
        self.add(
            amount,
            source_entry_id=source.entry_id,
            source_invoice_id=source.invoice_id,
            entry_id=target.entry_id,
            invoice_id=target.invoice_id,
        )

    def add(self, amount: Decimal, **ends: int | None) -> None:
        self.rows.append(Allocation(balance_id=self.balance_id, amount=amount, **ends))

    def write(self) -> None:
        """Append the rows, and let the open amounts of their invoices follow."""
        Allocation.objects.bulk_create(self.rows)
        paid: dict[int, Decimal] = {}
        for row in self.rows:
            if row.invoice_id is not None:
                paid[row.invoice_id] = paid.get(row.invoice_id, Decimal(0)) + row.amount
        for pk, amount in sorted(paid.items()):
            Invoice.objects.filter(pk=pk).update(open_amount=F("open_amount") - amount)


def entry_posted(entry: LedgerEntry) -> None:
    """Let an entry that the ledger has just appended settle invoices, or open them again.

    Money in settles what is open. A reversal first takes back all that its original settled, or
    that had met it; then the two meet. Money out waits: while an invoice is open, none is free. One
    statement where nothing is open.
    """
    if not _is_settling(entry):
        return
    if entry.reverses_id is not None:
        ends = {"source_entry" if entry.amount < 0 else "entry": entry.reverses_id}
        take_back(entry.balance_id, **ends)
    if entry.reverses_id is not None or entry.amount > 0:
        settle(entry.balance_id)


def _is_settling(entry: LedgerEntry) -> bool:
    """Whether it is payment rather than what an invoice bills; a reversal is as its original."""
    while entry.kind == EntryKind.REVERSAL and entry.reverses is not None:
        entry = entry.reverses
    return entry.kind in SETTLING


def settle(balance_id: int) -> None:
    """Give all free money of a balance to what is open, the oldest first.

    Before that a reversal is met by what it reverses, and a credit note goes to its own invoice.
    Who was suspended and has paid all that is overdue may call again.
    """
    invoices = _open_invoices(balance_id)
    if not invoices:
        return
    sources, outs = _left_over(balance_id)
    book = _Book(balance_id)
    _pay_own(book, sources, outs, invoices)
    for target in sorted([*outs, *invoices], key=lambda part: part.age):
        for source in sources:
            book.pay(source, target)
    book.write()
    if any(row.invoice_id is not None for row in book.rows):
        lift_if_paid(balance=Balance(pk=balance_id))


def take_back(balance_id: int, **end: int) -> None:
    """Free again what came from, or went to, one ``end`` (a key of Allocation), newest first."""
    rows = Allocation.objects.filter(balance=balance_id, **end).values(*_ENDS)
    book = _Book(balance_id)
    summed = rows.annotate(net=Sum("amount"), last=Max("id")).filter(net__gt=0)
    for row in summed.order_by("-last"):
        ends = {name: row[name] for name in _ENDS}
        book.add(-row["net"], **ends)
    book.write()


def _open_invoices(balance_id: int) -> list[_Part]:
    rows: Any = Invoice.objects.filter(balance=balance_id, open_amount__gt=0)
    found = rows.values_list("open_amount", "issued_at", "pk")
    return [_Part(left, moment, invoice_id=pk) for left, moment, pk in found]


def _left_over(balance_id: int) -> tuple[list[_Part], list[_Part]]:
    """What is free, oldest first, and what went out without being met."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"balance": balance_id, "kinds": [str(kind) for kind in SETTLING]})
        rows: list[Any] = cursor.fetchall()
    free: list[_Part] = []
    outs: list[_Part] = []
    for entry_id, invoice_id, left, moment, reverses, corrects in rows:
        part = _Part(abs(left), moment, entry_id, invoice_id, reverses, corrects)
        (free if left > 0 else outs).append(part)
    return sorted(free, key=lambda part: part.age), outs


def _pay_own(
    book: _Book, sources: Sequence[_Part], outs: Iterable[_Part], invoices: Iterable[_Part]
) -> None:
    paid_in = {source.entry_id: source for source in sources if source.entry_id is not None}
    for out in outs:
        if out.reverses in paid_in:
            book.pay(paid_in[out.reverses], out)
    reversed_ones = {out.entry_id: out for out in outs}
    open_ones = {invoice.invoice_id: invoice for invoice in invoices}
    for source in sources:
        own = reversed_ones.get(source.reverses) or open_ones.get(source.corrects)
        if own is not None:
            book.pay(source, own)
