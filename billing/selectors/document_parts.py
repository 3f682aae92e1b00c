"""What an invoice shows, as plain values: one shape for page, PDF, HTML and XML."""

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from billing.choices import InvoiceKind, InvoiceState
from softswitch.core.display import country_text
from softswitch.core.money import ZERO

# All but what XML 1.0 can hold: one such character in somebody's address, and there is no file.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Party:
    """Who issues or receives: ``address`` in lines, ``country`` by ISO 3166, empty if unknown."""

    name: str
    address: tuple[str, ...] = ()
    country: str = ""
    tax_id: str = ""
    email: str = ""

    @property
    def country_name(self) -> str:
        """As the reader calls it, unless the address ends with it already (or in English)."""
        if not self.country:
            return ""
        name = country_text(self.country)
        last = self.address[-1].casefold() if self.address else ""
        known = (name.casefold(), country_text(self.country, "en").casefold())
        return "" if last.endswith(known) else name


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line; ``amount`` is what the recipient owes, ``rate`` per minute or of one piece."""

    description: str
    amount: Decimal
    prefix: str = ""
    country: str = ""
    calls: int = 0
    seconds: int = 0
    quantity: Decimal | None = None
    rate: Decimal | None = None
    since: date | None = None
    until: date | None = None
    is_taxed: bool = True

    @property
    def minutes(self) -> Decimal:
        return Decimal(self.seconds) / 60


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of one kind, those of calls of one tariff each, with what stands under them.

    ``grouping`` is what a line of calls stands for (LineGrouping), empty for other lines. Whose
    tariff it is stays with its owner: the days in which it was in force tell groups apart. ``rest``
    says how many more lines the last ones sum up, those that are taxed and those that are not.
    """

    lines: tuple[DocumentLine, ...]
    grouping: str = ""
    is_late: bool = False
    rest: int = 0

    @property
    def calls(self) -> int:
        return sum(line.calls for line in self.lines)

    @property
    def minutes(self) -> Decimal:
        return Decimal(sum(line.seconds for line in self.lines)) / 60

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def since(self) -> date | None:
        """The first day of calls, where the lines say it."""
        return min((line.since for line in self.lines if line.since), default=None)

    @property
    def until(self) -> date | None:
        return max((line.until for line in self.lines if line.until), default=None)

    @property
    def has_prefixes(self) -> bool:
        return any(line.prefix for line in self.lines)

    @property
    def has_rates(self) -> bool:
        return any(line.rate is not None for line in self.lines)


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One rate of tax: ``amount`` of ``base``."""

    name: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What of the calls falls to a country, a day or a trunk; ``amount`` is not rounded."""

    name: str
    calls: int
    seconds: int
    amount: Decimal
    day: date | None = None

    @property
    def minutes(self) -> Decimal:
        return Decimal(self.seconds) / 60


@dataclass(frozen=True, slots=True)
class Shares:
    """A section of shares (InvoiceSection): what the lines were before they were rounded."""

    section: str
    rows: tuple[Share, ...]

    @property
    def calls(self) -> int:
        return sum(row.calls for row in self.rows)

    @property
    def minutes(self) -> Decimal:
        return Decimal(sum(row.seconds for row in self.rows)) / 60

    @property
    def amount(self) -> Decimal:
        return sum((row.amount for row in self.rows), ZERO)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in, or went out (negative), within the period; ``kind`` in words."""

    on: date | None
    kind: str
    notes: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate by which calls of the period were charged: prices per minute, intervals in seconds."""

    prefix: str
    destination: str
    price_1: Decimal
    price_n: Decimal
    interval_1: int
    interval_n: int


@dataclass(frozen=True, slots=True)
class Style:
    """How the document looks, and in which language; ``logo`` is a data URI or empty."""

    language: str
    direction: str
    accent: str
    logo: str = ""
    file_kind: str = "pdf"
    is_e_invoice: bool = False
    rate_decimals: int = 4
    sections: tuple[str, ...] = ()
    header: str = ""
    footer: str = ""
    how_to_pay: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """The amounts of an invoice under their names (billing.models.Invoice)."""

    net: Decimal = ZERO
    tax: Decimal = ZERO
    total: Decimal = ZERO
    open_amount: Decimal = ZERO
    previous_balance: Decimal = ZERO
    payments: Decimal = ZERO
    other: Decimal = ZERO
    closing_balance: Decimal = ZERO
    amount_due: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that an invoice or credit note shows; all texts are in ``style.language``.

    ``starts_on`` and ``ends_on`` are the first and the last day of the period in ``zone``.
    ``annex_url`` leads to the list of the calls without a login, ``corrects`` names the invoice
    that a credit note is about.
    """

    kind: str
    state: str
    number: str
    issuer: Party
    customer: Party
    currency: str
    zone: str
    starts_on: date | None
    ends_on: date | None
    issued_on: date | None
    due_on: date | None
    groups: tuple[LineGroup, ...]
    taxes: tuple[TaxRow, ...]
    tax_mode: str
    tax_category: str
    tax_reason: str
    sums: Sums
    style: Style
    shares: tuple[Shares, ...] = ()
    rates: tuple[RateRow, ...] = ()
    has_more_rates: bool = False
    payments: tuple[Payment, ...] = ()
    annex_url: str = ""
    corrects: str = ""
    corrects_on: date | None = None
    reason: str = ""

    @property
    def is_credit_note(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE

    @property
    def is_draft(self) -> bool:
        return self.state == InvoiceState.DRAFT

    @property
    def is_void(self) -> bool:
        return self.state == InvoiceState.VOID

    @property
    def calls_amount(self) -> Decimal:
        return sum((group.amount for group in self.groups if group.grouping), ZERO)

    @property
    def items_amount(self) -> Decimal:
        return sum((group.amount for group in self.groups if not group.grouping), ZERO)

    @property
    def has_calls(self) -> bool:
        return any(group.grouping for group in self.groups)

    @property
    def has_items(self) -> bool:
        return any(not group.grouping for group in self.groups)

    @property
    def has_rest(self) -> bool:
        return any(group.rest for group in self.groups)

    @property
    def owed_before(self) -> Decimal:
        """What was owed before the period; negative where it was the customer's money."""
        return -self.sums.previous_balance

    @property
    def paid(self) -> Decimal:
        return -self.sums.payments

    @property
    def other(self) -> Decimal:
        return -self.sums.other

    @property
    def has_balance(self) -> bool:
        """Whether more than this invoice makes up what is due."""
        sums = self.sums
        return bool(sums.previous_balance or sums.payments or sums.other)

    @property
    def rows(self) -> int:
        """How many table rows it has: what a PDF costs."""
        tables = (self.groups and [len(group.lines) for group in self.groups]) or []
        shares = [len(section.rows) for section in self.shares]
        return sum(tables) + sum(shares) + len(self.rates) + len(self.payments) + len(self.taxes)


def printable(part: Any) -> Any:
    """A text, or a value of this module, without the characters that no document can hold."""
    if isinstance(part, str):
        return _UNPRINTABLE.sub(" ", part) if _UNPRINTABLE.search(part) else part
    if isinstance(part, tuple):
        return tuple(map(printable, part))
    if not is_dataclass(part) or isinstance(part, type):
        return part
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    changed = {name: printable(value) for name, value in values.items()}
    return part if changed == values else replace(part, **changed)
