"""Finds for whole columns which of several dated rows was in force."""

import numpy as np

from softswitch.core.columns import Array, Int64s

NONE = -1


class Dated:
    """Rows in force from ``starts`` up to, not including, ``ends``, each belonging to a key.

    Rows of one key do not overlap, unless all of them are open-ended: then the latest start wins,
    and of equal starts the row given last.
    """

    def __init__(self, keys: Array, starts: Array, ends: Array) -> None:
        self._order = np.lexsort((starts, keys))
        self._keys = keys[self._order]
        self._ends = ends[self._order]
        self._known = np.unique(self._keys)
        self._moments = np.unique(starts)
        self._places = self._place(self._keys, starts[self._order])

    def find(self, keys: Array, moments: Array) -> Int64s:
        """The row, as counted when given, in force for each key and moment; NONE without one."""
        if not len(self._keys):
            return np.full(len(keys), NONE, dtype=np.int64)
        found = np.searchsorted(self._places, self._place(keys, moments), side="right") - 1
        is_valid = (found >= 0) & (self._keys[found] == keys) & (moments < self._ends[found])
        return np.where(is_valid, self._order[found], NONE)

    def _place(self, keys: Array, moments: Array) -> Int64s:
        """Key and moment as one number that sorts like the pair, among the rows' own."""
        passed = np.searchsorted(self._moments, moments, side="right")
        place: Int64s = np.searchsorted(self._known, keys) * (len(self._moments) + 1) + passed
        return place
