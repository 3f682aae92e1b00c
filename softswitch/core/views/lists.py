"""The list: query form, table, sort, pages, chosen columns, export and bulk actions, once for all.

GET parameters: the filters', ``sort``, ``page``, ``per_page``, ``export`` (csv or xlsx). An HTMX
request gets the ``#rows`` partial under the same URL. Page size and columns are remembered per user
and list (softswitch.core.memory). Two statements a page (count and rows), whatever the number of
rows.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify

from softswitch.core import exports, memory
from softswitch.core.chrome import Action, Text, permitted
from softswitch.core.filters import FilterSet
from softswitch.core.paging import PAGE_SIZES, CappedPaginator
from softswitch.core.tables import Table
from softswitch.core.views.bulk import BulkMixin, row_keys

__all__ = ["ListView", "hide_columns", "row_keys"]


def topic(view_name: str) -> str:
    """Under what the choices for a list are kept."""
    return f"list:{view_name}"


def hide_columns(table: Table, user: Any, view_name: str) -> None:
    """Hide the columns that ``user`` does not want to see in the list ``view_name``."""
    chosen = memory.recall(user, topic(view_name))
    for name in chosen.get("hidden", table.hidden_by_default):
        if name in table.columns:
            table.columns.hide(name)


class ListView(BulkMixin):
    """Rows of ``model`` as ``table_class``, found by ``filterset_class``."""

    template_name: ClassVar[str] = "base_list.html"
    rows_template: ClassVar[str] = "base_list.html#rows"
    table_class: ClassVar[type[Table] | None] = None
    filterset_class: ClassVar[type[FilterSet] | None] = None
    exports: ClassVar[Sequence[str]] = ("csv", "xlsx")
    edits_in_place: ClassVar[bool] = False  # rows turn into forms, so no form is around them all
    whole: ClassVar[str] = ""  # the query that finds every row, where the list as it opens does not
    empty_icon: ClassVar[str] = "inbox"
    empty_title: ClassVar[Text] = ""
    empty_text: ClassVar[Text] = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if form := request.GET.get("export"):
            return self.export(form)
        self.remember_page_size()
        is_partial = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
        response = self.render(is_partial=is_partial)
        if is_partial:
            response.template_name = self.rows_template
        patch_vary_headers(response, ["HX-Request"])
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Choose columns, or run a bulk action on the ticked rows."""
        if "set_columns" in request.POST:
            shown = set(request.POST.getlist("columns"))
            optional = self._table_class.optional_columns()
            self.remember("hidden", [name for name in optional if name not in shown])
            return HttpResponseRedirect(request.get_full_path())
        return self.run_bulk(request.POST.get("do", ""))

    # What the user chose for this list -----------------------------------------------------------
    def remember(self, key: str, value: Any) -> None:
        memory.remember(self.actor.user, topic(self.view_name), key, value)

    def remember_page_size(self) -> None:
        asked = self.request.GET.get("per_page", "")
        if asked.isdecimal() and int(asked) in PAGE_SIZES and int(asked) != self.page_size:
            self.remember("per_page", int(asked))

    @property
    def page_size(self) -> int:
        chosen = memory.recall(self.actor.user, topic(self.view_name)).get("per_page")
        return chosen if chosen in PAGE_SIZES else PAGE_SIZES[0]

    # The rows -----------------------------------------------------------------------------------
    @property
    def _table_class(self) -> type[Table]:
        table_class = self.get_table_class()
        if table_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} declares no table_class")
        return table_class

    def get_table_class(self) -> type[Table] | None:
        """The table of this actor, where not all are shown the same columns."""
        return self.table_class

    @cached_property
    def filterset(self) -> FilterSet | None:
        """The query form with its rows, or None for a list without one."""
        if self.filterset_class is None:
            return None
        return self.filterset_class(
            self.request.GET,
            queryset=self.get_queryset(),
            actor=self.actor,
            request=self.request,
        )

    @cached_property
    def found(self) -> QuerySet[Any]:
        """The rows that the query form finds; what counts them."""
        return self.get_queryset() if self.filterset is None else self.filterset.qs

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Joins that only the columns need, and not the count: they must add no rows."""
        return rows

    def get_count_limit(self) -> int | None:
        """How far the rows are counted; None: as far as everywhere (core.paging)."""
        return None

    def get_order(self) -> str | None:
        """By which columns the reader wants the rows; None: as the table declares."""
        return self.request.GET.get("sort")

    def get_table(self) -> Table:
        """The table over all rows found, sorted, with the chosen columns."""
        rows = self.enrich(self.found)
        table = self._table_class(
            rows,
            actor=self.actor,
            caption=str(self.get_title()),
            order_by=self.get_order(),
        )
        hide_columns(table, self.actor.user, self.view_name)
        if not self.get_bulk_actions() and "select" in table.columns:
            table.columns.hide("select")
        table.data.data = table.ordered_queryset()
        return table

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        table = self.get_table()
        paginator = CappedPaginator(
            table.rows, self.page_size, counted=self.found, limit=self.get_count_limit()
        )
        table.paginator = paginator
        table.page = page = paginator.get_page(self.request.GET.get("page"))
        return super().get_context_data(
            table=table,
            page=page,
            pages=list(paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)),
            page_sizes=PAGE_SIZES,
            filterset=self.filterset,
            columns=[
                (name, table.columns[name].header, table.columns[name].visible)
                for name in self._table_class.optional_columns()
                if name in table.columns
            ],
            bulk_actions=self.get_bulk_actions(),
            export_formats=self.exports,
            whole=self.whole,
            create_actions=self.get_create_actions(),
            **kwargs,
        )

    def get_create_actions(self) -> list[Action]:
        """The ways to a first row, which an empty list offers: the primary action first."""
        actions = permitted(self.get_actions(), self.actor)
        return [action for action in actions if action.primary]

    # Export -------------------------------------------------------------------------------------
    def export(self, form: str) -> HttpResponseBase:
        """All rows found, in the chosen order and columns."""
        if form not in self.exports:
            raise Http404
        table = self.get_table()
        data = table.data.data
        is_read = not isinstance(data, QuerySet)
        rows = table.values_of(data if is_read else data.iterator(chunk_size=exports.CHUNK))
        name = slugify(str(self.get_title())) or "export"
        send = exports.csv_response if form == "csv" else exports.xlsx_response
        return send(name, table.export_headers(), rows)
