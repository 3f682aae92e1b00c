"""Keeps the rate books of tariffs in this process: the least recently used ones make room."""

from collections import OrderedDict

from tariffs.rating.book import RateBook
from tariffs.selectors import rate_columns

MAX_RATES = 1_000_000
"""How many rates are kept at most, about 180 bytes each; one book is kept whatever its size."""


class RateBooks:
    """Rate books by tariff, each in the revision it was built from."""

    def __init__(self, max_rates: int = MAX_RATES) -> None:
        self._max_rates = max_rates
        self._books: OrderedDict[int, tuple[int, RateBook]] = OrderedDict()
        self._rates = 0

    def get(self, tariff_id: int, revision: int) -> RateBook:
        """The book of a tariff as of ``rates_revision``, read from the database if need be."""
        kept = self._books.pop(tariff_id, None)
        if kept is not None and kept[0] == revision:
            self._books[tariff_id] = kept
            return kept[1]
        if kept is not None:
            self._rates -= len(kept[1].columns.ids)
        book = RateBook(rate_columns(tariff_id))
        self._books[tariff_id] = (revision, book)
        self._rates += len(book.columns.ids)
        while self._rates > self._max_rates and len(self._books) > 1:
            _oldest, (_revision, dropped) = self._books.popitem(last=False)
            self._rates -= len(dropped.columns.ids)
        return book

    def clear(self) -> None:
        """Forget all: a tariff of the same id and revision may be another one, after a restore."""
        self._books.clear()
        self._rates = 0


BOOKS = RateBooks()
"""The books of this process; a revision of the tariff makes an old one useless."""
