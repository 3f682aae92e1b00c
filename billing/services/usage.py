"""Adds up the charges of a batch of calls into usage entries, ready to be posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from billing.models import Balance
from billing.services.periods import periods_for
from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    DATE,
    FOREVER,
    INTEGER,
    MOMENT,
    Array,
    Int64s,
    grouped,
    numeric,
    read_columns,
    text,
    texts_of,
    write_columns,
)
from softswitch.core.dated import NONE, Dated
from softswitch.core.moments import from_microseconds, to_microseconds

_SECOND: int = 10**6
_DAY: int = 24 * 3600 * _SECOND
_QUARTER: int = 900 * _SECOND  # clocks change at full quarters of an hour only
_LARGEST_SUM = 9e18  # range guard
_ZONE_SIZE = 48

_BALANCES = """
SELECT id, customer_id, issuer_id, coalesce(account_id, 0), opened_at,
    coalesce(closed_at, 'infinity'), convert_to(rpad(currency_id, 3), 'UTF8'),
    convert_to(rpad(period_timezone, %s), 'UTF8')
FROM billing_balance
"""
_OF_PAYERS = "WHERE customer_id = ANY(%s) AND account_id IS NULL OR account_id = ANY(%s)"
_OF_IDS = "WHERE id = ANY(%s) ORDER BY id"
_BALANCE_COLUMNS = {
    "id": BIGINT,
    "customer": BIGINT,
    "issuer": BIGINT,
    "account": BIGINT,
    "opened_at": MOMENT,
    "closed_at": MOMENT,
    "currency": text(3),
    "zone": text(_ZONE_SIZE),
}
_PERIODS = """
SELECT id, balance_id, starts_at, ends_at, closed_at IS NOT NULL
FROM billing_billingperiod WHERE balance_id = ANY(%s) AND ends_at > %s AND starts_at <= %s
"""
_PERIOD_COLUMNS = {
    "id": BIGINT,
    "balance": BIGINT,
    "start": MOMENT,
    "end": MOMENT,
    "is_closed": BOOLEAN,
}
_BATCH_COLUMNS = {
    "id": BIGINT,
    "setup_month": DATE,
    "usage_on": DATE,
    "balance_id": BIGINT,
    "customer_id": BIGINT,
    "issuer_id": BIGINT,
    "account_id": BIGINT,
    "period_id": BIGINT,
    "period_ends_at": MOMENT,
    "amount": numeric(6),
    "calls": INTEGER,
    "billed_seconds": BIGINT,
}
_BATCH_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_batch (
    id bigint, setup_month date, usage_on date, balance_id bigint, customer_id bigint,
    issuer_id bigint, account_id bigint, period_id bigint, period_ends_at timestamptz,
    amount numeric(20, 6), calls integer, billed_seconds bigint
) ON COMMIT DELETE ROWS
"""


