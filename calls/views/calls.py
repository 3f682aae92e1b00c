"""CDRs: the list, its sums, and one call in a drawer beside it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.filters import CallFilter
from calls.models import Call
from calls.selectors.cdrs import CallKey, call_lines, visible_call
from calls.selectors.totals import call_totals
from calls.selectors.unrated import unrated_count
from calls.tables import CallTable, call_table
from calls.views.facts import call_facts, explained_levels
from calls.views.tiles import call_tiles, unrated_action
from softswitch.core.chrome import Action, Tile
from softswitch.core.tables import Table
from softswitch.core.views import ListView, PageMixin

NUMBER_COUNT_LIMIT = 500


class CallListView(ListView):
    """The calls that the actor's customer and those below it made."""

    model = Call
    permission = "cdrs.view"
    title = gettext_lazy("CDRs")
    template_name = "calls/call_list.html"
    filterset_class = CallFilter
    empty_icon = "phone-arrow-up-right"
    empty_title = gettext_lazy("No calls in the last days")
    empty_text = gettext_lazy("Calls are listed as soon as a switch delivers them.")
    open_call: Call | None = None

    def get_table_class(self) -> type[CallTable]:
        return call_table(self.actor)

    def get_table(self) -> Table:
        table = super().get_table()
        if isinstance(table, CallTable):
            table.query = self.request.GET.urlencode()
            table.open_id = self.open_call.id if self.open_call else None
        return table

    def get_count_limit(self) -> int | None:
        """Numbers have no index: each call that is counted costs many that are read on the way."""
        is_number = any(self.request.GET.get(name) for name in ("caller", "called"))
        return NUMBER_COUNT_LIMIT if is_number else super().get_count_limit()

    def get_meta(self) -> str:
        return _("Times in %(zone)s.") % {"zone": self.actor.timezone}

    def get_actions(self) -> list[Action]:
        count = 0 if self.actor.account_id else unrated_count(self.actor)
        return [
            *unrated_action(count),
            Action(
                _("Upload CDRs"), reverse("calls:import_create"), "arrow-up-tray", "system.settings"
            ),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(totals_url=reverse("calls:call_totals"), **kwargs)


class CallTotalsView(CallListView):
    """The sums of the calls found: fetched beside the list, or a page of their own."""

    template_name = "calls/call_totals.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = self.filterset
        tiles: list[Tile] = []
        if isinstance(asked, CallFilter) and asked.form.is_valid():
            tiles = call_tiles(self.actor, call_totals(self.actor, asked.search))
        if "HX-Request" in request.headers:
            return TemplateResponse(request, f"{self.template_name}#tiles", {"tiles": tiles})
        context = PageMixin.get_context_data(self, tiles=tiles)
        return TemplateResponse(request, self.template_name, context)


class CallDetailView(CallListView):
    """One call in a drawer beside the list that it was opened from."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.open_call = visible_call(self.actor, kwargs["pk"])
        if self.open_call is None:
            raise Http404
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        call = self.open_call
        if call is None:
            return context
        key: CallKey = {"call_id": call.id, "setup_at": call.setup_at}
        before, after = self._neighbours(context["page"], call.id)
        return context | {
            "call": call,
            "line": call_lines(self.actor, [key])[call.id],
            "facts": call_facts(self.actor, call),
            "levels": explained_levels(self.actor, call),
            "previous_url": before,
            "next_url": after,
            "close_url": self._with_query(reverse("calls:call_list")),
        }

    def _neighbours(self, page: Any, call_id: int) -> tuple[str, str]:
        """Addresses of the rows above and below on this page of the list."""
        ids = [row.record["call_id"] for row in page.object_list]
        if call_id not in ids:
            return "", ""
        place = ids.index(call_id)
        around = (ids[place - 1] if place else None, *ids[place + 1 : place + 2], None)
        urls = [
            self._with_query(reverse("calls:call_detail", args=[pk])) if pk else ""
            for pk in around[:2]
        ]
        return urls[0], urls[1]

    def _with_query(self, url: str) -> str:
        query = self.request.GET.urlencode()
        return f"{url}?{query}" if query else url
