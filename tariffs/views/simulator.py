"""The rate simulator: what calls would cost at every level that the viewer may see."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.selectors.simulate import SimulatedCall, SimulatedLevel, simulate_calls
from softswitch.core.chrome import Action
from softswitch.core.display import date_text, price_text, spoken
from softswitch.core.exports import csv_response
from softswitch.core.templatetags.money import amount_html
from softswitch.core.views import PageView
from tariffs.forms import SimulatorForm
from tariffs.views.parts import what_if_actions

HEADS = (
    gettext_lazy("Number"),
    gettext_lazy("Allowed"),
    gettext_lazy("Level"),
    gettext_lazy("Account"),
    gettext_lazy("Prefix"),
    gettext_lazy("Destination"),
    gettext_lazy("Valid from"),
    gettext_lazy("Profile"),
    gettext_lazy("Billed seconds"),
    gettext_lazy("Charge"),
    gettext_lazy("Currency"),
    gettext_lazy("In balance currency"),
    gettext_lazy("Balance currency"),
    gettext_lazy("Profit of owner"),
    gettext_lazy("Longest call"),
    gettext_lazy("Refusal"),
    gettext_lazy("Total margin"),
)
NOT_AVAILABLE = gettext_lazy("Not available from your provider")


class SimulatorView(PageView):
    """Nothing is posted; the formula is the one that charges calls."""

    permission = "rates.view"
    template_name = "tariffs/simulator.html"
    title = gettext_lazy("Rate simulator")
    form_class = SimulatorForm

    def get_meta(self) -> str:
        return _("The same formula that authorizes and charges calls. Nothing is posted.")

    def get_actions(self) -> list[Action]:
        """A what-if about the calls of the simulated customer, by the tariff that it pays by."""
        is_asked = self.form.is_bound and self.form.is_valid()
        customer = self.form.cleaned_data["customer"] if is_asked else None
        return what_if_actions(self.actor, f"customer={customer.pk}" if customer else "")

    @cached_property
    def form(self) -> SimulatorForm:
        """The question; bound once a number is asked for."""
        data: Mapping[str, Any] | None = self.request.GET if "numbers" in self.request.GET else None
        own = {} if self.actor.is_root else {"customer": self.actor.customer.name}
        form = SimulatorForm(data, actor=self.actor, initial=own)
        lines = self.request.GET.get("numbers", "").count("\n") + 1
        form.fields["numbers"].widget.attrs["rows"] = min(lines, 6)
        return form

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (self.form.is_bound and self.form.is_valid()):
            return self.render(422 if self.form.is_bound else 200)
        calls = simulate_calls(self.actor, **self.form.cleaned_data)
        if request.GET.get("export") == "csv":
            return csv_response("simulation", [str(head) for head in HEADS], export_rows(calls))
        shown = [self.describe(call) for call in calls]
        return self.render(calls=shown, is_simulated=True, is_single=len(shown) == 1)

    def describe(self, call: SimulatedCall) -> dict[str, Any]:
        """A call with its levels as the template shows them."""
        levels = [
            {"level": level, "card": self.card_of(level), "payee": payee_of(call, place)}
            for place, level in enumerate(call.levels)
        ]
        return {
            "call": call,
            "levels": levels,
            "currency": call.levels[0].currency if call.levels else "",
        }

    def card_of(self, level: SimulatedLevel) -> dict[str, Any]:
        """A level as components/level.html shows it."""
        code = level.version.tariff.currency_id if level.version else ""
        is_shown = level.margin is not None
        return {
            "title": name_of(level),
            "amount": "–" if level.cost is None else amount_html(price_text(level.cost), code),
            "note": level.refusal.label if level.refusal else self._source_of(level),
            "lines": [
                (spoken(step.symbol), spoken(step.expression), step.value) for step in level.steps
            ],
            "left": _("Profit of the owner") if is_shown else "",
            "right": amount_html(price_text(level.margin), level.currency)
            if level.margin is not None
            else "",
        }

    def _source_of(self, level: SimulatedLevel) -> str:
        """Since when; the tariff's name only to those who may see the tariff."""
        if level.rate is None or level.version is None:
            return ""
        text = _("Rate valid from %(day)s") % {"day": date_text(level.rate.valid_from)}
        tariff = level.version.tariff
        is_hidden = level.customer.pk == self.actor.customer_id and level.account is None
        is_hidden |= tariff.owner_id != self.actor.customer_id and level.account is not None
        return text if is_hidden else f"{tariff.name}. {text}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.copy()
        query["export"] = "csv"
        return super().get_context_data(form=self.form, export_query=query.urlencode(), **kwargs)


def name_of(level: SimulatedLevel) -> str:
    """Who pays at a level."""
    return level.account.auth_name if level.account else str(level.customer)


def payee_of(call: SimulatedCall, place: int) -> str:
    """Who is paid, where the viewer may know."""
    level = call.levels[place]
    if level.account:
        return str(level.customer)
    return str(call.levels[place + 1].customer) if place + 1 < len(call.levels) else ""


def export_rows(calls: list[SimulatedCall]) -> Iterator[list[Any]]:
    """A line per number and level; one for a number that only levels above refuse."""
    for call in calls:
        for place, level in enumerate(call.levels):
            rate = level.rate
            yield [
                call.number,
                "yes" if call.is_allowed else "no",
                str(level.customer),
                level.account.auth_name if level.account else "",
                (rate.prefix or "default") if rate else "",
                rate.destination if rate else "",
                rate.valid_from if rate else None,
                str(rate.profile or "") if rate else "",
                level.billed_seconds,
                level.cost,
                level.version.tariff.currency_id if level.version else "",
                level.amount,
                level.currency,
                level.margin,
                level.longest,
                refusal_of(call, level, place),
                call.margin,
            ]


def refusal_of(call: SimulatedCall, level: SimulatedLevel, place: int) -> str:
    """Why a level refuses; at the last one shown, that the provider does."""
    if level.refusal:
        return str(level.refusal.label)
    is_last = place == len(call.levels) - 1
    return str(NOT_AVAILABLE) if call.is_refused_above and is_last else ""
