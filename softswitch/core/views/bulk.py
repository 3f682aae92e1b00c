"""Bulk actions of a list: on the ticked rows that are in scope, each by itself, then one report."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from softswitch.core.chrome import BulkAction, Text, permitted
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.views.access import PageMixin, ScopedMixin
from softswitch.core.views.edit import UNPROCESSABLE

MAX_SELECTED = 1_000
KEY_DIGITS = 18  # of every bigint
TOLD = 5  # refused rows that are named


def row_keys(texts: Iterable[str]) -> list[int]:
    """The keys among ``texts``, as a request names rows; what can be no key is left out."""
    return [int(text) for text in texts if text.isdecimal() and len(text) <= KEY_DIGITS]


class BulkMixin(PageMixin, ScopedMixin):
    """Runs ``bulk_actions``; those with a question or a form of their own ask first."""

    bulk_actions: ClassVar[Sequence[BulkAction]] = ()

    def get_bulk_actions(self) -> list[BulkAction]:
        return permitted(self.bulk_actions, self.actor)

    def get_bulk_facts(self, action: BulkAction, rows: list[Any]) -> Iterable[tuple[Text, Any]]:
        """What the question says: label and text; the rows by name, unless a list says more."""
        yield _("Records"), listed(rows)

    def run_bulk(self, name: str) -> HttpResponseBase:
        """Run the named action on the ticked rows that are in scope, once what it asks is said."""
        action = next((item for item in self.get_bulk_actions() if item.name == name), None)
        if action is None:
            raise Http404
        keys = row_keys(self.request.POST.getlist("pk"))[:MAX_SELECTED]
        rows = list(self.get_queryset().filter(pk__in=keys).order_by("pk"))
        is_confirmed = "confirmed" in self.request.POST
        form = self._bulk_form(action, is_bound=is_confirmed)
        asks = action.confirm or form is not None
        if rows and asks and not (is_confirmed and (form is None or form.is_valid())):
            return self.confirm_bulk(action, rows, form)
        values = form.cleaned_data if form is not None and rows else {}
        refused = [text for row in rows if (text := self._run_one(action, row, values))]
        self._report(action, len(rows) - len(refused), refused)
        return HttpResponseRedirect(self.request.get_full_path())

    def _bulk_form(self, action: BulkAction, *, is_bound: bool) -> Any:
        """What the action wants to know beside the rows; None if nothing."""
        if action.form_class is None:
            return None
        return action.form_class(self.request.POST if is_bound else None, actor=self.actor)

    def _run_one(self, action: BulkAction, row: Any, values: dict[str, Any]) -> str:
        try:
            with transaction.atomic():
                self.check_object(row)
                action.service(actor=self.actor, record=row, **values)
        except DomainError as error:
            return f"{row}: {error.message}"
        except PermissionDenied:
            return f"{row}: " + _("not yours to change")
        return ""

    def _report(self, action: BulkAction, done: int, refused: list[str]) -> None:
        text = ngettext("%(count)s done", "%(count)s done", done) % {"count": done}
        if action.done:
            text = f"{done} {action.done}"
        if refused:
            reasons = [reason.rstrip(".") for reason in refused[:TOLD]]
            if len(refused) > TOLD:
                reasons.append(_("and %(count)s more") % {"count": len(refused) - TOLD})
            text += _(", %(count)s skipped: %(reasons)s") % {
                "count": len(refused),
                "reasons": listed(reasons, is_long=True),
            }
        level = messages.WARNING if refused or not done else messages.SUCCESS
        messages.add_message(self.request, level, text + ".")

    def confirm_bulk(self, action: BulkAction, rows: list[Any], form: Any) -> TemplateResponse:
        """Ask first, naming the rows, with the action's form; again while that is not valid."""
        context = PageMixin.get_context_data(
            self,
            title=f"{action.label}?",
            meta="",
            tabs=[],
            actions=[],
            more_actions=[],
            facts=list(self.get_bulk_facts(action, rows)),
            form=form,
            button_label=action.label,
            hidden=[("do", action.name), ("confirmed", "1"), *(("pk", row.pk) for row in rows)],
            cancel_url=self.request.get_full_path(),
        )
        status = UNPROCESSABLE if form is not None and form.is_bound else 200
        return TemplateResponse(self.request, "confirm.html", context, status=status)
