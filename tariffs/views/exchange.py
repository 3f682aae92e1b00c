"""Exchange rates: read by everybody, entered by hand or as CSV with the system-wide right."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, Link
from softswitch.core.views import CreateView, FormView, ListView
from tariffs.filters import ExchangeRateFilter
from tariffs.forms import ExchangeRateForm, ExchangeUploadForm
from tariffs.models import ExchangeRate
from tariffs.selectors import base_currency
from tariffs.services.exchange import add_exchange_rate, import_exchange_rates
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
            Action(_("Upload CSV"), upload, "arrow-up-tray", "system.settings"),
            Action(_("New rate"), create, "plus", "system.settings", primary=True),
        ]


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

    def service(self, form: ExchangeUploadForm) -> None:
        import_exchange_rates(actor=self.actor, file=form.cleaned_data["file"])

    def get_stay_url(self, saved: Any) -> str:
        return reverse("tariffs:exchange_list")
