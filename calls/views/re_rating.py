"""Re-rating: choose calls and terms, look at the differences, apply, undo."""

from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import ReRatingState
from calls.filters import ReRatingFilter
from calls.forms import ReRatingForm
from calls.models import ReRating, ReRatingProblem, ReRatingSum
from calls.selectors.re_rating import (
    is_any_period_closed,
    may_preview,
    may_undo,
    named_problems,
    named_sums,
    with_maker,
)
from calls.services.re_rating.deciding import (
    DISCARDABLE,
    Choice,
    discard,
    preview_again,
    request_apply,
    request_undo,
    start_re_rating,
)
from calls.services.re_rating.running import RUNNING
from calls.tables import ReRatingProblemTable, ReRatingSumTable, ReRatingTable
from calls.views.re_rating_parts import re_rating_facts, re_rating_tiles
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ActionView, CreateView, DetailView, ListView, ScopedMixin
from softswitch.core.views.access import rows_of

LIST = "calls:re_rating_list"


class ReRatingPart(ScopedMixin):
    """Whoever may move money and change tariffs; never an account's user."""

    permission = "tariffs.edit"
    further = ("money.manage",)
    is_for_accounts = False
    model: ClassVar[type[Model] | None] = ReRating


class ReRatingListView(ReRatingPart, ListView):
    """All re-ratings, newest first."""

    title = gettext_lazy("Re-rating")
    table_class = ReRatingTable
    filterset_class = ReRatingFilter
    empty_icon = "arrow-path"
    empty_title = gettext_lazy("Nothing was re-rated yet")
    empty_text = gettext_lazy(
        "Price charged calls anew where a rate, an exchange rate or a tariff was wrong."
    )

    def refine(self, queryset: QuerySet[ReRating]) -> QuerySet[ReRating]:
        return cast("QuerySet[ReRating]", with_maker(queryset, self.actor))

    def get_actions(self) -> list[Action]:
        url = reverse("calls:re_rating_create")
        return [Action(_("Re-rate calls"), url, "arrow-path", primary=True)]


class ReRatingCreateView(ReRatingPart, CreateView):
    """Which calls, by which terms; a job then computes the differences."""

    title = gettext_lazy("Re-rate calls")
    form_class = ReRatingForm
    list_url_name = LIST
    edit_url_name = detail_url_name = "calls:re_rating_detail"
    save_label = gettext_lazy("Preview")
    close_label = ""
    success_message = gettext_lazy("The differences are being computed. Nothing has changed yet.")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Re-rating"), reverse(LIST))]

    def service(self, form: ReRatingForm) -> ReRating:
        asked = dict(form.cleaned_data)
        reason = asked.pop("reason")
        return start_re_rating(actor=self.actor, choice=Choice(**asked), reason=reason)

    def get_cancel_url(self) -> str:
        return reverse(LIST)


class OfReRating(ReRatingPart):
    """Lists about one re-rating."""

    parent_model = ReRating

    @cached_property
    def job(self) -> Any:
        """The re-rating of the URL: 404 if it is not there or not in scope."""
        rows = with_maker(rows_of(ReRating, self.actor), self.actor)
        named = rows.select_related(
            "owner", "customer", "account", "trunk", "assigned", "tariff__owner"
        )
        return get_object_or_404(named, pk=self.kwargs["pk"])

    @property
    def is_own(self) -> bool:
        """Those above look on; whose re-rating it is decides."""
        return bool(self.job.owner_id == self.actor.customer_id)


