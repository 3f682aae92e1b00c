"""The steps of a rate import beside its preview: columns, roll-back."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Link, Text
from softswitch.core.display import datetime_text, number_text
from softswitch.core.views import ConfirmView, EditView
from tariffs.choices import Change
from tariffs.forms import ImportColumnsForm, columns_initial
from tariffs.models import RateImport
from tariffs.parsers.layout import Layout, guess_of
from tariffs.parsers.outline import outlined_lines, sheet_names
from tariffs.services.imports.undoing import request_undo
from tariffs.services.imports.uploads import DECIDED_STATES, choose_columns
from tariffs.views.import_parts import (
    OwnImportMixin,
    currency_warning,
    file_text,
    import_steps,
)
from tariffs.views.parts import tariff_crumbs

FIRST_LINES = 12


class ImportColumnsView(OwnImportMixin, EditView):
    """What each column is taken for, to be confirmed or corrected; then the sheet is checked.

    ``sheet`` and ``head`` in the address (or the form) show another sheet or line of headings.
    """

    permission = "tariffs.edit"
    model = RateImport
    template_name = "tariffs/import_columns.html"
    title = gettext_lazy("Import rates")
    save_label = gettext_lazy("Check the sheet")
    close_label = ""
    success_message = gettext_lazy("The sheet is being checked.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self._while_open(super().get, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self._while_open(super().post, *args, **kwargs)

    def _while_open(
        self, answer: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The page, or the way to the preview where there is nothing to choose (any more)."""
        found = self.get_object()
        if found.state not in DECIDED_STATES or not found.outline:
            return HttpResponseRedirect(self.get_close_url(found))
        return answer(self.request, *args, **kwargs)

    @cached_property
    def layout(self) -> Layout:
        """The stored layout, or the guess for another sheet or head that was asked for."""
        kept = Layout.of_json(self.object.layout)
        asked = self.request.POST or self.request.GET
        names = sheet_names(self.object.outline)
        sheet = asked.get("sheet", kept.sheet)
        sheet = sheet if sheet in names else kept.sheet
        head = asked.get("head", "")
        if not head.isdecimal() or len(head) > 7:
            same = sheet == kept.sheet
            return kept if same else self._guess(sheet, None)
        if (sheet, int(head)) == (kept.sheet, kept.head):
            return kept
        return self._guess(sheet, int(head))

    def _guess(self, sheet: str, head: int | None) -> Layout:
        lines = outlined_lines(self.object.outline, sheet)
        guessed = guess_of(lines, sheet=sheet, head=head)
        if guessed is not None:
            return guessed
        width = max((len(cells) for _number, cells in lines), default=0)
        return Layout(sheet=sheet, head=head or 0, columns=("",) * width)

    def get_form(self) -> ImportColumnsForm:
        posted = self.request.POST if self.request.method == "POST" else None
        return ImportColumnsForm(
            posted,
            actor=self.actor,
            initial=columns_initial(self.object, self.layout),
            outline=self.object.outline,
            layout=self.layout,
            has_codes_file=bool(self.object.codes_file),
        )

    def service(self, form: ImportColumnsForm) -> RateImport:
        values = form.cleaned_data
        return choose_columns(
            actor=self.actor,
            rate_import=self.object,
            layout=form.layout,
            is_full_replacement=values["is_full_replacement"],
            effective_at=values["effective_at"],
            profile_name=values["profile_name"],
        )

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("tariffs:import_detail", args=[saved.pk])

    def get_cancel_url(self) -> str:
        return reverse("tariffs:import_list", args=[self.object.tariff_id])

    def get_meta(self) -> str:
        return file_text(self.object)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object.tariff)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = outlined_lines(self.object.outline, self.layout.sheet)
        names = sheet_names(self.object.outline)
        return super().get_context_data(
            steps=import_steps(1, self.object.tariff, self.object),
            layout=self.layout,
            sheets=names if len(names) > 1 else [],
            first_lines=lines[:FIRST_LINES],
            warning=currency_warning(self.object),
            is_unknown=not any(self.layout.columns),
            **kwargs,
        )


class ImportUndoView(OwnImportMixin, ConfirmView):
    """Back to the rates before a sheet, by a job."""

    permission = "tariffs.edit"
    model = RateImport
    return_url_name = "tariffs:import_detail"
    returns_to_object = True
    success_message = gettext_lazy("The sheet is being rolled back.")

    def service(self, obj: RateImport) -> None:
        request_undo(actor=self.actor, rate_import=obj)

    def get_title(self) -> str:
        return _("Roll back %(file)s?") % {"file": self.object.file_name}

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object.tariff)

    def get_warning(self) -> Text:
        return _(
            "Rates by which calls were charged end now, and what they replaced goes on from now. "
            "Calls are not charged again."
        )

    def get_facts(self) -> Iterable[tuple[Text, Any]]:
        counts = self.object.counts
        applied = self.object.applied_at
        yield _("Tariff"), self.object.tariff
        yield _("Applied"), datetime_text(applied) if applied else "–"
        for change in Change:
            if change != Change.UNCHANGED and counts.get(change):
                yield change.label, number_text(counts[change])
