"""Deliveries of CDR files: upload, progress, rejected lines and conflicts."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import CdrFormat, CdrImportState
from calls.filters import ImportFilter
from calls.forms import ImportForm
from calls.models import CallConflict, CdrImport
from calls.services.importing import start_import
from calls.tables import ConflictTable, ImportTable
from softswitch.core.chrome import Action, Link, Tab, Tile
from softswitch.core.display import listed, number_text
from softswitch.core.exports import csv_lines
from softswitch.core.views import CreateView, DetailView, Download, DownloadView, ListView

ERRORS_SHOWN = 50
POLLED = "calls/import_detail.html#progress"


def import_tabs(current: str) -> list[Tab]:
    """Deliveries and what contradicted stored calls."""
    pages = (("import_list", _("Deliveries")), ("conflict_list", _("Conflicts")))
    return [Tab(label, reverse(f"calls:{name}"), name == current) for name, label in pages]


class ImportListView(ListView):
    """The deliveries, newest first."""

    model = CdrImport
    permission = "system.settings"
    title = gettext_lazy("CDR deliveries")
    table_class = ImportTable
    filterset_class = ImportFilter
    empty_icon = "arrow-up-tray"
    empty_title = gettext_lazy("No CDR files yet")
    empty_text = gettext_lazy("Upload a file of a switch, or let the switch post its calls.")

    def refine(self, queryset: QuerySet[CdrImport]) -> QuerySet[CdrImport]:
        return queryset.select_related("switch")

    def get_actions(self) -> list[Action]:
        url = reverse("calls:import_create")
        return [Action(_("Upload CDRs"), url, "arrow-up-tray", "system.settings", primary=True)]

    def get_tabs(self) -> list[Tab]:
        return import_tabs("import_list")


class ConflictListView(ListView):
    """Deliveries that contradict a stored call; nothing was changed by them."""

    model = CallConflict
    permission = "system.settings"
    title = gettext_lazy("CDR deliveries")
    table_class = ConflictTable
    empty_icon = "check-circle"
    empty_title = gettext_lazy("No conflicts")
    empty_text = gettext_lazy(
        "A call that is delivered again with other contents stands here, and changes nothing."
    )

    def get_tabs(self) -> list[Tab]:
        return import_tabs("conflict_list")


class ImportCreateView(CreateView):
    """Upload a CDR file; it is read by a job."""

    model = CdrImport
    permission = "system.settings"
    title = gettext_lazy("Upload CDRs")
    form_class = ImportForm
    list_url_name = "calls:import_list"
    detail_url_name = "calls:import_detail"
    edit_url_name = "calls:import_detail"
    save_label = gettext_lazy("Upload")
    close_label = ""
    success_message = gettext_lazy("The file is stored and being read.")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("CDR deliveries"), reverse("calls:import_list"))]

    def service(self, form: ImportForm) -> CdrImport:
        asked = form.cleaned_data
        return start_import(
            actor=self.actor,
            switch=asked["switch"],
            file=asked["file"],
            file_name=asked["file"].name,
            format_name=asked["format"],
            template=asked["template"],
        )


class ImportDetailView(DetailView):
    """How far a file is read, what came of it, and its rejected lines."""

    model = CdrImport
    permission = "system.settings"
    template_name = "calls/import_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        if "HX-Request" in request.headers and self.is_running:
            response.template_name = POLLED  # type: ignore[attr-defined] # a TemplateResponse
        elif "HX-Request" in request.headers:
            response["HX-Refresh"] = "true"
        return response

    def refine(self, queryset: QuerySet[CdrImport]) -> QuerySet[CdrImport]:
        return queryset.select_related("switch", "created_by")

    @cached_property
    def is_running(self) -> bool:
        return self.object.state in (CdrImportState.WAITING, CdrImportState.RUNNING)

    def get_status(self) -> CdrImportState:
        return CdrImportState(self.object.state)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("CDR deliveries"), reverse("calls:import_list"))]

    def get_meta(self) -> str:
        job = self.object
        return listed((CdrFormat(job.format).label, job.switch))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.object
        errors = Paginator(job.errors.order_by("line", "pk"), ERRORS_SHOWN)
        skipped = sorted(job.lines_skipped.items())
        return super().get_context_data(
            tiles=import_tiles(job),
            errors=errors.get_page(self.request.GET.get("page")),
            skipped=skipped,
            is_running=self.is_running,
            **kwargs,
        )


def import_tiles(job: CdrImport) -> list[Tile]:
    """What became of the lines read so far."""
    conflicts = reverse("calls:conflict_list") if job.calls_conflicting else ""
    return [
        Tile(_("New calls"), number_text(job.calls_new)),
        Tile(_("Repeated"), number_text(job.calls_repeated), note=_("Stored already")),
        Tile(
            _("Conflicting"),
            number_text(job.calls_conflicting),
            url=conflicts,
            is_negative=job.calls_conflicting > 0,
        ),
        Tile(
            _("Rejected lines"),
            number_text(job.lines_rejected),
            is_negative=job.lines_rejected > 0,
        ),
        Tile(_("Skipped lines"), number_text(sum(job.lines_skipped.values()))),
    ]


class ImportErrorsView(DownloadView):
    """The rejected lines of a file as CSV."""

    model = CdrImport
    permission = "system.settings"

    def get_download(self, obj: Any) -> Download:
        rows = obj.errors.order_by("line", "pk").values_list("line", "field", "reason", "raw")
        heads = [_("Line"), _("Field"), _("Reason"), _("As delivered")]
        cells = (list(row) for row in rows.iterator())
        return Download(f"rejected-{obj.pk}.csv", "text/csv", csv_lines(heads, cells))
