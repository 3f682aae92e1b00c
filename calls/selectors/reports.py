"""Margin and traffic: sums over the calls of a period, grouped, as far as the viewer sees them.

All is read from the rows that charging adds up (calls.services.traffic), never from calls. A
seller's report has each call of its subtree once: what its direct customer pays it, and what it
pays for it itself. A buyer's report has what it pays. Nobody's has a price above its own.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Account, Trunk
from billing.selectors.balances import DisplayCurrency, display_currency
from calls.choices import Grain, ReportGroup
from calls.models import Destination
from calls.selectors.report_groups import by_group, destinations_in
from calls.selectors.report_rows import ReportRow
from calls.selectors.sellers import is_seller
from customers.models import Customer
from customers.selectors import spans_below
from customers.selectors.names import names_when_left
from customers.tenancy import Actor
from softswitch.core.money import ZERO
from tariffs.models import DestinationGroup

QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_COUNTS = ("attempts", "answered", "reached", "pdd_calls", "pdd_ms", "duration_ms",
           "billed_seconds")  # fmt: skip
_READ = ("slot", "customer_id", "balance_id", "issuer_balance_id", "account_id", "trunk_id",
         "destination_id", *_COUNTS, "amount", "issuer_amount")  # fmt: skip
_KEYS = {
    ReportGroup.CUSTOMER: "t.customer_id",
    ReportGroup.DESTINATION: "t.destination_id",
    ReportGroup.DESTINATION_GROUP: "t.destination_id",  # folded into groups afterwards
    ReportGroup.COUNTRY: "coalesce(d.country, '')",
    ReportGroup.TRUNK: "t.trunk_id",
    ReportGroup.ACCOUNT: "t.account_id",
    ReportGroup.DAY: "(%(days)s::timestamptz[])[width_bucket(t.slot, %(days)s::timestamptz[])]",
    ReportGroup.HOUR: "date_trunc('hour', t.slot, %(zone)s)",
}
_TIMES = (ReportGroup.DAY, ReportGroup.HOUR)
_OWNED = (ReportGroup.ACCOUNT, ReportGroup.TRUNK)
_NAMED: dict[ReportGroup, tuple[Any, ...]] = {  # by what a row is named, and what stands beside it
    ReportGroup.CUSTOMER: (Customer, "name"),
    ReportGroup.ACCOUNT: (Account, "auth_name", "customer__name"),
    ReportGroup.TRUNK: (Trunk, "name", "customer__name"),
    ReportGroup.DESTINATION: (Destination, "name", "country"),
    ReportGroup.DESTINATION_GROUP: (DestinationGroup, "name"),
}
_REPORT = """
WITH t AS ({pieces})
SELECT {key}, CASE WHEN t.is_sale THEN b.currency_id END,
    CASE WHEN t.is_sale THEN above.currency_id ELSE b.currency_id END,
    {counts}, sum(CASE WHEN t.is_sale THEN t.amount ELSE 0 END),
    sum(CASE WHEN t.is_sale THEN t.issuer_amount ELSE t.amount END)
FROM t JOIN billing_balance b ON b.id = t.balance_id
LEFT JOIN billing_balance above ON above.id = t.issuer_balance_id
{names}
GROUP BY 1, 2, 3
"""
_COUNTRIES = "LEFT JOIN calls_destination d ON d.id = t.destination_id"
_PIECE = "SELECT {columns}, {is_sale} AS is_sale FROM {table} t WHERE {whose} AND {when}{filters}"


@dataclass(frozen=True, slots=True)
class ReportSearch:
    """What a report is about: calls set up from ``since`` to before ``until``.

    Both are full quarters of an hour, as days and hours begin in every zone. ``level`` is the
    customer below whose report it is, None for the viewer's own; it must be visible to the actor.
    Texts are whole names, or else parts of them; ``customer_id`` is of a payer of that level.
    """

    group: ReportGroup
    since: datetime
    until: datetime
    zone: str = "UTC"
    level: Customer | None = None
    customer_id: int | None = None
    account: str = ""
    trunk: str = ""
    destination: str = ""
    destination_group: str = ""
    country: str = ""

    @property
    def is_detailed(self) -> bool:
        """Whether it asks for more than customers and time."""
        narrowed = (
            self.account,
            self.trunk,
            self.destination,
            self.destination_group,
            self.country,
        )
        return self.group not in (ReportGroup.CUSTOMER, *_TIMES) or any(narrowed)


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a report in no order, and their sum; all amounts are in ``currency``.

    ``is_converted``: several currencies, at today's exchange rates.
    """

    rows: list[ReportRow]
    total: ReportRow
    currency: str
    is_converted: bool


