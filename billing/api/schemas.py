"""What the API of invoices, periods, statements and payments takes and answers."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from ninja import Field, Schema

from billing.choices import FileKind, InvoiceKind, InvoiceStatus
from softswitch.core.api import LARGEST_KEY, In, Paging

Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
# Days whose midnights are moments in every zone.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
Reason = Annotated[str, Field(min_length=1, max_length=300)]


class PeriodOut(Schema):
    """A billing period, half-open; ``outcome`` is empty while it is open, and to who pays."""

    id: int
    balance_id: int
    starts_at: datetime
    ends_at: datetime
    period_type: str
    timezone: str
    closed_at: datetime | None
    outcome: str = Field(alias="shown_outcome")

    @staticmethod
    def resolve_timezone(period: Any) -> str:
        """The name of the zone."""
        return str(period.timezone)


class PeriodPage(Schema):
    """One page of periods; ``next`` is what to ask ``after`` for more."""

    items: list[PeriodOut]
    next: int | None


class InvoiceOut(Schema):
    """An invoice or credit note; ``issuer_id`` is null where somebody above issues it.

    ``total`` = ``net`` + ``tax`` is what the customer owes (of a credit note: gets back);
    balances and payments are the customer's money where above 0.
    """

    id: int
    kind: str
    status: str
    number: str
    issuer_id: int | None
    customer_id: int
    customer_name: str
    account_id: int | None
    balance_id: int
    period_id: int | None
    currency: str = Field(alias="currency_id")
    net: Decimal
    tax: Decimal
    total: Decimal
    open_amount: Decimal
    issued_on: date | None
    due_on: date | None
    voided_at: datetime | None
    replaces_id: int | None
    corrects_id: int | None

    @staticmethod
    def resolve_issuer_id(invoice: Any) -> int | None:
        """Nobody's id, where the viewer may not know it."""
        return invoice.issuer_id if invoice.issuer_name else None


class InvoicePage(Schema):
    """One page of invoices; ``next`` is what to ask ``after`` for more."""

    items: list[InvoiceOut]
    next: int | None


class LineOut(Schema):
    """One line; ``rate`` is a price per minute, or of one piece where ``quantity`` is there."""

    position: int
    kind: str
    description: str
    country: str
    prefix: str
    tariff: str
    calls: int
    billed_seconds: int
    quantity: Decimal | None
    rate: Decimal | None
    since: date | None
    until: date | None
    amount: Decimal
    is_taxed: bool


class TaxOut(Schema):
    """One rate of tax: ``amount`` of ``base``."""

    name: str
    percent: Decimal
    is_compound: bool
    base: Decimal
    amount: Decimal


class SettledOut(Schema):
    """What one source settled: an entry of the ledger, or an invoice below 0."""

    entry_id: int | None
    kind: str
    invoice_id: int | None
    amount: Decimal
    at: datetime


class InvoiceDetailOut(InvoiceOut):
    """An invoice with its lines, its taxes, what settled it and what it did to the balance."""

    tax_mode: str
    tax_reason: str
    previous_balance: Decimal
    payments: Decimal
    other: Decimal
    closing_balance: Decimal
    amount_due: Decimal
    lines: list[LineOut] = Field(alias="shown_lines")
    taxes: list[TaxOut] = Field(alias="shown_taxes")
    settled_by: list[SettledOut] = Field(alias="shown_settled")


class CallsLinkOut(Schema):
    """A signed address that is good for ``days``."""

    url: str
    days: int


class FileSearch(In):
    """Which file of a document; without ``format`` the one that its settings say."""

    format: FileKind | None = None


class IssueIn(In):
    """The date of the invoice; today where there is none."""

    issued_on: Day | None = None


class ReasonIn(In):
    """Why."""

    reason: Reason


class CreditNoteIn(In):
    """How much of an invoice is taken back, tax included, in its currency, and why."""

    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    reason: Reason


class PartySearch(Paging):
    """Rows of one customer, or of one account."""

    customer_id: Key | None = None
    account_id: Key | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
        """Of ``rows`` those that were asked for; ``path`` leads to the two parties."""
        wanted = {"customer_id": self.customer_id, "account_id": self.account_id}
        asked = {f"{path}{name}": key for name, key in wanted.items() if key is not None}
        return rows.filter(**asked)


class InvoiceSearch(PartySearch):
    """Which invoices."""

    status: InvoiceStatus | None = None
    kind: InvoiceKind | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    issued_from: Day | None = None
    issued_to: Day | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
        wanted = {
            "kind": self.kind,
            "currency": self.currency,
            "issued_on__gte": self.issued_from,
            "issued_on__lte": self.issued_to,
        }
        asked = {name: value for name, value in wanted.items() if value is not None}
        return super().narrow(rows, path).filter(**asked)


class PeriodSearch(PartySearch):
    """Which periods; ``closed`` false are those that are still open."""

    closed: bool | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "balance__") -> QuerySet[Any]:
        found = super().narrow(rows, path)
        return found if self.closed is None else found.filter(closed_at__isnull=not self.closed)


class PaymentSearch(PartySearch):
    """Which payments, by the day (UTC) of posting."""

    since: Day | None = None
    until: Day | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
        days = Q()
        if self.since is not None:
            days &= Q(posted_at__gte=datetime.combine(self.since, time(), UTC))
        if self.until is not None:
            days &= Q(posted_at__lt=datetime.combine(self.until + timedelta(days=1), time(), UTC))
        return super().narrow(rows, path).filter(days)


class StatementSearch(In):
    """Whose statement: of a customer with its owner, or of an account; local days, both included.

    Without days it is this month's.
    """

    customer_id: Key | None = None
    account_id: Key | None = None
    since: Day | None = None
    until: Day | None = None


class StatementLineOut(Schema):
    """An entry, or the calls of one local day; ``running`` is the balance after it.

    What re-ratings changed of a day's calls is a line of its own. ``re_ratings`` are their ids, as
    far as the caller sees them.
    """

    at: datetime
    kind: str
    amount: Decimal
    running: Decimal
    notes: str
    entry_id: int | None
    day: date | None
    calls: int
    re_ratings: list[int]


class StatementOut(Schema):
    """``opening`` + ``credits`` - ``debits`` = ``closing``, in the currency of the balance."""

    balance_id: int
    currency: str
    timezone: str
    since: date
    until: date
    opening: Decimal
    credits: Decimal
    debits: Decimal
    closing: Decimal
    lines: list[StatementLineOut]


class PaymentOut(Schema):
    """Money in (above 0) or out, in the currency of the balance, and what was entered."""

    id: int
    balance_id: int
    customer_id: int
    account_id: int | None
    kind: str
    amount: Decimal
    currency: str = Field(alias="balance.currency_id")
    balance_after: Decimal
    original_amount: Decimal
    original_currency: str = Field(alias="original_currency_id")
    exchange_rate: Decimal
    notes: str
    posted_at: datetime


class PaymentPage(Schema):
    """One page of payments; ``next`` is what to ask ``after`` for more."""

    items: list[PaymentOut]
    next: int | None


class PaymentIn(In):
    """A payment received: an amount above 0 in any currency of the system."""

    balance_id: Key
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    notes: Annotated[str, Field(max_length=500)] = ""
