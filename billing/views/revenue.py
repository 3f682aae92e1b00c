"""The revenue chart: what was invoiced and paid in each of the last months."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.revenue import Month, Revenue, revenue
from billing.views.aging import IssuerMixin
from softswitch.core.charts import Chart, bar_chart
from softswitch.core.display import listed, month_text
from softswitch.core.money import minor_units
from softswitch.core.views import PageView


class RevenueView(IssuerMixin, PageView):
    """Invoices and payments per month: a chart, and the figures below it."""

    title = gettext_lazy("Revenue")
    template_name = "billing/revenue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = revenue(self.actor)
        rows = [(month_text(month.first), month, lead(month)) for month in found.months]
        return super().get_context_data(
            revenue=found,
            rows=rows,
            chart=chart_of(found),
            notes=notes_of(found),
            **kwargs,
        )

    def get_meta(self) -> str:
        return _("Months of %(zone)s; the last one is not over.") % {"zone": self.actor.timezone}


def chart_of(found: Revenue) -> Chart:
    """Bars of what was invoiced, and payments as a dashed line."""
    names = [month_text(month.first) for month in found.months]
    return bar_chart(
        _("Invoiced and paid per month, in %(currency)s") % {"currency": found.currency},
        [*names, ""],
        [float(month.net) for month in found.months],
        [float(month.received) for month in found.months],
        unit=found.currency,
        part=len(names) - 1,
        decimals=minor_units(found.currency),
    )


def notes_of(found: Revenue) -> list[str]:
    """What the amounts are, and which are not in them."""
    notes = [
        _(
            "Invoiced is the net amount of issued invoices less credit notes; void ones count in "
            "no month. Paid is what was paid in, less what was reversed of it."
        )
    ]
    facts = {"currency": found.currency, "unknown": listed(sorted(found.unknown))}
    if found.is_converted:
        notes.append(_("Other currencies at today's exchange rates.") % facts)
    if found.unknown:
        notes.append(_("Without an exchange rate, and in no sum: %(unknown)s.") % facts)
    return notes


def lead(month: Month) -> str:
    """The invoices and credit notes that were issued in a month."""
    days = {"since": month.first.isoformat(), "until": month.last.isoformat(), "side": "issued"}
    return f"{reverse('billing:invoice_list')}?{urlencode(days)}"
