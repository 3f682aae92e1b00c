"""Reports of margin and traffic: grouped, narrowed, led further down, exported, saved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Charge
from calls.choices import ReportGroup
from calls.filters import ReportFilter
from calls.selectors.report_rows import ReportRow
from calls.selectors.reports import Report, ReportSearch, minutes_over_time, report
from calls.selectors.unrated import unrated_count
from calls.tables import MONEY, MONEY_TABLES, ReportTable, report_table
from calls.views.tiles import unrated_action
from softswitch.core import exports, memory
from softswitch.core.charts import Chart, bar_chart
from softswitch.core.chrome import Action
from softswitch.core.display import date_text, short_datetime_text
from softswitch.core.tables import Table
from softswitch.core.views import ListView, PageMixin
from softswitch.core.views.lists import hide_columns

SAVED = "reports:views"
NAME_SIZE = 60
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOURS_SHOWN = 2 * DAY
# What the first cell of a row leads to: the same report of that row alone, by this.
NEXT = {
    ReportGroup.CUSTOMER: ReportGroup.DESTINATION,
    ReportGroup.COUNTRY: ReportGroup.DESTINATION,
    ReportGroup.DESTINATION_GROUP: ReportGroup.DESTINATION,
    ReportGroup.TRUNK: ReportGroup.DESTINATION,
    ReportGroup.ACCOUNT: ReportGroup.DESTINATION,
    ReportGroup.DESTINATION: ReportGroup.DAY,
    ReportGroup.DAY: ReportGroup.HOUR,
}
DESTINATIONS = ("destination", "destination_group", "country")
PASSING = ("page", "sort", "per_page", "export")


class ReportView(ListView):
    """One page for all reports; each figure is the viewer's, or that of a level below it."""

    model = Charge  # what the figures add up
    permission = "reports.view"
    title = gettext_lazy("Reports")
    template_name = "calls/report.html"
    filterset_class = ReportFilter
    empty_icon = "chart-bar"
    empty_title = gettext_lazy("No calls in this period")
    empty_text = gettext_lazy("Calls are counted as soon as they are charged.")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save the shown report under a name, or forget one."""
        if "save_view" in request.POST:
            if name := request.POST["save_view"].strip()[:NAME_SIZE]:
                memory.remember(self.actor.user, SAVED, name, self._query().urlencode())
        elif "forget_view" in request.POST:
            memory.forget(self.actor.user, SAVED, request.POST["forget_view"])
        else:
            return super().post(request, *args, **kwargs)
        return HttpResponseRedirect(request.get_full_path())

    # The figures --------------------------------------------------------------------------------
    @cached_property
    def search(self) -> ReportSearch | None:
        """What is asked for; None while the form is invalid."""
        asked = self.filterset
        is_valid = isinstance(asked, ReportFilter) and asked.form.is_valid()
        return asked.search if isinstance(asked, ReportFilter) and is_valid else None

    @cached_property
    def report(self) -> Report:
        if self.search is None:
            return Report([], ReportRow(None), "", is_converted=False)
        found = report(self.actor, self.search)
        for row in found.rows:
            row.label = label_of(self.search.group, row)
        return found

    @cached_property
    def found(self) -> Any:
        return self.report.rows

    def get_table_class(self) -> type[ReportTable]:
        level = self.search.level if self.search else None
        return report_table(self.actor, level or self.actor.customer)

    def get_table(self) -> Table:
        group = self.search.group if self.search else ReportGroup.CUSTOMER
        rows = sorted(self.report.rows, key=lambda row: str(row.key))
        table = self.get_table_class()(
            sorted(rows, key=order_of(group)),
            actor=self.actor,
            caption=str(self.get_title()),
            order_by=self.request.GET.get("sort"),
        )
        table.total, table.lead = self.report.total, self.lead
        table.columns["label"].column.verbose_name = ReportGroup(group).label
        hide_columns(table, self.actor.user, self.view_name)
        return table

    # Where a row leads ---------------------------------------------------------------------------
    def _query(self) -> Any:
        query = self.request.GET.copy()
        for name in PASSING:
            query.pop(name, None)
        return query

    def lead(self, row: ReportRow) -> str:
        """The address of what is behind a row, empty where nothing is."""
        if self.search is None or not row.key or not row.label or row.has_left:
            return ""
        group = self.search.group
        if group == ReportGroup.HOUR:
            return self._calls_of(row.key)
        query = self._query()
        query["group"] = NEXT[group]
        if group == ReportGroup.DAY:
            query.pop("period", None)
            day = row.key.astimezone(ZoneInfo(self.actor.timezone)).date().isoformat()
            query["since"] = query["until"] = day
        else:
            query[group.value] = row.label
        if group in (ReportGroup.TRUNK, ReportGroup.ACCOUNT) and self.filterset_is_sellers:
            query["customer"] = row.second
        if group == ReportGroup.DESTINATION and row.second:  # others may be called the same
            query["country"] = row.second
        return f"?{query.urlencode()}"

    @property
    def filterset_is_sellers(self) -> bool:
        return isinstance(self.filterset, ReportFilter) and self.filterset.is_seller

    def _calls_of(self, hour: datetime) -> str:
        """The CDRs of an hour; of a destination there is no list of them."""
        query = self._query()
        if not self.actor.can("cdrs.view") or any(query.get(name) for name in DESTINATIONS):
            return ""
        kept = {name: query[name] for name in ("account", "trunk") if query.get(name)}
        name = query.get("customer") or query.get("level")
        if name and self.actor.can("customers.view"):
            kept["customer"] = name
        local = hour.astimezone(ZoneInfo(self.actor.timezone))
        query.clear()
        query.update(kept | {"since": f"{local:%Y-%m-%dT%H:%M}"})
        query["until"] = f"{(hour + HOUR).astimezone(local.tzinfo):%Y-%m-%dT%H:%M}"
        return f"{reverse('calls:call_list')}?{query.urlencode()}"

    # Around the rows ----------------------------------------------------------------------------
    def get_meta(self) -> str:
        if not isinstance(self.filterset, ReportFilter) or self.search is None:
            return ""
        first, last = self.filterset.days
        days = date_text(first) if first == last else f"{date_text(first)} – {date_text(last)}"
        parts = [_("%(days)s, days and hours of %(zone)s.")]
        if self.report.is_converted and issubclass(self.get_table_class(), MONEY_TABLES):
            parts.append(_("Amounts in %(currency)s at today's exchange rates."))
        facts = {"days": days, "zone": self.actor.timezone, "currency": self.report.currency}
        return " ".join(part % facts for part in parts)

    def get_actions(self) -> Sequence[Action]:
        return unrated_action(unrated_count(self.actor))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        saved = memory.recall(self.actor.user, SAVED)
        return super().get_context_data(
            saved=sorted(saved.items()), chart_url=reverse("calls:report_chart"), **kwargs
        )

    def export(self, form: str) -> HttpResponseBase:
        """All rows, in the chosen order and columns, with the currency in the heads of amounts."""
        if form not in self.exports:
            raise Http404
        table = self.get_table()
        for name in MONEY & set(table.columns.names()):
            column = table.columns[name].column
            column.verbose_name = f"{column.verbose_name} ({self.report.currency})"
        send = exports.csv_response if form == "csv" else exports.xlsx_response
        name = slugify(str(self.get_title()))
        return send(name, table.export_headers(), table.values_of(table.data.data))


class ReportChartView(ReportView):
    """Minutes by day, of a day or two by hour: fetched beside the report, or a page of its own."""

    template_name = "calls/report_chart.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = {"chart": self.chart() if self.search else None}
        if "HX-Request" in request.headers:
            return TemplateResponse(request, f"{self.template_name}#chart", found)
        context = PageMixin.get_context_data(self, **found)
        return TemplateResponse(request, self.template_name, context)

    def chart(self) -> Chart | None:
        """None without a minute."""
        if self.search is None:
            return None
        is_short = self.search.until - self.search.since <= HOURS_SHOWN
        group = ReportGroup.HOUR if is_short else ReportGroup.DAY
        minutes = minutes_over_time(self.actor, self.search, group)
        if not any(value for _moment, value in minutes):
            return None
        return bar_chart(
            _("Minutes by hour") if is_short else _("Minutes by day"),
            [*(mark_of(group, moment) for moment, _value in minutes), ""],
            [float(value) for _moment, value in minutes],
            unit=_("minutes"),
        )


def label_of(group: ReportGroup, row: ReportRow) -> str:
    """The name of what a row is about."""
    if group in (ReportGroup.DAY, ReportGroup.HOUR):
        return name_of(group, row.key)
    if group == ReportGroup.DESTINATION_GROUP and not row.key:
        return _("Other destinations")
    return row.label if row.key else _("Unknown or none")


def name_of(group: ReportGroup, moment: datetime) -> str:
    """A day, or an hour of one."""
    return date_text(moment) if group == ReportGroup.DAY else short_datetime_text(moment)[:-3]


def mark_of(group: ReportGroup, moment: datetime) -> str:
    """The same below a chart, where there is little room: ``18 Nov`` or ``14:00``."""
    text = short_datetime_text(moment)
    return text[:-9] if group == ReportGroup.DAY else text[-8:-3]


def order_of(group: ReportGroup) -> Any:
    """Time as it passes, all else by how much there is of it."""
    if group in (ReportGroup.DAY, ReportGroup.HOUR):
        return lambda row: row.key
    return lambda row: -row.attempts
