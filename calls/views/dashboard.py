"""The dashboard: what today brought, what needs attention, or how to begin."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from billing.selectors.balances import may_see_balances
from billing.selectors.dunning import own_notice
from calls.choices import CdrImportState
from calls.selectors import dashboard as reads
from calls.selectors.cdrs import has_own_price
from calls.selectors.unrated import unrated_count
from calls.views.selfcare import greeting, selfcare_context
from calls.views.tiles import acd_tile, asr_tile, money_tiles, unrated_tile
from customers.choices import Kind
from softswitch.core.charts import Chart, bar_chart
from softswitch.core.chrome import Tile
from softswitch.core.display import full_date_text, number_text
from softswitch.core.views import PageView

WEEK = timedelta(days=7)
OPERATORS = (Kind.ROOT, Kind.RESELLER)


class DashboardView(PageView):
    """One page for all; what it shows depends on who looks, and every figure is the viewer's."""

    template_name = "dashboard.html"

    @cached_property
    def today(self) -> date:
        return timezone.localdate()

    @cached_property
    def day(self) -> reads.Day:
        """Today's traffic in the viewer's zone."""
        return reads.traffic_of_day(self.actor, self.today, timezone.get_current_timezone())

    @property
    def is_operator(self) -> bool:
        """Root or a reseller, at its own desk: not an account's user."""
        return self.actor.account_id is None and self.actor.customer.kind in OPERATORS

    def get_title(self) -> str:
        return _("Dashboard") if self.is_operator else greeting()

    def render(self, status: int = 200, **context: Any) -> TemplateResponse:
        response = super().render(status, **context)
        if not self.is_operator:
            response.template_name = "selfcare/home.html"
        return response

    def get_meta(self) -> str:
        moment = timezone.localtime()
        day = full_date_text(moment.date())
        if not self.is_operator:
            return day
        return _("%(day)s, figures to %(time)s") % {"day": day, "time": f"{moment:%H:%M}"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if self.actor.can("cdrs.view"):
            context |= self.calls_context()
        if self.is_operator:
            return context | self.operator_context()
        return context | selfcare_context(self.actor)

    def calls_context(self) -> dict[str, Any]:
        """The newest calls, and of who has trunks or customers the figures of today."""
        context = {"lines": reads.last_calls(self.actor), "shows_price": self.shows_price}
        if not self.is_operator and not self.actor.can("trunks.view"):
            return context
        return context | {"tiles": day_tiles(self.actor, self.day)}

    @property
    def shows_price(self) -> bool:
        """Whether the viewer pays for the calls that it sees."""
        return self.actor.account_id is None or has_own_price(self.actor)

    def operator_context(self) -> dict[str, Any]:
        """The chart, customers low on funds, the last deliveries, the first steps until done."""
        begun = reads.first_steps(self.actor)
        sees_low = self.actor.can("customers.view") and may_see_balances(self.actor)
        low = reads.customers_low_on_funds(self.actor) if sees_low else []
        imports = reads.last_imports(self.actor) if self.actor.can("system.settings") else []
        balance = reads.own_balance(self.actor)
        return self.chart_context() | {
            "is_operator": True,
            "balance": balance,
            "notice": own_notice(self.actor, balance),
            "low": low,
            "sees_low": sees_low,
            "imports": [(job, CdrImportState(job.state)) for job in imports],
            "steps": [] if begun.is_done else step_list(self.actor, begun),
        }

    def chart_context(self) -> dict[str, Any]:
        """Today by hour beside the same weekday a week before."""
        if not self.actor.can("cdrs.view"):
            return {}
        zone = timezone.get_current_timezone()
        before = reads.minutes_of_day(self.actor, self.today - WEEK, zone)
        return {"chart": hours_chart(self.day, before), "weekday": date_format(self.today, "l")}


def day_tiles(actor: Any, day: reads.Day) -> list[Tile]:
    """Today's key figures; each call counts once it is charged."""
    calls_url = reverse("calls:call_list")
    tiles = [
        Tile(_("Calls today"), number_text(day.calls), url=calls_url),
        Tile(_("Minutes"), number_text(round(day.milliseconds / 60_000))),
        *money_tiles(actor, day),
        asr_tile(day.asr),
        acd_tile(day.acd),
    ]
    if actor.account_id is None:
        tiles.append(unrated_tile(unrated_count(actor)))
    return tiles


def hours_chart(day: reads.Day, before: Sequence[float]) -> Chart:
    """Minutes by hour of today, and of the same weekday a week before."""
    longest = max(len(day.hours), len(before))
    passed = int((timezone.now() - day.starts_at) // reads.HOUR)
    return bar_chart(
        _("Minutes by hour, today and a week before"),
        [f"{hour:02}:00" for hour in range(longest + 1)],
        [hour.minutes for hour in day.hours[: passed + 1]],
        before,
        unit=_("minutes"),
        part=passed,
    )


def step_list(actor: Any, begun: reads.Begun) -> list[tuple[str, str, str, bool]]:
    """The first steps: label, why, address (empty without the right) and whether it is done."""
    steps = [
        (_("Create a tariff"), _("The prices that you sell at."), "tariffs:tariff_create",
         "tariffs.add", begun.tariff),
        (_("Create a customer"), _("It buys from you, at that tariff."),
         "customers:customer_create", "customers.add", begun.customer),
        (_("Create an account or trunk"), _("Calls are known by it."), "accounts:account_create",
         "accounts.add", begun.account),
    ]  # fmt: skip
    if actor.is_root:
        steps.append((_("Import CDRs"), _("Upload a file of a switch, or let the switch post."),
                      "calls:import_create", "system.settings", begun.call))  # fmt: skip
    return [
        (label, text, reverse(name) if actor.can(right) and not done else "", done)
        for label, text, name, right, done in steps
    ]
