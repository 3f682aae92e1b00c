"""Alert rules: what is told of whose balance, since when it is low, what was told."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.filters import AlertFilter
from billing.selectors.alerts import alert_rows
from billing.tables import AlertTable
from customers.models import Customer
from softswitch.core.views import ListView


class AlertListView(ListView):
    """The rules in force of direct customers, or of all below, and how far their alerts are."""

    permission = "money.manage"
    is_for_accounts = False
    model = Customer
    title = gettext_lazy("Alert rules")
    table_class = AlertTable
    filterset_class = AlertFilter
    empty_icon = "bell"
    empty_title = gettext_lazy("No alerts yet")
    empty_text = gettext_lazy(
        "Alerts are switched on in the notifications of a customer, or of its class."
    )

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return alert_rows(queryset, self.actor)

    def get_meta(self) -> str:
        return _("Customers do not see these rules. A customer's own go before those of its class.")
