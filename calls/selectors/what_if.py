"""The answers of what-ifs: sums before and after, grouped, in one currency, as they were kept."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.choices import HoldReason
from billing.selectors.balances import DisplayCurrency
from calls.choices import REASONS, ChangeKind, ChangeSide, ChangeTime, WhatIfGroup
from calls.models import Destination, WhatIf
from calls.selectors.re_rating import with_maker
from customers.choices import Kind
from customers.models import Customer
from customers.tenancy import Actor, subtree
from softswitch.core.display import datetime_text, price_text
from softswitch.core.money import ZERO
from tariffs.choices import MarkupKind
from tariffs.models import RateImport, Tariff

RIGHTS = ("tariffs.view", "reports.view", "cdrs.view", "balance.view")
"""Needed to read what-ifs."""
ASKING_RIGHTS = (*RIGHTS, "tariffs.edit")
"""Needed to ask one: who only looks sets no work off."""
"""What a what-if shows all of: prices, sums, and what one pays oneself."""

_SUMS = ("revenue_before", "revenue_after", "cost_before", "cost_after")
_KEYS = {
    WhatIfGroup.CUSTOMER: ("r.customer_id", "0"),
    WhatIfGroup.DESTINATION: ("0", "r.destination_id"),
    WhatIfGroup.PAIR: ("r.customer_id", "r.destination_id"),
    WhatIfGroup.SELLER: ("r.seller_id", "0"),
}
_RESULT = """
SELECT {keys}, r.reason, coalesce(b.currency_id, ''), coalesce(above.currency_id, ''),
    sum(r.calls), sum(r.duration_ms), {sums}
FROM calls_whatifrow r
LEFT JOIN billing_balance b ON b.id = r.balance_id
LEFT JOIN billing_balance above ON above.id = r.issuer_balance_id
WHERE r.what_if_id = %(what_if)s {filters}
GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class ResultSearch:
    """Which part of an answer; of ``seller`` alone, and parts of names. ``group`` is its rows'.

    ``unrated``: the calls that the new terms cannot rate, which all else leaves out.
    """

    group: WhatIfGroup = WhatIfGroup.CUSTOMER
    seller: int | None = None
    customer: str = ""
    destination: str = ""
    unrated: bool = False


@dataclass(slots=True)
class ResultRow:
    """The sums of one group before and after; None where an amount could not be converted."""

    key: tuple[int, int]
    label: str = ""
    second: str = ""
    reason: int = 0
    calls: int = 0
    duration_ms: int = 0
    sums: dict[str, Counter[str]] = field(default_factory=lambda: {n: Counter() for n in _SUMS})
    revenue_before: Decimal | None = None
    revenue_after: Decimal | None = None
    cost_before: Decimal | None = None
    cost_after: Decimal | None = None
    currency: str = ""

    @property
    def pk(self) -> tuple[int, int]:
        return self.key

    @property
    def rank(self) -> str:
        return self.label.casefold()

    @property
    def why(self) -> str:
        """Why the new terms cannot rate these calls; empty where they can."""
        return str(HoldReason(REASONS[self.reason]).label) if self.reason else ""

    @property
    def minutes(self) -> Decimal:
        return Decimal(self.duration_ms) / 60_000

    @property
    def margin_before(self) -> Decimal | None:
        return _less(self.revenue_before, self.cost_before)

    @property
    def margin_after(self) -> Decimal | None:
        return _less(self.revenue_after, self.cost_after)

    @property
    def revenue_change(self) -> Decimal | None:
        return _less(self.revenue_after, self.revenue_before)

    @property
    def cost_change(self) -> Decimal | None:
        return _less(self.cost_after, self.cost_before)

    @property
    def margin_change(self) -> Decimal | None:
        return _less(self.margin_after, self.margin_before)

    @property
    def becomes_loss(self) -> bool:
        """Whether it earned, or cost nothing, and would not any more."""
        before, after = self.margin_before, self.margin_after
        return before is not None and after is not None and before >= 0 > after

    @property
    def is_loss(self) -> bool:
        return self.margin_after is not None and self.margin_after < 0