def report(actor: Actor, search: ReportSearch) -> Report:
    """The sums of ``search`` by its group, in a handful of statements whatever their number.

    Amounts of one currency stay in it, of several all are in the actor's display currency at
    today's exchange rates, as everywhere.
    """
    found: dict[Any, ReportRow] = {}
    total = ReportRow(key=None)
    rows = _read(actor, search)
    if search.group == ReportGroup.DESTINATION_GROUP:
        rows = by_group(actor, rows)
    for key, earned_in, spent_in, *sums in rows:
        one = ReportRow(key, counts=Counter(dict(zip(_COUNTS, map(int, sums), strict=False))))
        one.earned[earned_in or ""] += sums[-2]
        one.spent[spent_in or ""] += sums[-1]
        found.setdefault(key, ReportRow(key)).add(one)
        total.add(one)
    currencies = {code for code in (*total.earned, *total.spent) if code}
    display = display_currency(actor)
    is_converted = len(currencies) > 1
    code = display.code if is_converted else next(iter(currencies), display.code)
    for row in (*found.values(), total):
        _price(row, code, display)
    _name(actor, search.group, found)
    return Report(list(found.values()), total, code, is_converted)


def minutes_over_time(
    actor: Actor, search: ReportSearch, group: ReportGroup
) -> list[tuple[datetime, Decimal]]:
    """Minutes of a search by day or hour, whatever its own group; each day or hour is there.

    What begins within one belongs to it: clocks that are changed by half an hour shift the hours.
    """
    zone, moments = ZoneInfo(search.zone), [search.since]
    while (following := _after(moments[-1], group, zone)) < search.until:
        moments.append(following)
    minutes = [0] * len(moments)
    for row in _read(actor, replace(search, group=group)):
        place = max(bisect(moments, row[0]) - 1, 0)
        minutes[place] += int(row[3 + _COUNTS.index("duration_ms")])
    return [(moment, Decimal(ms) / 60_000) for moment, ms in zip(moments, minutes, strict=True)]


def _day_starts(search: ReportSearch) -> list[datetime]:
    """When the days begin, by the zones that the pages know: the database may know others."""
    zone = ZoneInfo(search.zone)
    day = search.since.astimezone(zone).date()
    starts = [datetime.combine(day, time(), zone).astimezone(UTC)]
    while (following := _after(starts[-1], ReportGroup.DAY, zone)) < search.until:
        starts.append(following)
    return starts


def _after(moment: datetime, group: ReportGroup, zone: ZoneInfo) -> datetime:
    """When the next hour, or the next day of the zone begins."""
    if group == ReportGroup.HOUR:
        return moment + timedelta(hours=1)
    day = moment.astimezone(zone).date() + _DAY
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _price(row: ReportRow, code: str, display: DisplayCurrency) -> None:
    row.currency = code
    row.revenue = _sum(row.earned, code, display)
    row.cost = _sum(row.spent, code, display)


def _sum(amounts: Counter[str], code: str, display: DisplayCurrency) -> Decimal | None:
    """The amounts in ``code``: the display currency, or the only one there is."""
    total = ZERO
    for currency, amount in amounts.items():
        value = amount if currency in (code, "") else display.convert(Decimal(amount), currency)
        if value is None:
            return None
        total += value
    return total


def _name(actor: Actor, group: ReportGroup, rows: dict[Any, ReportRow]) -> None:
    """Names of what the keys stand for; moments are named by whoever shows them."""
    if group == ReportGroup.COUNTRY:
        for row in rows.values():
            row.label = row.key
    if group not in _NAMED:
        return
    model, *columns = _NAMED[group]
    for pk, label, *beside in model.objects.filter(pk__in=rows).values_list("pk", *columns):
        rows[pk].label, rows[pk].second = label, "".join(beside)
    _name_as_known(actor, group, rows)


def _name_as_known(actor: Actor, group: ReportGroup, rows: dict[Any, ReportRow]) -> None:
    """The names that the actor knew of customers that have left."""
    if group == ReportGroup.CUSTOMER:
        for pk, name in names_when_left(actor, rows).items():
            rows[pk].label, rows[pk].has_left = name, True
    elif group in _OWNED:
        found = _NAMED[group][0].objects.filter(pk__in=rows)
        owners: dict[int, int] = dict(found.values_list("pk", "customer_id"))
        left = names_when_left(actor, set(owners.values()))
        for pk, owner_id in owners.items():
            rows[pk].second = left.get(owner_id, rows[pk].second)
            rows[pk].has_left = owner_id in left


# What is read ----------------------------------------------------------------------------------


