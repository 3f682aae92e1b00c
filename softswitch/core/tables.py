"""Lists as declarations: the base table and the columns that every app uses.

    class CustomerTable(Table):
        name = LinkColumn("customers:customer_detail", verbose_name=_("Name"), second="kind")
        balance = MoneyColumn(currency="currency_id", is_balance=True)
        status = StatusColumn(Status, priority=1)
        actions = ActionsColumn(RowAction(_("Edit"), "customers:customer_edit", "pencil-square"))

        class Meta:
            order_by = "name"

``priority`` 1, 2 or 3 lets a column leave as the list narrows (3 first); 0 always stays.
``accessor``, ``order_by``, ``orderable`` and ``empty_values`` are those of django-tables2.
``value_*`` and ``Column.value`` give what exports write: Decimal, int, date or text, no HTML.
Where the primary key has two columns, say ``pk="id"`` to links, ticks and actions.
A row's record comes from the view's query set; the viewer is ``table.actor``. Facts that would
cost a join per row are set on the records by ``prepare``, once a page.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

import django_tables2
from django.db.models import Choices, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tables2.utils import Accessor, signature

from softswitch.core import display
from softswitch.core.chrome import RowAction, permitted

PREPARED = 1_000  # rows of an export that are prepared at once


def _descends(term: Any) -> bool:
    return term.startswith("-") if isinstance(term, str) else getattr(term, "descending", False)


class Column(django_tables2.Column):
    """Short text, never cut; ``css`` takes the place of the classes of the kind of column."""

    css = ""

    def __init__(self, *args: Any, priority: int = 0, css: str = "", **kwargs: Any) -> None:
        self.css_class = " ".join(
            filter(None, (css or self.css, f"p{priority}" if priority else ""))
        )
        super().__init__(*args, **kwargs)

    def value(self, value: Any) -> Any:
        """What an export writes; a table's own ``render_x`` wants a ``value_x`` beside it."""
        return value

    def of(self, path: str, record: Any) -> Any:
        """What ``path`` (an accessor such as ``customer__name``) says of ``record``, or None."""
        return Accessor(path).resolve(record, quiet=True)


class TextColumn(Column):
    """Text that may be cut; names inside it keep their own direction."""

    css = "trunc soft"

    def render(self, value: object) -> SafeString:
        return format_html('<bdi title="{}">{}</bdi>', value, value)

    def value(self, value: object) -> str:
        return str(value)