@dataclass(frozen=True, slots=True)
class Result:
    """The rows found, those that lose most first, and their sum; all amounts in ``currency``."""

    rows: list[ResultRow]
    total: ResultRow
    currency: str
    is_converted: bool

    @property
    def losses(self) -> list[ResultRow]:
        """The rows that turn to a loss."""
        return [row for row in self.rows if row.becomes_loss]


def own_what_ifs(rows: QuerySet[WhatIf], actor: Actor) -> QuerySet[WhatIf]:
    """``rows`` with what lists name: ``who`` asked is told as of re-ratings."""
    named: QuerySet[WhatIf] = with_maker(rows.select_related("seller", "customer"), actor)
    return named


def may_change(actor: Actor, what_if: WhatIf) -> bool:
    """Whether the actor may rename, repeat and delete it."""
    is_own: bool = what_if.owner_id == actor.customer_id
    return is_own and all(actor.can(right) for right in ASKING_RIGHTS)


def sellers_of(seller: Customer, *, has_below: bool) -> list[int]:
    """Whose sums are told: the seller's, and with ``has_below`` those of all resellers below it."""
    if not has_below:
        return [seller.pk]
    rows = Customer.objects.all() if seller.is_root else subtree(Customer, seller.pk)
    return sorted({seller.pk, *rows.filter(kind=Kind.RESELLER).values_list("pk", flat=True)})


def rates_at(what_if: WhatIf) -> datetime:
    """Of when its exchange rates are: when it was asked, the last time."""
    at: datetime = what_if.terms_at or what_if.created_at
    return at


def result_of(what_if: WhatIf, search: ResultSearch) -> Result:
    """The sums of an answer by a group, in three statements whatever their number.

    Amounts of one currency stay in it; of several all are in the display currency of who asked, at
    the exchange rates of then. Exact sums, converted once a row, as reports do.
    """
    found: dict[tuple[int, int, int], ResultRow] = {}
    total = ResultRow((0, 0))
    for customer, destination, reason, sold_in, bought_in, *values in _read(what_if, search):
        row = found.setdefault(
            (customer, destination, reason), ResultRow((customer, destination), reason=reason)
        )
        for one in (row, total):
            _add(one, sold_in, bought_in, values)
    codes = {code for sums in total.sums.values() for code in sums if code}
    is_converted = len(codes) > 1
    code = what_if.currency if is_converted else next(iter(codes), what_if.currency)
    rates = {name: Decimal(rate) for name, rate in what_if.rates.items()}
    display = DisplayCurrency(what_if.currency, rates_at(what_if), rates)
    for row in (*found.values(), total):
        _price(row, code, display)
    if search.group == WhatIfGroup.SELLER and what_if.seller.is_root:
        for row in found.values():
            if row.key[0] == what_if.seller_id:  # what Root pays is not known
                row.cost_before = row.cost_after = None
    _name(search.group, found.values())
    rows = sorted(found.values(), key=lambda row: (_loss(row), row.rank, row.key))
    return Result(rows, total, code, is_converted)


def changes_told(what_if: WhatIf) -> list[tuple[Any, str]]:
    """The other terms of a what-if in words: whose payment changes, and how."""
    keys = {change[name] for change in what_if.changes for name in ("tariff", "replaces")}
    tariffs = dict(Tariff.objects.filter(pk__in=keys - {None}).values_list("pk", "name"))
    sheets = RateImport.objects.select_related("tariff").in_bulk(
        [change["rate_import"] for change in what_if.changes if change["rate_import"]]
    )
    labels = {side.value: side.label for side in ChangeSide}
    return [
        (labels[change["side"]], _told(change, tariffs, sheets.get(change["rate_import"])))
        for change in what_if.changes
    ]


def _told(change: dict[str, Any], tariffs: dict[int, str], sheet: RateImport | None) -> str:
    tariff = tariffs.get(change["tariff"], "")
    if change["kind"] == ChangeKind.DRAFT:
        name = sheet.file_name if sheet else ""
        tariff = sheet.tariff.name if sheet else ""
        text = _("rate sheet %(name)s on %(tariff)s") % {"name": name, "tariff": tariff}
    elif change["kind"] == ChangeKind.MARKUP:
        amount = price_text(Decimal(change["amount"])).rstrip("0").rstrip(".")
        is_percent = change["markup"] == MarkupKind.PERCENT
        told = {"tariff": tariff, "amount": f"{amount} %" if is_percent else amount}
        text = _("%(tariff)s with a mark-up of %(amount)s") % told
    else:
        text = tariff
    if change["replaces"]:
        text += " " + _("in place of %(name)s") % {"name": tariffs.get(change["replaces"], "")}
    if change["kind"] == ChangeKind.DRAFT:
        return text + ", " + _("in full force")
    if change["time"] == ChangeTime.DATE:
        at = datetime.fromisoformat(change["at"])
        return text + ", " + _("as in force at %(at)s") % {"at": datetime_text(at)}
    return text + ", " + str(ChangeTime(change["time"]).label).lower()


