"""The list: query form, table, sort, pages, chosen columns, export and bulk actions, once for all.

GET parameters: the filters', ``sort``, ``page``, ``per_page``, ``export`` (csv or xlsx). An HTMX
request gets the ``#rows`` partial under the same URL. Page size and columns are remembered in the
session per view. Two statements a page (count and rows), whatever the number of rows.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from softswitch.core import exports
from softswitch.core.chrome import Action, BulkAction, Text, permitted
from softswitch.core.errors import DomainError
from softswitch.core.filters import FilterSet
from softswitch.core.paging import PAGE_SIZES, CappedPaginator
from softswitch.core.tables import Table
from softswitch.core.views.access import PageMixin, ScopedMixin

MAX_SELECTED = 1_000
KEY_DIGITS = 18  # of every bigint


def row_keys(texts: Iterable[str]) -> list[int]:
    """The keys among ``texts``, as a request names rows; what can be no key is left out."""
    return [int(text) for text in texts if text.isdecimal() and len(text) <= KEY_DIGITS]


class ListView(PageMixin, ScopedMixin):
    """Rows of ``model`` as ``table_class``, found by ``filterset_class``."""

    template_name: ClassVar[str] = "base_list.html"
    rows_template: ClassVar[str] = "base_list.html#rows"
    table_class: ClassVar[type[Table] | None] = None
    filterset_class: ClassVar[type[FilterSet] | None] = None
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    exports: ClassVar[Sequence[str]] = ("csv", "xlsx")
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

    # What the session remembers -----------------------------------------------------------------
    @cached_property
    def memory(self) -> dict[str, Any]:
        """The choices of this user for this list."""
        stored: dict[str, Any] = self.request.session.get(self._memory_key, {})
        return stored

    @property
    def _memory_key(self) -> str:
        match = self.request.resolver_match
        return f"list:{match.view_name if match else type(self).__name__}"

    def remember(self, key: str, value: Any) -> None:
        self.memory[key] = value
        self.request.session[self._memory_key] = self.memory

    def remember_page_size(self) -> None:
        asked = self.request.GET.get("per_page", "")
        if asked.isdecimal() and int(asked) in PAGE_SIZES and int(asked) != self.page_size:
            self.remember("per_page", int(asked))

    @property
    def page_size(self) -> int:
        return int(self.memory.get("per_page", PAGE_SIZES[0]))

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

    def get_table(self) -> Table:
        """The table over all rows found, sorted, with the chosen columns."""
        rows = self.enrich(self.found)
        hidden = list(self.memory.get("hidden", self._table_class.hidden_by_default))
        if not self.get_bulk_actions():
            hidden.append("select")
        table = self._table_class(
            rows,
            actor=self.actor,
            caption=str(self.get_title()),
            order_by=self.request.GET.get("sort"),
        )
        for name in hidden:
            if name in table.columns:
                table.columns.hide(name)
        table.data.data = table.ordered_queryset()
        return table

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        table = self.get_table()
        paginator = CappedPaginator(table.rows, self.page_size, counted=self.found)
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
            create_action=next((item for item in self._permitted_actions() if item.primary), None),
            **kwargs,
        )

    def _permitted_actions(self) -> list[Action]:
        return permitted(self.get_actions(), self.actor)

    # Export -------------------------------------------------------------------------------------
    def export(self, form: str) -> HttpResponseBase:
        """All rows found, in the chosen order and columns."""
        if form not in self.exports:
            raise Http404
        table = self.get_table()
        rows = table.values_of(table.data.data.iterator(chunk_size=exports.CHUNK))
        name = slugify(str(self.get_title())) or "export"
        send = exports.csv_response if form == "csv" else exports.xlsx_response
        return send(name, table.export_headers(), rows)

    # Bulk actions -------------------------------------------------------------------------------
    def get_bulk_actions(self) -> list[BulkAction]:
        return permitted(self.bulk_actions, self.actor)

    def run_bulk(self, name: str) -> HttpResponseBase:
        """Run the named action on the ticked rows that are in scope, each by itself."""
        action = next((item for item in self.get_bulk_actions() if item.name == name), None)
        if action is None:
            raise Http404
        keys = row_keys(self.request.POST.getlist("pk"))[:MAX_SELECTED]
        rows = list(self.get_queryset().filter(pk__in=keys).order_by("pk"))
        if action.confirm and "confirmed" not in self.request.POST and rows:
            return self.confirm_bulk(action, rows)
        refused = [text for text in (self._run_one(action, row) for row in rows) if text]
        self._report(len(rows) - len(refused), refused)
        return HttpResponseRedirect(self.request.get_full_path())

    def _run_one(self, action: BulkAction, row: Any) -> str:
        try:
            with transaction.atomic():
                self.check_object(row)
                action.service(actor=self.actor, record=row)
        except DomainError as error:
            return f"{row}: {error.message}"
        except PermissionDenied:
            return f"{row}: " + _("not yours to change")
        return ""

    def _report(self, done: int, refused: list[str]) -> None:
        text = ngettext("%(count)s done", "%(count)s done", done) % {"count": done}
        if refused:
            text += _(", %(count)s skipped: %(reasons)s") % {
                "count": len(refused),
                "reasons": "; ".join(refused[:5]),
            }
        level = messages.WARNING if refused or not done else messages.SUCCESS
        messages.add_message(self.request, level, text + ".")

    def confirm_bulk(self, action: BulkAction, rows: list[Any]) -> TemplateResponse:
        """Ask first, naming the rows."""
        context = PageMixin.get_context_data(
            self,
            title=f"{action.label}?",
            actions=[],
            facts=[(_("Records"), ", ".join(str(row) for row in rows))],
            button_label=action.label,
            hidden=[("do", action.name), ("confirmed", "1"), *(("pk", row.pk) for row in rows)],
            cancel_url=self.request.get_full_path(),
        )
        return TemplateResponse(self.request, "confirm.html", context)
