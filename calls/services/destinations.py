"""Knows the destination of each rate, as a number: a small dictionary, filled on demand."""

from functools import partial

import numpy as np
from django.db import connection, transaction

from softswitch.core.columns import BIGINT, Array, Int64s, read_columns

MAX_RATES = 2_000_000
"""How many rates are remembered at most, 16 bytes each."""

# Sorted, so that of two workers that meet here neither waits for the other in turn.
_FILL = """
INSERT INTO calls_destination (name, country)
SELECT destination, country FROM tariffs_rate
WHERE tariff_id = ANY(%s) AND (destination <> '' OR country <> '')
EXCEPT SELECT name, country FROM calls_destination
ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
_READ = """
SELECT r.id, coalesce(d.id, 0) FROM tariffs_rate r
LEFT JOIN calls_destination d ON d.name = r.destination AND d.country = r.country
WHERE r.tariff_id = ANY(%s) ORDER BY r.id
"""


class Destinations:
    """The destinations of the rates met so far; 0 is none. Rates in use are never changed."""

    def __init__(self) -> None:
        self._rates: Int64s = np.empty(0, dtype=np.int64)
        self._destinations: Int64s = np.empty(0, dtype=np.int64)

    def of(self, rates: Int64s, tariffs: Int64s) -> Int64s:
        """The destination of each rate, 0 for no rate; ``tariffs`` own the rates.

        Adds what a tariff is the first to name: within the caller's transaction, so that numbers
        which may still be rolled back are not remembered.
        """
        found, is_missing = _look_up(self._rates, self._destinations, rates)
        if is_missing.any():
            wanted = np.unique(tariffs[is_missing]).tolist()
            fresh, destinations = self._load(wanted)
            found[is_missing], _none = _look_up(fresh, destinations, rates[is_missing])
        return found

    def _load(self, tariff_ids: list[int]) -> tuple[Int64s, Int64s]:
        with connection.cursor() as cursor:
            cursor.execute(_FILL, [tariff_ids])
            is_new = cursor.rowcount > 0
        rows = read_columns(_READ, [tariff_ids], {"rate": BIGINT, "destination": BIGINT})
        keep = partial(self._remember, rows["rate"], rows["destination"])
        if is_new:
            transaction.on_commit(keep)
        else:
            keep()
        return rows["rate"], rows["destination"]

    def _remember(self, rates: Int64s, destinations: Int64s) -> None:
        if len(self._rates) + len(rates) > MAX_RATES:
            self.clear()
        both = np.concatenate((self._rates, rates))
        self._rates, first = np.unique(both, return_index=True)
        self._destinations = np.concatenate((self._destinations, destinations))[first]

    def clear(self) -> None:
        """Forget all: after a restore a rate of the same id may be another one."""
        self._rates = self._destinations = np.empty(0, dtype=np.int64)


def _look_up(known: Int64s, values: Int64s, sought: Int64s) -> tuple[Int64s, Array]:
    """The value of each sought key, 0 where it is 0 or not known, and which are not known."""
    if not known.size:
        return np.zeros_like(sought), sought > 0
    order = sought.argsort()  # a search for neighbours in turn is several times as fast
    places = np.empty_like(order)
    places[order] = np.minimum(np.searchsorted(known, sought[order]), len(known) - 1)
    is_known = known[places] == sought
    return np.where(is_known, values[places], 0), (sought > 0) & ~is_known


DESTINATIONS = Destinations()
"""The destinations known to this process."""
