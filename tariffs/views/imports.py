"""Rate imports: upload, progress, preview, rejected lines, apply and cancel."""

from functools import cached_property
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, Link, Tile
from softswitch.core.display import number_text
from softswitch.core.exports import csv_lines
from softswitch.core.views import (
    ActionView,
    CreateView,
    DetailView,
    Download,
    DownloadView,
    ListView,
)
from softswitch.core.views.access import rows_of
from tariffs.choices import Change, ImportState
from tariffs.filters import ImportRowFilter, RateImportFilter
from tariffs.forms import RateImportForm
from tariffs.models import RateImport, RateImportRow
from tariffs.services.imports.uploads import OPEN_STATES, cancel_import, request_apply, start_import
from tariffs.tables import ImportRowTable, RateImportTable
from tariffs.views.parts import TariffPart, tariff_crumbs

ERRORS_SHOWN = 20
RUNNING = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.APPLYING)


class ImportListView(TariffPart, ListView):
    """The sheets of a tariff, newest first."""

    permission = "tariffs.view"
    model = RateImport
    table_class = RateImportTable
    filterset_class = RateImportFilter
    tab = "import_list"
    empty_icon = "arrow-up-tray"
    empty_title = gettext_lazy("No rate sheets yet")

    def get_title(self) -> str:
        return str(self.tariff)

    def refine(self, queryset: QuerySet[RateImport]) -> QuerySet[RateImport]:
        return queryset.filter(tariff=self.tariff)

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:import_create", args=[self.tariff.pk])
        upload = Action(_("Import rates"), url, "arrow-up-tray", "tariffs.edit", primary=True)
        return [upload] if self.is_own else []


class ImportCreateView(TariffPart, CreateView):
    """Upload a sheet; a job checks it, nothing changes yet."""

    permission = "tariffs.edit"
    model = RateImport
    form_class = RateImportForm
    title = gettext_lazy("Import rates")
    save_label = gettext_lazy("Upload and check")
    close_label = ""
    success_message = gettext_lazy("The sheet is uploaded and being checked.")

    def get_form(self) -> Any:
        self.check_own()
        return super().get_form()

    def service(self, form: RateImportForm) -> RateImport:
        values = form.cleaned_data
        return start_import(
            actor=self.actor, tariff=self.tariff, name=values["file"].name, **values
        )

    def get_stay_url(self, saved: Any) -> str:
        return reverse("tariffs:import_detail", args=[saved.pk])

    def get_close_url(self, saved: Any) -> str:
        return reverse("tariffs:tariff_detail", args=[self.tariff.pk])


class ImportDetailView(ListView):
    """The preview: what each line of the sheet does, and which lines are rejected."""

    permission = "tariffs.view"
    model = RateImportRow
    parent_model = RateImport
    template_name = "tariffs/import_detail.html"
    table_class = ImportRowTable
    filterset_class = ImportRowFilter
    empty_icon = "document-text"
    empty_title = gettext_lazy("No changes")
    empty_text = gettext_lazy("What the sheet says is in the tariff already.")

    @cached_property
    def rate_import(self) -> RateImport:
        rows = rows_of(RateImport, self.actor).select_related("tariff")
        return cast(RateImport, get_object_or_404(rows, pk=self.kwargs["pk"]))

    @property
    def is_own(self) -> bool:
        owner_id = self.rate_import.tariff.owner_id
        return bool(owner_id == self.actor.customer_id and self.actor.can("tariffs.edit"))

    def refine(self, queryset: QuerySet[RateImportRow]) -> QuerySet[RateImportRow]:
        return queryset.filter(rate_import=self.rate_import)

    def get_title(self) -> str:
        return self.rate_import.file_name

    def get_status(self) -> ImportState:
        return ImportState(self.rate_import.state)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.rate_import.tariff)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts, state = self.rate_import.counts, self.rate_import.state
        changes = sum(counts.get(name, 0) for name in Change.values if name != Change.UNCHANGED)
        return super().get_context_data(
            rate_import=self.rate_import,
            tiles=count_tiles(counts),
            changes=changes,
            errors=self.rate_import.errors.order_by("line", "pk")[:ERRORS_SHOWN],
            is_running=state in RUNNING,
            may_apply=self.is_own and state == ImportState.READY and changes > 0,
            may_cancel=self.is_own and state in OPEN_STATES,
            **kwargs,
        )


def count_tiles(counts: dict[str, int]) -> list[Tile]:
    """Lines by what they do, each a link to them."""
    found = [
        Tile(change.label, number_text(counts[change]), url=f"?change={change}")
        for change in Change
        if change in counts
    ]
    if "rejected" in counts:
        found.append(Tile(_("Rejected"), number_text(counts["rejected"]), url="#rejected"))
    return found


class ImportProgressView(DetailView):
    """The progress alone, asked for every two seconds; then the whole page is fetched again."""

    permission = "tariffs.view"
    model = RateImport
    template_name = "tariffs/import_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        if self.object.state not in RUNNING:
            response["HX-Refresh"] = "true"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rate_import=self.object, is_running=self.object.state in RUNNING, **kwargs
        )


class OwnImportMixin:
    """Only the owner of the tariff decides on a sheet."""

    actor: Any

    def refine(self, queryset: QuerySet[RateImport]) -> QuerySet[RateImport]:
        return queryset.select_related("tariff")

    def check_object(self, obj: RateImport) -> None:
        if obj.tariff.owner_id != self.actor.customer_id:
            raise PermissionDenied


class ImportApplyView(OwnImportMixin, ActionView):
    """Apply all lines at once, by a job."""

    permission = "tariffs.edit"
    model = RateImport
    return_url_name = "tariffs:import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The sheet is being applied.")

    def service(self, obj: RateImport) -> None:
        request_apply(actor=self.actor, rate_import=obj)


class ImportCancelView(OwnImportMixin, ActionView):
    """Give the sheet up."""

    permission = "tariffs.edit"
    model = RateImport
    return_url_name = "tariffs:import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The import is cancelled. Nothing has changed.")

    def service(self, obj: RateImport) -> None:
        cancel_import(actor=self.actor, rate_import=obj)


class ImportErrorsView(DownloadView):
    """All rejected lines as CSV: line, field, reason, and the line as delivered."""

    permission = "tariffs.view"
    model = RateImport

    def get_download(self, obj: Any) -> Download:
        names = ("line", "field", "reason", "raw")
        rows = obj.errors.order_by("line", "pk").values_list(*names).iterator()
        content = csv_lines(list(names), (list(row) for row in rows))
        return Download(f"rejected-{obj.pk}.csv", "text/csv", content)
