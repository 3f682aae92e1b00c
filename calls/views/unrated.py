"""Unrated calls: why they are not charged, and rating them again."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from calls.filters import UnratedFilter
from calls.forms import SettleForm
from calls.models import UnratedCall
from calls.selectors.cdrs import with_names
from calls.services.unrated import answerable, may_answer, rate_again, settle_at_zero
from calls.tables import UnratedTable
from softswitch.core.chrome import Action, BulkAction
from softswitch.core.views import AccessMixin, EditView, ListView
from softswitch.core.views.lists import row_keys

RIGHT = "tariffs.edit"


class UnratedListView(ListView):
    """The calls of the actor's subtree that some level could not charge."""

    is_for_accounts = False  # whose customer, or somebody above, sets it right
    model = UnratedCall
    permission = "cdrs.view"
    title = gettext_lazy("Unrated calls")
    table_class = UnratedTable
    filterset_class = UnratedFilter
    bulk_actions = (
        BulkAction("rate_again", gettext_lazy("Rate again"), rate_again, "arrow-path", right=RIGHT),
    )
    empty_icon = "check-circle"
    empty_title = gettext_lazy("No unrated calls")
    empty_text = gettext_lazy("Every call that was answered is charged at all its levels.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        named: QuerySet[Any] = with_names(queryset, self.actor)
        return named

    def get_meta(self) -> str:
        return _("Nothing of these calls is charged. They hold back the closing of their periods.")

    def get_actions(self) -> list[Action]:
        url = reverse("calls:rate_all_again")
        return [Action(_("Rate all again"), url, "arrow-path", RIGHT, post=True)]

    def run_bulk(self, name: str) -> HttpResponseBase:
        """Rate the ticked calls again, in one go; those that only an owner can answer are left."""
        if not any(action.name == name for action in self.get_bulk_actions()):
            raise Http404
        keys = set(row_keys(self.request.POST.getlist("pk")))
        mine = answerable(self.actor).filter(call_id__in=keys).values_list("call_id", flat=True)
        seen = self.visible().filter(call_id__in=keys).count()
        report(self.request, rate_again(actor=self.actor, call_ids=list(mine)), seen)
        return HttpResponseRedirect(self.request.get_full_path())


class SettleView(EditView):
    """Let the level at fault cost 0; the other levels are charged as ever."""

    model = UnratedCall
    permission = "money.manage"
    title = gettext_lazy("Settle at 0")
    form_class = SettleForm
    list_url_name = "calls:unrated_list"
    save_label = gettext_lazy("Settle at 0")
    close_label = gettext_lazy("Settle at 0 & close")
    success_message = gettext_lazy("The call waits to be charged; the level at fault pays 0.")

    def check_object(self, obj: UnratedCall) -> None:
        if not may_answer(self.actor, obj):
            raise PermissionDenied(_("Not available from your provider"))

    def service(self, form: SettleForm) -> None:
        reason = form.cleaned_data["reason"]
        settle_at_zero(actor=self.actor, call_id=self.object.call_id, reason=reason)

    def get_stay_url(self, saved: None) -> str:
        return self.get_list_url()


class RateAllAgainView(AccessMixin):
    """POST only: all unrated calls that the actor may rate again."""

    http_method_names = ["post", "options"]
    permission = RIGHT

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        seen = answerable(self.actor).count()
        report(request, rate_again(actor=self.actor), seen)
        return HttpResponseRedirect(reverse("calls:unrated_list"))


def report(request: HttpRequest, moved: int, seen: int) -> None:
    """Say how many calls are rated again, and how many are not."""
    text = ngettext("%(count)s call is rated again.", "%(count)s calls are rated again.", moved) % {
        "count": moved
    }
    left = seen - moved
    if left > 0:
        text += " " + ngettext(
            "%(count)s stays: its cause is not here, or it is still unknown.",
            "%(count)s stay: their cause is not here, or they are still unknown.",
            left,
        ) % {"count": left}
    level = messages.SUCCESS if moved and not left else messages.WARNING
    messages.add_message(request, level, text)