@dataclass(frozen=True, slots=True, eq=False)
class Payers:
    """The balance behind each row: ``rows`` of a table of balances, which is small."""

    table: Mapping[str, Array]
    rows: Int64s

    def where(self, chosen: Array) -> "Payers":
        """The chosen rows, by index or mask."""
        return Payers(self.table, self.rows[chosen])

    @property
    def balances(self) -> Int64s:
        return self.table["id"][self.rows]

    @property
    def issuers(self) -> Int64s:
        return self.table["issuer"][self.rows]

    @property
    def known(self) -> set[tuple[int, str, bool]]:
        """Of each balance of the table: id, currency, and whether a move had closed it."""
        currencies = texts_of(self.table["currency"]).tolist()
        is_closed = (self.table["closed_at"] < FOREVER).tolist()
        return set(zip(self.table["id"].tolist(), currencies, is_closed, strict=True))

    @property
    def currencies(self) -> Array:
        """ISO codes."""
        return texts_of(self.table["currency"])[self.rows]

    def local_days(self, moments: Int64s) -> Int64s:
        """The date of each moment in the billing time zone of its row, as days since 1970."""
        zones, zone_of = np.unique(texts_of(self.table["zone"]), return_inverse=True)
        keys = moments // _QUARTER * len(zones) + zone_of[self.rows]
        pairs, which = np.unique(keys, return_inverse=True)
        offsets = [
            _offset(str(zones[pair % len(zones)]), pair // len(zones)) for pair in pairs.tolist()
        ]
        days: Int64s = (moments + np.array(offsets, dtype=np.int64)[which]) // _DAY
        return days

    def clamp(self, moments: Int64s) -> Int64s:
        """Each moment, but not before its balance was opened, nor after a move closed it."""
        later = np.maximum(moments, self.table["opened_at"][self.rows])
        clamped: Int64s = np.minimum(later, self.table["closed_at"][self.rows] - 1)
        return clamped


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """Charges as columns; amounts are millionths of the balance's currency.

    ``accounts`` is 0 where a customer pays; moments are microseconds since 1970 UTC.
    ``is_correction``: they take back and replace what calls were charged before, and count as no
    calls; else no amount is negative.
    """

    payers: Payers
    customers: Int64s
    issuers: Int64s
    accounts: Int64s
    setup_at: Int64s
    ended_at: Int64s
    billed_seconds: Int64s
    amounts: Int64s
    is_correction: bool = False


def payers_of(customers: Int64s, accounts: Int64s, setup_at: Int64s) -> Payers:
    """The balance of each row's account, or where that is 0 of its customer, at a call's start.

    A customer that moved has one balance per owner: a call from before a move is the old owner's.
    Raises LookupError naming the first row that has none.
    """
    wanted = np.unique(customers[accounts == 0]).tolist()
    own = np.unique(accounts[accounts > 0]).tolist()
    found = read_columns(_BALANCES + _OF_PAYERS, [_ZONE_SIZE, wanted, own], _BALANCE_COLUMNS)
    # Ids of customers and accounts as one series of keys: even ones and odd ones.
    keys = np.where(found["account"] > 0, 2 * found["account"] + 1, 2 * found["customer"])
    sought = np.where(accounts > 0, 2 * accounts + 1, 2 * customers)
    rows = Dated(keys, _takes_over_at(keys, found["closed_at"]), found["closed_at"]).find(
        sought, setup_at
    )
    is_missing = rows == NONE
    if is_missing.any():
        first = int(is_missing.argmax())
        raise LookupError(f"no balance: customer {customers[first]}, account {accounts[first]}")
    return Payers(found, rows)


def payers_at(balances: Int64s) -> Payers:
    """The payer of each row, whose balance is known by its id. Raises LookupError for a wrong one.

    What was charged once is corrected on the same balance, whatever became of it.
    """
    ids = np.unique(balances)
    found = read_columns(_BALANCES + _OF_IDS, [_ZONE_SIZE, ids.tolist()], _BALANCE_COLUMNS)
    if len(found["id"]) != len(ids):
        raise LookupError("a balance of a charge does not exist")
    return Payers(found, np.searchsorted(found["id"], balances))


def in_closed_periods(payers: Payers, ended_at: Int64s) -> Array:
    """Which rows belong to a period that is closed, so that they are posted to the open one."""
    if not ended_at.size:
        return np.zeros(0, dtype=np.bool_)
    rows, found = _find_periods(payers.balances, payers.clamp(ended_at))
    is_closed: Array = np.append(rows["is_closed"].astype(np.bool_), False)[found]
    return is_closed  # NONE is -1: the False at the end


def _takes_over_at(keys: Int64s, closed_at: Int64s) -> Int64s:
    """From when each balance takes calls: where the one before it was closed, the first always."""
    starts = np.zeros_like(closed_at)
    order = np.lexsort((closed_at, keys))
    is_next = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    starts[order[is_next + 1]] = closed_at[order[is_next]]
    return starts


def stage_usage(usage: Usage) -> Int64s:
    """Fill ``usage_batch`` for ``post_usage``; returns the id of the entry of each charge.

    One entry per balance, issuer, period, local day of the calls' end and month of their start,
    its amount minus the plain sum of the charges. Opens billing periods that are missing: before
    balances are locked. Raises OverflowError for a sum that int64 cannot hold.
    """
    if float(np.abs(usage.amounts.astype(np.float64)).sum()) > _LARGEST_SUM:  # range guard
        raise OverflowError("the charges of one batch add up to too much")
    balances = usage.payers.balances
    days = usage.payers.local_days(usage.ended_at)
    moments = usage.payers.clamp(usage.ended_at)
    periods, ends = _periods_at(balances, moments, days)
    months = _month_starts(usage.setup_at)
    keys = (balances, usage.issuers, periods, days, months)
    order, starts = grouped(keys)
    first = order[starts]
    sizes = np.diff(np.append(starts, len(order)))
    ids = np.empty(len(starts), dtype=np.int64)
    ids[np.lexsort([key[first] for key in reversed(keys)])] = _next_ids(len(starts))  # by day
    values = {
        "id": ids,
        "setup_month": months[first],
        "usage_on": days[first],
        "balance_id": balances[first],
        "customer_id": usage.customers[first],
        "issuer_id": usage.issuers[first],
        "account_id": usage.accounts[first],
        "period_id": periods[first],
        "period_ends_at": ends[first],
        "amount": -np.add.reduceat(usage.amounts[order], starts),
        "calls": np.zeros_like(sizes) if usage.is_correction else sizes,
        "billed_seconds": np.add.reduceat(usage.billed_seconds[order], starts),
    }
    _write_batch(values)
    entries = np.empty(len(order), dtype=np.int64)
    entries[order] = np.repeat(ids, sizes)
    return entries


@lru_cache(maxsize=1 << 17)
def _offset(zone: str, quarter: int) -> int:
    """How far a zone's clocks are ahead of UTC in a quarter of an hour since 1970."""
    offset = from_microseconds(quarter * _QUARTER).astimezone(ZoneInfo(zone)).utcoffset()
    return (offset or timedelta()) // timedelta(microseconds=1)


def _month_starts(moments: Int64s) -> Int64s:
    """The first day (UTC) of each moment's month, as days since 1970."""
    months = (moments // _DAY).astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def _next_ids(count: int) -> Int64s:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('billing_usageentry_id_seq') FROM generate_series(1, %s)", [count]
        )
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def _write_batch(values: Mapping[str, Array]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BATCH_TABLE)
        cursor.execute("DELETE FROM usage_batch")
    write_columns("usage_batch", _BATCH_COLUMNS, values, nullable=["account_id"])


def _periods_at(balances: Int64s, moments: Int64s, days: Int64s) -> tuple[Int64s, Int64s]:
    """The open period that each moment of a balance belongs to, and its end; opens the missing."""
    rows, found = _find_periods(balances, moments)
    while (found == NONE).any():
        before = len(rows["id"])
        _open_periods(balances, moments, days, found)
        rows, found = _find_periods(balances, moments)
        if len(rows["id"]) == before:
            raise LookupError("a balance has no billing period at the end of a call")
    periods, ends = rows["id"][found], rows["end"][found]
    for closed in np.unique(found[rows["is_closed"][found]]).tolist():
        one = int((found == closed).argmax())
        balance_id, moment = int(balances[one]), from_microseconds(moments[one])
        known = {balance_id: Balance.objects.get(pk=balance_id)}
        opened = periods_for(known, [(balance_id, moment)])[balance_id, moment]
        periods[found == closed] = opened.pk
        ends[found == closed] = to_microseconds(opened.ends_at)
    return periods, ends


def _find_periods(balances: Int64s, moments: Int64s) -> tuple[dict[str, Array], Int64s]:
    """The periods of these balances around these moments, and which of them is each row's."""
    span = [from_microseconds(moments.min()), from_microseconds(moments.max())]
    rows = read_columns(_PERIODS, [np.unique(balances).tolist(), *span], _PERIOD_COLUMNS)
    dated = Dated(rows["balance"], rows["start"], rows["end"])
    return rows, dated.find(balances, moments)


def _open_periods(balances: Int64s, moments: Int64s, days: Int64s, found: Int64s) -> None:
    """Open the periods of rows without one; a local day belongs to one period as a whole."""
    missing = np.flatnonzero(found == NONE)
    days_of = np.stack((balances[missing], days[missing]))
    _pairs, firsts = np.unique(days_of, axis=1, return_index=True)
    wanted = [(int(balances[row]), from_microseconds(moments[row])) for row in missing[firsts]]
    periods_for(Balance.objects.in_bulk({balance_id for balance_id, _ in wanted}), wanted)
