"""Edits a row of a list in its place: over HTMX the row turns into inputs, else a page asks.

The list declares ``edits_in_place``, its table a RowAction with ``in_place`` that leads here. GET
shows the inputs, or with ``?read`` the row as the list has it; POST saves through one service.
"""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from softswitch.core.tables import Table
from softswitch.core.views.edit import EditView
from softswitch.core.views.lists import hide_columns


class RowEditView(EditView):
    """One row of the list ``list_url_name``, whose table is ``table_class``."""

    table_class: ClassVar[type[Table]]
    close_label = ""
    row_template = "base_row_edit.html#row"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        if "read" in request.GET and self._is_partial:
            response = self.read_rows([self.object.pk])
        patch_vary_headers(response, ["HX-Request"])
        return response

    def answer(self, form: Any, saved: Any) -> HttpResponseBase:
        """Over HTMX the saved row, and no message that would wait for another page."""
        if not self._is_partial:
            return super().answer(form, saved)
        if self.changes_other_rows(form):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return self.read_rows(self.saved_keys(saved), is_saved=True)

    @property
    def _is_partial(self) -> bool:
        return "HX-Request" in self.request.headers

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What the columns need, as the list has it."""
        return rows

    def changes_other_rows(self, form: Any) -> bool:
        """Whether other rows of the list show what was saved too."""
        return False

    def saved_keys(self, saved: Any) -> list[int]:
        """The rows that take the place of the edited one: itself, or what now stands for it."""
        return [self.object.pk]

    def read_rows(self, keys: list[int], *, is_saved: bool = False) -> TemplateResponse:
        """Rows as the list shows them, to the columns that the user chose there."""
        records = list(self.enrich(self.get_queryset()).filter(pk__in=keys).order_by("pk"))
        table = self.table_class(records, actor=self.actor)
        hide_columns(table, self.actor.user, self.list_url_name)
        context = {"table": table, "is_saved": is_saved}
        return TemplateResponse(self.request, "components/table_rows.html", context)

    def render(self, status: int = 200, **context: Any) -> TemplateResponse:
        """The row alone over HTMX, which swaps errors in only where the answer is no error."""
        response = super().render(200 if self._is_partial else status, **context)
        if self._is_partial:
            response.template_name = self.row_template
        return response

    def get_stay_url(self, saved: Any) -> str:
        return reverse(self.list_url_name)

    def get_cancel_url(self) -> str:
        return reverse(self.list_url_name)