class LinkColumn(Column):
    """The record's name, linked to ``url_name`` with the pk found at ``pk``.

    ``second`` is an accessor shown as a second line, ``narrow`` names columns whose cells are
    repeated under the name where they have left the list. ``ignore_case`` sorts by LOWER(), which
    wants an index on (LOWER(column), id).
    """

    css = "name"

    def __init__(
        self,
        url_name: str,
        *args: Any,
        pk: str = "pk",
        second: str = "",
        narrow: tuple[str, ...] = (),
        ignore_case: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.url_name, self.pk, self.second, self.narrow = url_name, pk, second, narrow
        self.ignore_case = ignore_case

    def order(
        self,
        queryset: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001 - django-tables2's own
    ) -> tuple[QuerySet[Any], bool]:
        """Sort by what is read, "apple" before "Banana"."""
        if not self.ignore_case:
            return queryset, False
        folded = OrderBy(Lower(str(self.accessor).replace(".", "__")), descending=is_descending)
        return queryset.order_by(folded), True

    def render(self, value: object, record: Any, bound_row: Any) -> SafeString:
        cells = [
            bound_row.get_cell(name) for name in self.narrow if name in bound_row.table.columns
        ]
        key = self.of(self.pk, record)
        context = {
            "url": reverse(self.url_name, args=[key]) if key is not None else "",
            "text": value,
            "second": self.of(self.second, record) if self.second else "",
            "cells": cells,
        }
        return render_to_string("components/cell_link.html", context)

    def value(self, value: object) -> str:
        return str(value)


class NumberColumn(Column):
    """A count or measure with the reader's separators; ``decimals`` digits after the point."""

    css = "num"

    def __init__(self, *args: Any, decimals: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decimals = decimals

    def render(self, value: Any) -> str:
        return display.number_text(value, self.decimals)


class MoneyColumn(Column):
    """An amount in the currency found at ``currency`` (an accessor), its code after it.

    ``is_balance`` marks negative amounts red (balances and available funds only); ``exact`` shows
    all stored decimals (charges); ``show_code`` False leaves the code to the head.
    """

    css = "num"

    def __init__(
        self,
        *args: Any,
        currency: str,
        is_balance: bool = False,
        exact: bool = False,
        show_code: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.is_balance = currency, is_balance
        self.exact, self.show_code = exact, show_code

    def render(self, value: Decimal, record: Any) -> SafeString:
        code = str(self.of(self.currency, record) or "")
        text = display.price_text(value) if self.exact else display.amount_text(value, code)
        shown = text
        if self.is_balance and value < 0:
            shown = format_html('<span class="neg">{}</span>', text)
        if not self.show_code:
            return format_html("{}", shown)
        return format_html('{} <span class="cur">{}</span>', shown, code)


class PriceColumn(Column):
    """A price or fee exactly as stored, 4 decimals or more."""

    css = "num"

    def render(self, value: Decimal) -> str:
        return display.price_text(value)


class DurationColumn(Column):
    """Seconds as ``3:07``; exports hold the seconds."""

    css = "num"

    def render(self, value: Any) -> str:
        return display.duration_text(value)


class DateTimeColumn(Column):
    """A moment in the viewer's zone; exports hold ISO 8601 with the offset."""

    def render(self, value: dt.datetime) -> SafeString:
        shown = display.datetime_text(value)
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


class DateColumn(Column):
    """A day: ``18 Nov 2026``."""

    def render(self, value: dt.date) -> SafeString:
        shown = display.date_text(value)
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


class TelColumn(Column):
    """A telephone number or other code that stays left to right."""

    def render(self, value: object) -> SafeString:
        return format_html('<span class="tel">{}</span>', value)

    def value(self, value: object) -> str:
        return str(value)


class StatusColumn(Column):
    """A badge; ``choices`` is a ToneChoices."""

    def __init__(self, choices: type[Choices], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices

    def member(self, record: Any, bound_column: Any) -> Any:
        return self.choices(bound_column.accessor.resolve(record))

    def render(self, record: Any, bound_column: Any) -> SafeString:
        member = self.member(record, bound_column)
        return format_html('<span class="status {}">{}</span>', member.tone, member.label)

    def value(self, value: Any, record: Any = None, bound_column: Any = None) -> str:
        return str(self.member(record, bound_column).label)


class SelectColumn(Column):
    """The ticks for bulk actions, declared as ``select``; ``name`` leads to the row's name.

    They belong to the form "ticked", which need not stand around them.
    """

    css = "chk"

    def __init__(self, name: str = "name", *, pk: str = "pk", **kwargs: Any) -> None:
        super().__init__(
            accessor=pk, orderable=False, exclude_from_export=True, verbose_name="", **kwargs
        )
        self.label = name

    def render(self, value: object, record: Any) -> SafeString:
        return format_html(
            '<input class="form-check-input row-check" form="ticked" type="checkbox" name="pk"'
            ' value="{}"'
            ' aria-label="{} {}">',
            value,
            _("Select"),
            self.of(self.label, record) or record,
        )


class ActionsColumn(Column):
    """Row actions, declared as ``actions``: two icons and a menu; ``name`` as in SelectColumn."""

    css = "act"

    def __init__(
        self, *actions: RowAction, name: str = "name", pk: str = "pk", **kwargs: Any
    ) -> None:
        super().__init__(
            accessor=pk, orderable=False, exclude_from_export=True, verbose_name="", **kwargs
        )
        self.actions, self.label = actions, name

    def render(self, value: Any, record: Any, table: "Table") -> SafeString:
        mine = [
            action
            for action in permitted(self.actions, table.actor)
            if action.shown is None or action.shown(record, table.actor)
        ]
        links = [(action, self._url(action, value)) for action in mine]
        icons = [link for link in links if not link[0].more][:2]
        context = {
            "pk": value,
            "name": self.of(self.label, record) or str(record),
            "icons": icons,
            "more": [link for link in links if link not in icons],
        }
        return render_to_string("components/row_actions.html", context)

    def _url(self, action: RowAction, key: object) -> str:
        if action.parameter:
            return f"{reverse(action.url_name)}?{action.parameter}={key}"
        return reverse(action.url_name, args=[key])


class Table(django_tables2.Table):
    """Base of all lists; ``hidden_by_default`` names columns shown only where a user asks.

    One that ``is_wide`` may not fit a desk's screen: it scrolls in its own box.
    """

    hidden_by_default: ClassVar[tuple[str, ...]] = ()
    is_wide: ClassVar[bool] = False

    def __init__(self, data: Any, *, actor: Any, caption: str = "", **kwargs: Any) -> None:
        self.actor = actor
        self.caption = caption
        super().__init__(data, default=display.DASH, **kwargs)

    @classmethod
    def optional_columns(cls) -> list[str]:
        """Names of the columns a user may hide: all but the first named one, ticks and actions."""
        fixed = (SelectColumn, ActionsColumn)
        names = [name for name, col in cls.base_columns.items() if not isinstance(col, fixed)]
        return names[1:]

    def row_class(self, record: Any) -> str:
        """Classes of a row, such as "off" for what is archived."""
        return ""

    def lines(self) -> Iterator[tuple[Any, str]]:
        """The rows of the page with their classes, for the template."""
        rows = list(self.paginated_rows)
        self.prepare([row.record for row in rows])
        for row in rows:
            yield row, self.row_class(row.record)

    def prepare(self, records: list[Any]) -> None:
        """Read in bulk what columns need beside the query set, for the rows about to be shown."""

    def ordered_queryset(self) -> QuerySet[Any]:
        """The data in the order of the table; the pk decides between equals, so pages never mix."""
        rows: QuerySet[Any] = self.data.data
        order = rows.query.order_by or tuple(rows.model._meta.ordering)
        if {"pk", "-pk"} & set(order):
            return rows
        return rows.order_by(*order, "-pk" if order and _descends(order[-1]) else "pk")

    def values_of(self, rows: Iterable[Any]) -> Iterator[list[Any]]:
        """The export cells of ``rows``, read in portions."""
        readers = [self._reader(column) for column in self._export_columns()]
        source = iter(rows)
        while records := list(islice(source, PREPARED)):
            self.prepare(records)
            for record in records:
                yield [read(record) for read in readers]

    def _reader(self, column: Any) -> Callable[[Any], Any]:
        """What reads the export cell of ``column`` from a record.

        Signatures are looked up once a column, not once a cell as django-tables2 does: an export
        of a million rows spends its time on the rows.
        """
        wanted, _keywords = signature(column.value)
        field = column.accessor.get_field(self.data.model) if self.data.model else None
        shown = f"get_{column.accessor.bits[-1]}_display" if getattr(field, "choices", None) else ""

        def read(record: Any) -> Any:
            value = column.accessor.resolve(record, quiet=True)
            if value in column.column.empty_values:
                return None
            if shown:
                value = getattr(column.accessor.penultimate(record)[0], shown)()
            known = {"value": value, "record": record, "bound_column": column, "table": self}
            return column.value(**{name: known[name] for name in wanted})

        return read

    def export_headers(self) -> list[str]:
        """The heads of the columns that ``values_of`` gives."""
        return [str(column.header) for column in self._export_columns()]

    def _export_columns(self) -> list[Any]:
        return [column for column in self.columns if not column.column.exclude_from_export]