def sellers_in(what_if: WhatIf) -> list[tuple[int, str]]:
    """Whose sums an answer has, by name."""
    ids = what_if.rows.order_by().values_list("seller_id", flat=True).distinct()
    rows = Customer.objects.filter(pk__in=list(ids)).order_by("name")
    return list(rows.values_list("pk", "name"))


def unrated_in(what_if: WhatIf) -> dict[int, int]:
    """How many calls the new terms cannot rate, by reason (a place in pricing.REASONS)."""
    rows = what_if.rows.filter(reason__gt=0, seller_id=what_if.seller_id)
    found: Counter[int] = Counter()
    for reason, calls in rows.values_list("reason", "calls"):
        found[reason] += calls
    return dict(found)


def _read(what_if: WhatIf, search: ResultSearch) -> list[tuple[Any, ...]]:
    filters = " AND r.reason > 0" if search.unrated else " AND r.reason = 0"
    values: dict[str, Any] = {"what_if": what_if.pk}
    if search.group != WhatIfGroup.SELLER:
        filters += " AND r.seller_id = %(seller)s"
        values["seller"] = search.seller or what_if.seller_id
    for name, text, model in (
        ("customer", search.customer, Customer),
        ("destination", search.destination, Destination),
    ):
        if text:
            filters += f" AND r.{name}_id = ANY(%({name})s)"
            values[name] = _named(model, text, what_if.rows.order_by().values(f"{name}_id"))
    sql = _RESULT.format(
        keys=", ".join(_KEYS[search.group]),
        sums=", ".join(f"sum(r.{name})" for name in _SUMS),
        filters=filters,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _named(model: Any, text: str, within: QuerySet[Any, Any]) -> list[int]:
    """Those ``within`` named so, whatever the case, or else those whose names hold it.

    A name that only others have finds nothing, and hides nothing: it is not to be learnt of.
    """
    rows = model.objects.filter(pk__in=within)
    whole = list(rows.filter(name__iexact=text).values_list("pk", flat=True))
    part = rows.filter(name__icontains=text)
    return whole or list(part.values_list("pk", flat=True))


def _add(row: ResultRow, sold_in: str, bought_in: str, values: list[Any]) -> None:
    row.calls += int(values[0])
    row.duration_ms += int(values[1])
    for name, value in zip(_SUMS, values[2:], strict=True):
        row.sums[name][sold_in if name.startswith("revenue") else bought_in] += value


def _price(row: ResultRow, code: str, display: DisplayCurrency) -> None:
    row.currency = code
    for name, amounts in row.sums.items():
        setattr(row, name, _sum(amounts, code, display))


def _sum(amounts: Counter[str], code: str, display: DisplayCurrency) -> Decimal | None:
    total = ZERO
    for currency, amount in amounts.items():
        value = amount if currency in (code, "") else display.convert(Decimal(amount), currency)
        if value is None:
            return None
        total += value
    return total


def _name(group: WhatIfGroup, rows: Iterable[ResultRow]) -> None:
    rows = list(rows)
    people = Customer.objects.filter(pk__in={row.key[0] for row in rows})
    names = dict(people.values_list("pk", "name"))
    places = Destination.objects.filter(pk__in={row.key[1] for row in rows})
    destinations = {pk: (name, country) for pk, name, country in places.values_list()}
    for row in rows:
        customer = names.get(row.key[0], "")
        destination, country = destinations.get(row.key[1], ("", ""))
        if group == WhatIfGroup.DESTINATION:
            row.label, row.second = destination, country
        else:
            row.label, row.second = customer, destination


def _loss(row: ResultRow) -> Decimal:
    return ZERO if row.margin_change is None else row.margin_change


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other
