"""Reads the charges that stand: the newest of each level of calls, or those of a re-rating."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from calls.services.levels import Levels
from calls.services.picking import Calls
from softswitch.core.columns import BIGINT, INTEGER, SMALLINT, Columns, Int64s, read_columns
from softswitch.core.moments import from_microseconds

MOST_LEVELS: int = 1 << 15
"""Levels are small integers."""

# The first charge of a level tells by which destination the call counts in the reports.
_CHARGES = """
SELECT DISTINCT ON (t.call_id, t.level) t.call_id, t.level, t.revision, t.customer_id, t.issuer_id,
    coalesce(t.account_id, 0), t.balance_id, coalesce(t.tariff_version_id, 0),
    coalesce(t.rate_id, 0), t.usage_entry_id, t.billed_seconds, (t.cost * 1000000)::bigint,
    (t.exchange_rate * 10000000000)::bigint, (t.amount * 1000000)::bigint,
    coalesce(o.rate_id, 0), coalesce(v.tariff_id, 0)
FROM billing_charge t
JOIN billing_charge o ON o.call_id = t.call_id AND o.setup_at = t.setup_at AND o.level = t.level
    AND o.revision = 0
LEFT JOIN tariffs_tariffversion v ON v.id = o.tariff_version_id
WHERE t.call_id = ANY(%s) AND t.setup_at BETWEEN %s AND %s AND {which}
ORDER BY t.call_id, t.level, t.revision DESC
"""
_OF_RE_RATING = """(SELECT usage_entry_id FROM calls_reratingentry
    WHERE re_rating_id = %s AND NOT is_undo)"""
_MADE = f"t.revision %% 2 = 0 AND t.usage_entry_id IN {_OF_RE_RATING}"
_REPLACED = f"""EXISTS (SELECT FROM billing_charge n
    WHERE n.call_id = t.call_id AND n.setup_at = t.setup_at AND n.level = t.level
      AND n.revision = t.revision + 2 AND n.usage_entry_id IN {_OF_RE_RATING})"""
_COLUMNS = {
    "calls": BIGINT,
    "numbers": SMALLINT,
    "revisions": SMALLINT,
    "customers": BIGINT,
    "issuers": BIGINT,
    "accounts": BIGINT,
    "balances": BIGINT,
    "versions": BIGINT,
    "rates": BIGINT,
    "entries": BIGINT,
    "billed_seconds": INTEGER,
    "costs": BIGINT,
    "exchange_rates": BIGINT,
    "amounts": BIGINT,
    "first_rates": BIGINT,
    "first_tariffs": BIGINT,
}


@dataclass(frozen=True, slots=True, eq=False)
class Standing(Columns):
    """One charge per level, by call and then by level; ``calls`` are indexes into the calls.

    Costs and amounts are millionths, exchange rates units of 10**-10; 0 stands for no id.
    ``first_rates`` and ``first_tariffs`` are of the level's first charge.
    """

    calls: Int64s
    numbers: Int64s
    revisions: Int64s
    customers: Int64s
    issuers: Int64s
    accounts: Int64s
    balances: Int64s
    versions: Int64s
    rates: Int64s
    entries: Int64s
    billed_seconds: Int64s
    costs: Int64s
    exchange_rates: Int64s
    amounts: Int64s
    first_rates: Int64s
    first_tariffs: Int64s

    @property
    def keys(self) -> Int64s:
        """Call and level as one number, ascending."""
        return level_keys(self.calls, self.numbers)

    @property
    def levels(self) -> Levels:
        """The levels as they were charged; ``tariffs`` are those of the first charges."""
        return Levels(
            self.calls,
            self.numbers,
            self.customers,
            self.issuers,
            self.accounts,
            self.first_tariffs,
        )


def level_keys(calls: Int64s, numbers: Int64s) -> Int64s:
    """A number for each level of each call, in the order of calls and levels."""
    keys: Int64s = calls * MOST_LEVELS + numbers
    return keys


def newest_charges(calls: Calls) -> Standing:
    """What each level of these calls pays as things stand; nothing of those without charges."""
    return _read(calls, "true", ())


def charges_made(calls: Calls, re_rating_id: int) -> Standing:
    """The charges by which a re-rating has replaced others."""
    return _read(calls, _MADE, (re_rating_id,))


def charges_replaced(calls: Calls, re_rating_id: int) -> Standing:
    """The charges that stood before those of ``charges_made``, row by row."""
    return _read(calls, _REPLACED, (re_rating_id,))


def _read(calls: Calls, which: str, parameters: Sequence[Any]) -> Standing:
    span = [from_microseconds(calls.setup_at.min()), from_microseconds(calls.setup_at.max())]
    query = _CHARGES.format(which=which)
    found = read_columns(query, [calls.ids.tolist(), *span, *parameters], _COLUMNS)
    found["calls"] = np.searchsorted(calls.ids, found["calls"])
    rows = Standing(**found)
    return rows.where(rows.keys.argsort(kind="stable"))
