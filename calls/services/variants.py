"""What calls would cost if some levels went by other terms than they did."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from calls.services.levels import Levels
from calls.services.picking import Calls
from calls.services.pricing import IN_FORCE, Prices, Terms, price
from softswitch.core.columns import Array, Int64s


@dataclass(frozen=True, slots=True)
class Variant:
    """Which levels go by other terms, and by which.

    Those that fulfil all that is named: paid by one of ``customers`` to one of ``issuers``, by one
    of ``tariffs``; with ``with_accounts`` what accounts pay by themselves too. None is any.
    ``tariff`` takes the place of the tariff that was assigned, None leaves that; ``terms`` tell of
    when, and what rates.
    """

    customers: Collection[int] | None = None
    issuers: Collection[int] | None = None
    tariffs: Collection[int] | None = None
    with_accounts: bool = True
    tariff: int | None = None
    terms: Terms = IN_FORCE

    def rows(self, levels: Levels) -> Int64s:
        """The rows of ``levels`` that it is about; a level without any tariff is not."""
        chosen = levels.tariffs > 0
        for column, wanted in (
            (levels.customers, self.customers),
            (levels.issuers, self.issuers),
            (levels.tariffs, self.tariffs),
        ):
            if wanted is not None:
                chosen &= _is_among(column, wanted)
        if not self.with_accounts:
            chosen &= levels.numbers > 0
        return np.flatnonzero(chosen)

    def price(self, calls: Calls, levels: Levels, rows: Int64s) -> Prices:
        """What these rows of ``levels`` cost by its terms; same errors as ``pricing.price``."""
        changed = levels.where(rows)
        if self.tariff is not None:
            changed = replace(changed, tariffs=np.full_like(changed.tariffs, self.tariff))
        return price(calls, changed, self.terms)


def _is_among(column: Int64s, wanted: Collection[int]) -> Array:
    found: Array = np.isin(column, np.fromiter(wanted, dtype=np.int64))
    return found
