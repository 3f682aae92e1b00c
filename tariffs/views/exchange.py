"""Exchange rates: read by everybody, entered by hand or as files with the system-wide right."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.charts import Step, StepChart, step_chart
from softswitch.core.chrome import Action, Link
from softswitch.core.display import date_text, listed, number_text
from softswitch.core.errors import DomainError
from softswitch.core.views import CreateView, FormView, ListView, PageView
from softswitch.core.views.access import rows_of
from tariffs.filters import ExchangeRateFilter
from tariffs.forms import ConversionForm, ExchangeRateForm, ExchangeUploadForm
from tariffs.models import Currency, ExchangeRate
from tariffs.selectors import base_currency, convert, exchange_history, rates_in_force
from tariffs.services.exchange import ImportedRates, add_exchange_rate, import_exchange_rates
from tariffs.tables import ExchangeRateTable


class ExchangeRateListView(ListView):
    """All dated rates against the base currency, newest first; by currency its history."""

    model = ExchangeRate
    title = gettext_lazy("Exchange rates")
    table_class = ExchangeRateTable
    filterset_class = ExchangeRateFilter
    empty_icon = "currency-dollar"
    empty_title = gettext_lazy("No exchange rates yet")
    empty_text = gettext_lazy("Without one, calls in another currency cannot be charged.")

    def get_meta(self) -> str:
        base = base_currency()
        return _("What one unit of a currency is worth in %(base)s, the base currency.") % {
            "base": base
        }

    def refine(self, queryset: QuerySet[ExchangeRate]) -> QuerySet[ExchangeRate]:
        return queryset.select_related("currency")

    def get_actions(self) -> list[Action]:
        upload, create = reverse("tariffs:exchange_upload"), reverse("tariffs:exchange_create")
        return [
            Action(_("Convert"), reverse("tariffs:exchange_convert"), "arrows-right-left"),
            Action(_("Upload a file"), upload, "arrow-up-tray", "system.settings"),
            Action(_("New rate"), create, "plus", "system.settings", primary=True),
        ]


def steps_of(currency: Currency, days: list[tuple[date, Decimal]]) -> StepChart:
    """The rates of a currency by day, each up to the next, the last up to today."""
    starts = [datetime.combine(day, time.min, UTC) for day, _rate in days]
    ends = [*starts[1:], max(now(), starts[-1])]
    label = _("%(currency)s from %(first)s to %(last)s") % {
        "currency": currency,
        "first": date_text(starts[0]),
        "last": date_text(ends[-1]),
    }
    steps = [Step(*step) for step in zip(starts, ends, (rate for _day, rate in days), strict=True)]
    return step_chart(label, steps, from_zero=False)


class ExchangeHistoryView(ListView):
    """All rates of one currency, drawn as steps: each holds until the next."""

    parent_model = Currency
    model = ExchangeRate
    table_class = ExchangeRateTable
    template_name = "tariffs/exchange_history.html"
    empty_icon = "currency-dollar"
    empty_title = gettext_lazy("No exchange rates yet")
    empty_text = gettext_lazy("Without one, calls in this currency cannot be charged.")

    @cached_property
    def currency(self) -> Currency:
        found: Currency = get_object_or_404(rows_of(Currency, self.actor), pk=self.kwargs["pk"])
        return found

    def get_title(self) -> str:
        return f"{self.currency} · {self.currency.name}"

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Exchange rates"), reverse("tariffs:exchange_list"))]

    def get_meta(self) -> str:
        if self.currency.is_base:
            return _("The base currency: it is always 1.")
        text = _(
            "What 1 %(currency)s is worth in %(base)s. Of one day the rate entered last counts."
        )
        return text % {"currency": self.currency, "base": base_currency()}

    def refine(self, queryset: QuerySet[ExchangeRate]) -> QuerySet[ExchangeRate]:
        return queryset.filter(currency=self.currency).select_related("currency")

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:exchange_create") + f"?currency={self.currency.pk}"
        new = Action(_("New rate"), url, "plus", "system.settings", primary=True)
        return [] if self.currency.is_base else [new]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        days = exchange_history(self.currency.pk)
        chart = steps_of(self.currency, days) if days else None
        return super().get_context_data(chart=chart, **kwargs)


class ConversionView(PageView):
    """What an amount is worth in another currency at a moment, and by which rates."""

    template_name = "tariffs/exchange_convert.html"
    title = gettext_lazy("Convert")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Exchange rates"), reverse("tariffs:exchange_list"))]

    def get_meta(self) -> str:
        return _("The rates that charges and entries of that moment are converted by.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET if "amount" in request.GET else None
        form = ConversionForm(asked, actor=self.actor)
        if asked is None or not form.is_valid():
            return self.render(422 if asked else 200, form=form)
        values = form.cleaned_data
        codes = {name: values[name].pk for name in ("source", "target")}
        try:
            found = convert(values["amount"], at=values["at"], **codes)
        except DomainError as error:
            return self.render(form=form, refusal=error.message)
        rates = rates_in_force(set(codes.values()), values["at"])
        return self.render(form=form, found=found, rates=sorted(rates.items()), **values)


class ExchangeRateCreateView(CreateView):
    """A new dated rate; a used one is never changed."""

    permission = "system.settings"
    model = ExchangeRate
    form_class = ExchangeRateForm
    title = gettext_lazy("New exchange rate")
    list_url_name = "tariffs:exchange_list"
    close_label = ""

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Exchange rates"), reverse("tariffs:exchange_list"))]

    def get_initial(self) -> dict[str, Any]:
        return {"currency": self.request.GET.get("currency", "")}

    def service(self, form: ExchangeRateForm) -> ExchangeRate:
        return add_exchange_rate(actor=self.actor, **form.cleaned_data)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("tariffs:exchange_list")


class ExchangeUploadView(FormView):
    """Many rates at once, all or none."""

    permission = "system.settings"
    form_class = ExchangeUploadForm
    title = gettext_lazy("Upload exchange rates")
    list_url_name = "tariffs:exchange_list"
    save_label = gettext_lazy("Upload")
    close_label = ""

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Exchange rates"), reverse("tariffs:exchange_list"))]

    def service(self, form: ExchangeUploadForm) -> ImportedRates:
        return import_exchange_rates(actor=self.actor, **form.cleaned_data)

    def get_success_message(self, saved: ImportedRates) -> str:
        text = _("%(added)s rates added, %(repeated)s were there already.") % {
            "added": number_text(saved.added),
            "repeated": number_text(saved.repeated),
        }
        if saved.unknown:
            text += " " + _("Not known here: %(codes)s.") % {"codes": listed(saved.unknown)}
        return text

    def get_stay_url(self, saved: Any) -> str:
        return reverse("tariffs:exchange_list")