def _read(actor: Actor, search: ReportSearch) -> list[tuple[Any, ...]]:
    narrowed, values = _filters(actor, search)
    customer = search.level or actor.customer
    spans = list(_spans(actor, search, customer))
    sources = [
        *(("calls_traffic", when) for span in spans for when in _windows(search, *span)),
        *(("calls_trafficdelta", _within(*span)) for span in spans),
    ]
    columns = ", ".join(f"t.{name}" for name in _READ)
    pieces = [
        _PIECE.format(
            columns=columns,
            table=table,
            is_sale=is_sale,
            whose=whose,
            when=when,
            filters=narrowed,
        )
        for table, when in sources
        for is_sale, whose in _whose(customer)
    ]
    if not pieces:
        return []
    sql = _REPORT.format(
        pieces=" UNION ALL ".join(pieces),
        key=_KEYS[search.group],
        counts=", ".join(f"sum(t.{name})" for name in _COUNTS),
        names=_COUNTRIES if search.group == ReportGroup.COUNTRY else "",
    )
    values["zone"] = search.zone
    if search.group == ReportGroup.DAY:
        values["days"] = _day_starts(search)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _whose(customer: Customer) -> Iterable[tuple[str, str]]:
    """Whether rows are sales, and which rows: ids are numbers."""
    if not is_seller(customer):
        yield "false", f"t.customer_id = {customer.pk:d} AND t.level = 1"
        return
    yield "true", f"t.issuer_id = {customer.pk:d}"
    if not customer.is_root:  # what it called itself, and sold to nobody
        yield (
            "false",
            f"t.customer_id = {customer.pk:d} AND t.level = 1 AND t.is_origin",
        )


def _filters(actor: Actor, search: ReportSearch) -> tuple[str, dict[str, Any]]:
    sql, values = "", dict[str, Any]()
    if search.customer_id is not None:
        sql, values["customer"] = " AND t.customer_id = %(customer)s", search.customer_id
    named: list[tuple[str, str, QuerySet[Any], str]] = [
        ("account", search.account, Account.objects.visible_to(actor), "auth_name"),
        ("trunk", search.trunk, Trunk.objects.visible_to(actor), "name"),
        ("destination", search.destination, Destination.objects.all(), "name"),
    ]
    for name, text, rows, column in named:
        if text:
            sql += f" AND t.{name}_id = ANY(%({name})s)"
            values[name] = _ids(rows, column, text)
    if search.destination_group:
        sql += " AND t.destination_id = ANY(%(group)s)"
        values["group"] = destinations_in(actor, search.destination_group)
    if search.country:
        within = Destination.objects.filter(country__iexact=search.country)
        sql += " AND t.destination_id = ANY(%(country)s)"
        values["country"] = list(within.values_list("pk", flat=True))
    return sql, values


def _ids(rows: QuerySet[Any], column: str, text: str) -> list[int]:
    """The rows named exactly ``text``, or so in another case, or else whose names hold it."""
    holding = rows.filter(**{f"{column}__icontains": text}).values_list("pk", column)
    found = list(holding)
    exact = [pk for pk, name in found if name == text]
    whole = [pk for pk, name in found if name.casefold() == text.casefold()]
    return exact or whole or [pk for pk, _name in found]


def _windows(search: ReportSearch, since: datetime, until: datetime) -> Iterable[str]:
    """Conditions that together hold every slot once, whole days as one row where that will do."""
    fine = Grain.DETAIL if search.is_detailed else Grain.PLAIN
    first, last = since + (_EPOCH - since) % _DAY, until - (until - _EPOCH) % _DAY
    if first >= last or (search.group in _TIMES and not _is_of_utc_days(search)):
        yield _of_grain(fine, since, until)
        return
    yield _of_grain(Grain.DAY, first, last)
    if since < first:
        yield _of_grain(fine, since, first)
    if last < until:
        yield _of_grain(fine, last, until)


def _is_of_utc_days(search: ReportSearch) -> bool:
    """Whether days of UTC are its groups; without details the rows of quarters are the fewer."""
    zone, days = ZoneInfo(search.zone), (search.until - search.since) // _DAY + 1
    moments = [*(search.since + day * _DAY for day in range(days)), search.until]
    is_elsewhere = any(moment.astimezone(zone).utcoffset() for moment in moments)
    return search.is_detailed and search.group == ReportGroup.DAY and not is_elsewhere


def _spans(
    actor: Actor, search: ReportSearch, customer: Customer
) -> Iterable[tuple[datetime, datetime]]:
    """The time asked for, as far as ``customer`` stood below the actor then.

    Of a quarter of an hour in which somebody above it moved, nothing is told.
    """
    if customer.pk == actor.customer_id or actor.is_root:
        yield search.since, search.until
        return
    for start, end in spans_below(customer.pk, actor.customer_id):
        since, until = search.since, search.until
        if start is not None:
            since = max(since, start + (_EPOCH - start) % QUARTER)
        if end is not None:
            until = min(until, end - (end - _EPOCH) % QUARTER)
        if since < until:
            yield since, until


def _of_grain(grain: Grain, since: datetime, until: datetime) -> str:
    return f"t.grain = {grain:d} AND {_within(since, until)}"


def _within(since: datetime, until: datetime) -> str:
    return f"t.slot >= '{since.isoformat()}' AND t.slot < '{until.isoformat()}'"
