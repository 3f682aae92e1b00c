"""Pages of a list whose count is exact to 10,000 rows and capped beyond.

Counting a large table costs more than showing a page of it; nobody pages to row 10,001, so the
count stops there and the list says "10,000+". Exports hold every row.
"""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from softswitch.core.display import number_text

COUNT_LIMIT = 10_000
PAGE_SIZES = (25, 50, 100)


def capped_count(rows: QuerySet[Any], limit: int | None = None) -> tuple[int, bool]:
    """The number of ``rows`` up to ``limit``, and whether there are more; one statement.

    The limit is COUNT_LIMIT where none is given.
    """
    most = COUNT_LIMIT if limit is None else limit
    plain = rows.order_by()
    keys = plain if plain.query.combinator else plain.values("pk")
    found = keys[: most + 1].count()
    return min(found, most), found > most


class CappedPaginator(Paginator[Any]):
    """Paginates the BoundRows of a table, counting ``counted`` no further than the limit.

    ``counted`` are the same rows without the joins of the columns, or a list.
    """

    def __init__(self, rows: Any, per_page: int, *, counted: Any, limit: int | None = None) -> None:
        super().__init__(rows, per_page)
        self.counted = counted
        self.limit = limit

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        if isinstance(self.counted, QuerySet):
            return capped_count(self.counted, self.limit)
        return len(self.counted), False

    @cached_property
    def count(self) -> int:
        return self._counted[0]

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than ``count`` says."""
        return self._counted[1]

    @property
    def total(self) -> str:
        """``87`` or ``10,000+``."""
        return number_text(self.count) + ("+" if self.is_capped else "")
