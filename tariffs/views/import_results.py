"""The lines of a rate import to look through and to take away: rejected ones, all with results."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Link
from softswitch.core.exports import csv_lines
from softswitch.core.views import Download, DownloadView, ListView
from softswitch.core.views.access import rows_of
from tariffs.filters import ImportErrorFilter
from tariffs.models import RateImport, RateImportError
from tariffs.tables import ImportErrorTable
from tariffs.views.parts import tariff_crumbs

_ROWS: tuple[str, ...] = (
    "line", "prefix", "destination", "country", "price_before", "price_1", "price_n",
    "interval_1", "interval_n", "is_forbidden", "valid_from", "valid_till", "change",
)  # fmt: skip
_ERRORS = ("line", "field", "reason", "raw")


class ImportRejectedView(ListView):
    """All rejected lines of a sheet, each with its field and reason."""

    permission = "tariffs.view"
    model = RateImportError
    parent_model = RateImport
    title = gettext_lazy("Rejected lines")
    table_class = ImportErrorTable
    filterset_class = ImportErrorFilter
    empty_icon = "check-circle"
    empty_title = gettext_lazy("No line was rejected")

    @cached_property
    def rate_import(self) -> RateImport:
        rows = rows_of(RateImport, self.actor).select_related("tariff")
        return cast(RateImport, get_object_or_404(rows, pk=self.kwargs["pk"]))

    def refine(self, queryset: QuerySet[RateImportError]) -> QuerySet[RateImportError]:
        return queryset.filter(rate_import=self.rate_import)

    def get_crumbs(self) -> list[Link]:
        url = reverse("tariffs:import_detail", args=[self.rate_import.pk])
        return [*tariff_crumbs(self.rate_import.tariff), Link(self.rate_import.file_name, url)]


class ImportErrorsView(DownloadView):
    """All rejected lines as CSV: line, field, reason, and the line as delivered."""

    permission = "tariffs.view"
    model = RateImport

    def get_download(self, obj: Any) -> Download:
        rows = obj.errors.order_by("line", "pk").values_list(*_ERRORS).iterator()
        content = csv_lines(list(_ERRORS), (list(row) for row in rows))
        return Download(f"rejected-{obj.pk}.csv", "text/csv", content)


class ImportLinesView(DownloadView):
    """Every line with what became of it, the rejected ones last."""

    permission = "tariffs.view"
    model = RateImport

    def get_download(self, obj: Any) -> Download:
        head = [*_ROWS, "reason", "in_file"]
        return Download(f"lines-{obj.pk}.csv", "text/csv", csv_lines(head, _results(obj)))


def _results(rate_import: Any) -> Iterator[list[Any]]:
    rows = rate_import.rows.order_by("line", "prefix")
    for row in rows.values_list(*_ROWS).iterator():
        yield [*row, "", ""]
    empty = [""] * (len(_ROWS) - 2)
    for line, field, reason, raw in (
        rate_import.errors.order_by("line", "pk").values_list(*_ERRORS).iterator()
    ):
        yield [line, *empty, _("rejected"), f"{field}: {reason}", raw]
