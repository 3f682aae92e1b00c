"""Imports of customers and accounts: upload, progress, preview, apply; templates and exports."""

from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms import RecordFileForm
from billing.selectors.records.columns import columns_of, examples, hidden_columns, labels
from billing.selectors.records.exports import exported
from billing.selectors.records.jobs import (
    DISCARDABLE,
    RIGHT,
    Errors,
    first_rows,
    jobs_shown_to,
    may_import,
)
from billing.services.records.uploads import discard_import, request_apply, start_import
from billing.tables import RecordImportTable, poster
from customers.choices import ImportState, RecordKind
from customers.models import RecordImport
from softswitch.core import exports
from softswitch.core.chrome import Action, Link, Text, Tile
from softswitch.core.display import datetime_text, number_text
from softswitch.core.exports import csv_lines
from softswitch.core.views import (
    AccessMixin,
    ActionView,
    ConfirmView,
    CreateView,
    DetailView,
    Download,
    DownloadView,
    ListView,
)

ERRORS_SHOWN = 50
POLLED = "billing/record_import.html#progress"
FORMATS = ("csv", "xlsx")
TITLES: dict[str, Text] = {
    RecordKind.CUSTOMER.value: gettext_lazy("Imports of customers"),
    RecordKind.ACCOUNT.value: gettext_lazy("Imports of accounts"),
}


def address(kind: str, name: str) -> str:
    """One of the pages that each kind has of its own."""
    return reverse(f"billing:{kind}_import_{name}")


def file_actions(kind: str, name: str, label: Text, *, more: bool = True) -> list[Action]:
    """A file to download, in each format; ``more``: in the menu behind the dots."""
    url = address(kind, name)
    return [
        Action(f"{label} ({form.upper()})", f"{url}?format={form}", "arrow-down-tray", more=more)
        for form in FORMATS
    ]


class ImportListView(ListView):
    """The files of the acting customer, newest first."""

    record_kind: ClassVar[str] = RecordKind.CUSTOMER
    permission = RIGHT[RecordKind.CUSTOMER]
    model = RecordImport
    table_class = RecordImportTable
    empty_icon = "arrow-up-tray"
    empty_title = gettext_lazy("No files yet")
    empty_text = gettext_lazy("Download the template, fill it in, and upload it.")

    def get_title(self) -> Text:
        return TITLES[self.record_kind]

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        own = queryset.filter(owner=self.actor.customer_id, kind=self.record_kind)
        return jobs_shown_to(own, self.actor)

    def get_actions(self) -> list[Action]:
        kind = self.record_kind
        upload = Action(_("Upload a file"), address(kind, "create"), "arrow-up-tray", primary=True)
        return [
            upload,
            *file_actions(kind, "template", _("Template")),
            *file_actions(kind, "export", _("Export for import")),
        ]


class AccountImportListView(ImportListView):
    """The same of accounts."""

    record_kind = RecordKind.ACCOUNT
    permission = RIGHT[RecordKind.ACCOUNT]


class ImportCreateView(CreateView):
    """Upload a file; a job checks it, nothing is made yet."""

    record_kind: ClassVar[str] = RecordKind.CUSTOMER
    permission = RIGHT[RecordKind.CUSTOMER]
    model = RecordImport
    form_class = RecordFileForm
    save_label = gettext_lazy("Upload and check")
    close_label = ""
    success_message = gettext_lazy("The file is uploaded and being checked.")
    edit_url_name = "billing:record_import_detail"
    title = gettext_lazy("Import customers")

    def get_crumbs(self) -> list[Link]:
        return [Link(TITLES[self.record_kind], address(self.record_kind, "list"))]

    def get_actions(self) -> list[Action]:
        return file_actions(self.record_kind, "template", _("Template"), more=False)

    def get_list_url(self) -> str:
        return address(self.record_kind, "list")

    def service(self, form: RecordFileForm) -> RecordImport:
        file = form.cleaned_data["file"]
        return start_import(
            actor=self.actor, kind=self.record_kind, file=file, size=file.size, name=file.name
        )


class AccountImportCreateView(ImportCreateView):
    """The same of accounts."""

    record_kind = RecordKind.ACCOUNT
    permission = RIGHT[RecordKind.ACCOUNT]
    title = gettext_lazy("Import accounts")


class OwnImportMixin:
    """A file of the acting customer, for who may import such records."""

    actor: Any

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return jobs_shown_to(queryset.select_related("owner"), self.actor)

    def check_object(self, obj: RecordImport) -> None:
        if obj.owner_id != self.actor.customer_id or not may_import(self.actor, obj.kind):
            raise PermissionDenied


