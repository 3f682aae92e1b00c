"""The history of one prefix: its rows, its price in the course of time, and who changed it."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _

from softswitch.core.charts import Step, StepChart, step_chart
from softswitch.core.chrome import Link
from softswitch.core.views import ListView
from softswitch.core.views.access import rows_of
from tariffs.models import Rate
from tariffs.selectors import rate_events, rate_history
from tariffs.tables import RateHistoryTable
from tariffs.views.parts import tariff_crumbs

DRAWN = 500  # rows in the chart
EVENTS = 50
LEAST_SPAN = timedelta(days=1)


class RateHistoryView(ListView):
    """All rows of the prefix of a row, newest first."""

    permission = "tariffs.view"
    model = Rate
    parent_model = Rate
    template_name = "tariffs/rate_history.html"
    table_class = RateHistoryTable

    @cached_property
    def rate(self) -> Rate:
        rows = rows_of(Rate, self.actor).filter(tariff__archived_at=None).select_related("tariff")
        return cast(Rate, get_object_or_404(rows, pk=self.kwargs["pk"]))

    def visible(self) -> QuerySet[Rate]:
        return rate_history(self.rate)

    def get_title(self) -> str:
        return _("History of %(prefix)s") % {"prefix": self.rate}

    def get_meta(self) -> str:
        unit = _("Prices per minute in %(currency)s.") % {"currency": self.rate.tariff.currency_id}
        return f"{self.rate.destination}. {unit}" if self.rate.destination else unit

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.rate.tariff)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(self.get_queryset().order_by("-valid_from", "-pk")[:DRAWN])[::-1]
        events: list[Any] = []
        if self.actor.can("audit.view"):
            events = list(rate_events(self.actor, self.rate.tariff, self.rate.prefix)[:EVENTS])
        return super().get_context_data(
            chart=price_chart(rows), events=events, are_two=has_two_prices(rows), **kwargs
        )


def has_two_prices(rows: list[Rate]) -> bool:
    """Whether price 1 ever differs from price N, so that both are drawn."""
    return any(row.price_1 != row.price_n for row in rows)


def price_chart(rows: list[Rate]) -> StepChart | None:
    """The prices from the first row on, up to some time from now; None for a single price."""
    if len(rows) < 2:
        return None
    first, last = rows[0].valid_from, max(now(), rows[-1].valid_from)
    until = last + max((last - first) / 20, LEAST_SPAN)
    following: list[datetime] = [row.valid_from for row in rows[1:]] + [until]
    spans = [
        (row, min(row.valid_till or until, end)) for row, end in zip(rows, following, strict=True)
    ]
    series = [[Step(row.valid_from, end, row.price_n) for row, end in spans]]
    if has_two_prices(rows):
        series.append([Step(row.valid_from, end, row.price_1) for row, end in spans])
    label = _("The price in the course of time, from %(first)s to %(last)s") % {
        "first": f"{rows[0].price_n.normalize():f}",
        "last": f"{rows[-1].price_n.normalize():f}",
    }
    return step_chart(label, *series)
