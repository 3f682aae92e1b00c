"""Reads what levels of calls were charged, and which of these charges stand: the newest."""

from dataclasses import dataclass

import numpy as np

from calls.services.levels import Levels
from calls.services.picking import Calls
from softswitch.core.columns import BIGINT, INTEGER, SMALLINT, Columns, Int64s, read_columns
from softswitch.core.moments import from_microseconds

MOST_LEVELS: int = 1 << 15
"""Levels are small integers."""

# Reversing charges have odd revisions. The first charge of a level tells by which destination the
# call counts in the reports.
_CHARGES = """
SELECT t.call_id, t.level, t.revision, t.customer_id, t.issuer_id, coalesce(t.account_id, 0),
    t.balance_id, coalesce(t.tariff_version_id, 0), coalesce(t.rate_id, 0), t.usage_entry_id,
    t.billed_seconds, (t.cost * 1000000)::bigint, (t.exchange_rate * 10000000000)::bigint,
    (t.amount * 1000000)::bigint, coalesce(o.rate_id, 0), coalesce(v.tariff_id, 0)
FROM billing_charge t
JOIN billing_charge o ON o.call_id = t.call_id AND o.setup_at = t.setup_at AND o.level = t.level
    AND o.revision = 0
LEFT JOIN tariffs_tariffversion v ON v.id = o.tariff_version_id
WHERE t.call_id = ANY(%s) AND t.setup_at BETWEEN %s AND %s AND t.revision %% 2 = 0
"""
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
    """Charges by call and then by level, one of each; ``calls`` are indexes into the calls.

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


def all_charges(calls: Calls) -> Standing:
    """What each level of these calls was ever charged, by call, level and then by revision.

    Nothing of calls without charges.
    """
    span = [from_microseconds(calls.setup_at.min()), from_microseconds(calls.setup_at.max())]
    found = read_columns(_CHARGES, [calls.ids.tolist(), *span], _COLUMNS)
    found["calls"] = np.searchsorted(calls.ids, found["calls"])
    rows = Standing(**found)
    return rows.where(np.lexsort((rows.revisions, rows.keys)))


def newest_of(charges: Standing) -> Standing:
    """Of ``all_charges`` those that stand: one per level."""
    keys = charges.keys
    return charges.where(np.append(keys[1:] != keys[:-1], True)[: len(keys)])
