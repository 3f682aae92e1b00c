"""The rate simulator: what a call would cost at every level that the viewer may see."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.display import date_text, price_text
from softswitch.core.templatetags.money import amount_html
from softswitch.core.views import PageView
from tariffs.forms import SimulatorForm
from tariffs.selectors import SimulatedLevel, simulate_call, simulated_margin


class SimulatorView(PageView):
    """Nothing is posted; the formula is the one that charges calls."""

    permission = "rates.view"
    template_name = "tariffs/simulator.html"
    title = gettext_lazy("Rate simulator")

    def get_meta(self) -> str:
        return _("The same formula that authorizes and charges calls. Nothing is posted.")

    @cached_property
    def form(self) -> SimulatorForm:
        """The question; bound once a number is asked for."""
        data: Mapping[str, Any] | None = self.request.GET if "number" in self.request.GET else None
        own = {} if self.actor.is_root else {"customer": self.actor.customer_id}
        return SimulatorForm(data, actor=self.actor, initial=own)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (self.form.is_bound and self.form.is_valid()):
            return self.render(422 if self.form.is_bound else 200)
        asked = self.form.cleaned_data
        levels, is_refused_above = simulate_call(self.actor, **asked)
        shown = [
            self.describe(level, above, asked["at"])
            for level, above in zip_longest(levels, levels[1:])
        ]
        is_allowed = not is_refused_above and not any(level.refusal for level in levels)
        return self.render(
            levels=shown,
            number=asked["number"],
            is_refused_above=is_refused_above,
            is_allowed=bool(levels) and is_allowed,
            is_simulated=True,
        )

    def describe(self, level: SimulatedLevel, above: SimulatedLevel | None, at: Any) -> Any:
        """A level as components/level.html shows it."""
        margin = simulated_margin(level, above, at) if above else None
        code = level.tariff.currency_id if level.tariff else ""
        return {
            "title": level.customer.name,
            "amount": "–" if level.cost is None else amount_html(price_text(level.cost), code),
            "note": level.refusal or self._source_of(level),
            "lines": [(step.symbol, step.expression, step.value) for step in level.steps],
            "left": "" if margin is None else _("Profit of the owner"),
            "right": "" if margin is None else amount_html(price_text(margin), code),
        }

    def _source_of(self, level: SimulatedLevel) -> str:
        """Prefix and validity; the tariff's name only to those who may see the tariff."""
        rate = level.rate
        if rate is None or level.tariff is None:
            return ""
        text = _("Prefix %(prefix)s, %(name)s, valid from %(day)s") % {
            "prefix": rate.prefix or _("Default"),
            "name": rate.destination or "–",
            "day": date_text(rate.valid_from),
        }
        is_own = level.customer.pk == self.actor.customer_id
        return text if is_own else f"{level.tariff.name}. {text}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(form=self.form, **kwargs)