class ReRatingDetailView(OfReRating, ListView):
    """The preview, or what came of it: before and after of every payer and level."""

    model = ReRatingSum
    template_name = "calls/re_rating_detail.html"
    table_class = ReRatingSumTable
    empty_icon = "check-circle"
    empty_title = gettext_lazy("No calls")
    empty_text = gettext_lazy("No charged call fits, or none of your sales are part of it.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return named_sums(queryset.filter(re_rating=self.job), self.actor)

    def get_title(self) -> str:
        return _("Re-rating %(number)s") % {"number": self.job}

    def get_meta(self) -> str:
        return str(self.job.reason)

    def get_status(self) -> ReRatingState:
        return ReRatingState(self.job.state)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Re-rating"), reverse(LIST))]

    def get_actions(self) -> list[Action]:
        if not self.is_own or not may_preview(self.job):
            return []
        url = reverse("calls:re_rating_preview", args=[self.job.pk])
        return [Action(_("Preview again"), url, "arrow-path", post=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job, is_running = self.job, self.job.state in RUNNING
        undoable = self.is_own and may_undo(job)
        return super().get_context_data(
            job=job,
            facts=re_rating_facts(job),
            tiles=[] if is_running else re_rating_tiles(job),
            is_running=is_running,
            batches=job.batches.count() if is_running else 0,
            may_apply=self.is_own
            and job.state == ReRatingState.PREVIEWED
            and job.calls_changed > 0,
            may_undo=undoable,
            asks_closed=is_any_period_closed(job) if undoable else job.calls_closed > 0,
            may_discard=self.is_own and (job.state in DISCARDABLE or may_preview(job)),
            **kwargs,
        )


class ReRatingProblemsView(OfReRating, ListView):
    """The calls that the new terms cannot rate, each with its reason."""

    model = ReRatingProblem
    title = gettext_lazy("Calls that stay as they are")
    table_class = ReRatingProblemTable
    empty_icon = "check-circle"
    empty_title = gettext_lazy("Every call can be rated")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return named_problems(queryset.filter(re_rating=self.job), self.actor)

    def get_crumbs(self) -> list[Link]:
        url = reverse("calls:re_rating_detail", args=[self.job.pk])
        return [Link(_("Re-rating"), reverse(LIST)), Link(str(self.job), url)]


class ReRatingProgressView(ReRatingPart, DetailView):
    """The progress alone, asked for every two seconds; then the whole page is fetched again."""

    template_name = "calls/re_rating_progress.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        if self.object.state not in RUNNING:
            response["HX-Refresh"] = "true"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.object
        return super().get_context_data(
            job=job, is_running=job.state in RUNNING, batches=job.batches.count(), **kwargs
        )


class ReRatingActionView(ReRatingPart, ActionView):
    """A decision about one's own re-rating."""

    return_url_name = "calls:re_rating_detail"
    returns_to_object = True

    def check_object(self, obj: ReRating) -> None:
        if obj.owner_id != self.actor.customer_id:
            raise PermissionDenied

    @property
    def posts_to_open(self) -> bool:
        """Whether what belongs to closed periods goes to the open ones."""
        return "posts_to_open" in self.request.POST


class ReRatingApplyView(ReRatingActionView):
    """Post the differences, by a job."""

    success_message = gettext_lazy("The differences are being posted.")

    def service(self, obj: ReRating) -> None:
        request_apply(actor=self.actor, job=obj, posts_to_open=self.posts_to_open)


class ReRatingUndoView(ReRatingActionView):
    """Take back what was posted, by a job."""

    success_message = gettext_lazy("The re-rating is being taken back.")

    def service(self, obj: ReRating) -> None:
        request_undo(actor=self.actor, job=obj, posts_to_open=self.posts_to_open)


class ReRatingPreviewView(ReRatingActionView):
    """Compute the differences anew."""

    success_message = gettext_lazy("The differences are being computed. Nothing has changed yet.")

    def service(self, obj: ReRating) -> None:
        preview_again(actor=self.actor, job=obj)


class ReRatingDiscardView(ReRatingActionView):
    """Give it up."""

    success_message = gettext_lazy("The re-rating is discarded. Nothing has changed.")

    def service(self, obj: ReRating) -> None:
        discard(actor=self.actor, job=obj)