class ImportDetailView(OwnImportMixin, DetailView):
    """How far a file is, its first rows, and every error; Apply once there is none."""

    model = RecordImport
    template_name = "billing/record_import.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        if "HX-Request" in request.headers and self.is_running:
            response.template_name = POLLED  # type: ignore[attr-defined] # a TemplateResponse
        elif "HX-Request" in request.headers:
            response["HX-Refresh"] = "true"
        return response

    @cached_property
    def is_running(self) -> bool:
        """Whether a job works on it; letters are mailed after it was applied."""
        job: RecordImport = self.object
        is_mailing = job.state == ImportState.APPLIED and job.mailed < job.letters
        return job.state in (ImportState.CHECKING, ImportState.APPLYING) or is_mailing

    def get_status(self) -> ImportState:
        return ImportState(self.object.state)

    def get_crumbs(self) -> list[Link]:
        return [Link(TITLES[self.object.kind], address(self.object.kind, "list"))]

    def get_actions(self) -> list[Action]:
        if self.object.state not in DISCARDABLE:
            return []
        url = reverse("billing:record_import_discard", args=[self.object.pk])
        return [Action(_("Discard"), url, "x-mark", danger=True)]

    def get_meta(self) -> str:
        job = self.object
        return _("Uploaded %(when)s by %(who)s") % {
            "when": datetime_text(job.created_at),
            "who": poster(job.uploader, is_above=job.is_above),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job: RecordImport = self.object
        columns, hidden = columns_of(self.actor, job.kind), hidden_columns(self.actor, job)
        errors = Paginator(Errors(job, hidden), ERRORS_SHOWN).get_page(self.request.GET.get("page"))
        names = labels(columns, [column for _row, column, _reason in errors])
        shown = zip(errors, names, strict=True)
        return super().get_context_data(
            job=job,
            is_running=self.is_running,
            tiles=tiles(job),
            heads=labels(columns, job.columns),
            rows=first_rows(job, hidden),
            page=errors,
            errors=[(row, name, reason) for (row, _column, reason), name in shown],
            may_apply=job.state == ImportState.CHECKED,
            **kwargs,
        )


def tiles(job: RecordImport) -> list[Tile]:
    """Rows, errors, and letters where logins are made."""
    found = [
        Tile(_("Rows"), number_text(job.total)),
        Tile(_("Errors"), number_text(job.wrong), is_negative=job.wrong > 0),
    ]
    if job.letters:
        found.append(Tile(_("Logins"), number_text(job.letters)))
    return found


class ImportApplyView(OwnImportMixin, ActionView):
    """Make everything that the file describes, by a job."""

    model = RecordImport
    return_url_name = "billing:record_import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The file is being applied.")

    def service(self, obj: RecordImport) -> None:
        request_apply(actor=self.actor, job=obj)


class ImportDiscardView(OwnImportMixin, ConfirmView):
    """Throw away the rows of a file that was not applied."""

    model = RecordImport
    return_url_name = "billing:record_import_detail"
    returns_to_object = True
    success_message = gettext_lazy("Discarded. Its rows are gone.")

    def get_title(self) -> str:
        return _("Discard %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(TITLES[self.object.kind], address(self.object.kind, "list"))]

    def get_facts(self) -> list[tuple[Text, Any]]:
        return [
            (_("Goes"), _("The rows of the file, and their errors. There is no undo.")),
            (_("Stays"), _("That it was uploaded, when and by whom. Nothing was made of it.")),
        ]

    def service(self, obj: RecordImport) -> None:
        discard_import(actor=self.actor, job=obj)


class ImportErrorsView(OwnImportMixin, DownloadView):
    """All errors as CSV: row, column, reason."""

    model = RecordImport

    def get_download(self, obj: Any) -> Download:
        heads = [_("Row"), _("Column"), _("Reason")]
        errors = Errors(obj, hidden_columns(self.actor, obj))
        return Download(f"errors-{obj.pk}.csv", "text/csv", csv_lines(heads, iter(errors)))


class TemplateView(AccessMixin):
    """A file with the columns of an import, and a row for each kind as an example."""

    record_kind: ClassVar[str] = RecordKind.CUSTOMER
    permission = RIGHT[RecordKind.CUSTOMER]
    file_name = "import-template"

    def cells(self, names: list[str]) -> Any:
        """The rows below the head."""
        rows = examples(self.actor, self.record_kind)
        return ([row.get(name, "") for name in names] for row in rows)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET.get("format", FORMATS[0])
        if asked not in FORMATS:
            raise Http404
        names = [column.name for column in columns_of(self.actor, self.record_kind)]
        send = exports.csv_response if asked == "csv" else exports.xlsx_response
        return send(f"{self.record_kind}s-{self.file_name}", names, self.cells(names))


class AccountTemplateView(TemplateView):
    """The same of accounts."""

    record_kind = RecordKind.ACCOUNT
    permission = RIGHT[RecordKind.ACCOUNT]


class ExportView(TemplateView):
    """All that could be imported, in the columns of an import."""

    file_name = "export"

    def cells(self, names: list[str]) -> Any:
        return exported(self.actor, self.record_kind)


class AccountExportView(ExportView):
    """The same of accounts."""

    record_kind = RecordKind.ACCOUNT
    permission = RIGHT[RecordKind.ACCOUNT]
