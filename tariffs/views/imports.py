"""Rate imports: upload, progress, preview, apply and cancel."""

from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, Link, Tile
from softswitch.core.display import number_text
from softswitch.core.views import ActionView, CreateView, DetailView, ListView
from softswitch.core.views.access import rows_of
from tariffs.choices import Change, ImportState
from tariffs.filters import ImportRowFilter, RateImportFilter
from tariffs.forms import RateImportForm
from tariffs.models import RateImport, RateImportRow
from tariffs.selectors import is_draft
from tariffs.selectors.imports import paying_customers
from tariffs.services.imports.uploads import (
    OPEN_STATES,
    cancel_import,
    may_leave_out,
    request_apply,
    start_import,
)
from tariffs.tables import ImportRowTable, RateImportTable
from tariffs.views.import_parts import (
    DONE,
    RUNNING,
    OwnImportMixin,
    currency_warning,
    file_text,
    import_steps,
)
from tariffs.views.parts import TariffPart, tariff_crumbs, what_if_actions

ERRORS_SHOWN = 10


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
    """Upload a sheet; a job looks into it, nothing changes yet."""

    permission = "tariffs.edit"
    model = RateImport
    form_class = RateImportForm
    title = gettext_lazy("Import rates")
    template_name = "tariffs/import_create.html"
    save_label = gettext_lazy("Upload")
    close_label = ""
    success_message = gettext_lazy("The sheet is uploaded.")

    def get_form(self) -> Any:
        self.check_own()
        return super().get_form()

    def service(self, form: RateImportForm) -> RateImport:
        values = form.cleaned_data
        return start_import(
            actor=self.actor,
            tariff=self.tariff,
            name=values["file"].name,
            asks_columns=True,
            **values,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(steps=import_steps(0, self.tariff, None), **kwargs)

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

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.rate_import.state == ImportState.COLUMNS and self.is_own:
            url = reverse("tariffs:import_columns", args=[self.rate_import.pk])
            return HttpResponseRedirect(url)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return _("Import rates")

    def get_meta(self) -> str:
        return file_text(self.rate_import)

    def get_status(self) -> ImportState:
        return ImportState(self.rate_import.state)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.rate_import.tariff)

    def get_actions(self) -> list[Action]:
        pk, state = self.rate_import.pk, self.rate_import.state
        found = []
        if self.rate_import.counts and state not in RUNNING:
            url = reverse("tariffs:import_lines", args=[pk])
            found.append(Action(_("All lines with result"), url, "arrow-down-tray"))
        if is_draft(self.rate_import):
            found += what_if_actions(self.actor, f"draft={pk}")
        if self.is_own and state == ImportState.APPLIED:
            url = reverse("tariffs:import_undo", args=[pk])
            found.append(Action(_("Roll back"), url, "arrow-uturn-left", "tariffs.edit"))
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts, state = self.rate_import.counts, self.rate_import.state
        changes = sum(counts.get(name, 0) for name in Change.values if name != Change.UNCHANGED)
        is_checked = state == ImportState.READY or may_leave_out(self.rate_import)
        may_apply = self.is_own and is_checked and changes > 0
        return super().get_context_data(
            rate_import=self.rate_import,
            steps=import_steps(
                3 if state in DONE else 2, self.rate_import.tariff, self.rate_import
            ),
            tiles=count_tiles(counts, self.rate_import.pk),
            changes=changes,
            rejected=counts.get("rejected", 0),
            errors=self.rate_import.errors.order_by("line", "pk")[:ERRORS_SHOWN],
            warning=currency_warning(self.rate_import),
            is_running=state in RUNNING,
            may_apply=may_apply,
            payers=paying_customers(self.rate_import.tariff).count() if may_apply else 0,
            may_choose=self.is_own and bool(self.rate_import.outline) and state in OPEN_STATES,
            may_cancel=self.is_own and state in OPEN_STATES,
            **kwargs,
        )


def count_tiles(counts: dict[str, int], key: int) -> list[Tile]:
    """Lines of import ``key`` by what they do, each a link to them."""
    found = [
        Tile(change.label, number_text(counts[change]), url=f"?change={change}")
        for change in Change
        if change in counts
    ]
    if "rejected" in counts:
        url = reverse("tariffs:import_rejected", args=[key])
        found.append(Tile(_("Rejected"), number_text(counts["rejected"]), url=url))
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


class ImportApplyView(OwnImportMixin, ActionView):
    """Apply all lines at once, by a job."""

    permission = "tariffs.edit"
    model = RateImport
    return_url_name = "tariffs:import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The sheet is being applied.")

    def service(self, obj: RateImport) -> None:
        request_apply(
            actor=self.actor,
            rate_import=obj,
            leaves_out_rejected="leave_out" in self.request.POST,
            notifies="notify" in self.request.POST,
        )


class ImportCancelView(OwnImportMixin, ActionView):
    """Give the sheet up."""

    permission = "tariffs.edit"
    model = RateImport
    return_url_name = "tariffs:import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The import is cancelled. Nothing has changed.")

    def service(self, obj: RateImport) -> None:
        cancel_import(actor=self.actor, rate_import=obj)
