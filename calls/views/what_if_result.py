"""The answer of a what-if: sums before and after, the losses first, exported and compared."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import ResultPart, WhatIfGroup, WhatIfState
from calls.filters import ResultFilter
from calls.models import WhatIf
from calls.selectors.what_if import (
    Result,
    ResultRow,
    ResultSearch,
    changes_told,
    may_change,
    own_what_ifs,
    rates_at,
    result_of,
    sellers_in,
    unrated_in,
)
from calls.tables import AMOUNTS, ResultTable, result_table
from calls.views.what_if import FURTHER, PERMISSION, is_running, what_if_crumbs
from customers.models import Customer
from softswitch.core import exports
from softswitch.core.chrome import Action, Link, Tile
from softswitch.core.display import DASH, amount_text, date_text, listed, number_text
from softswitch.core.tables import Table
from softswitch.core.views import ListView
from softswitch.core.views.access import rows_of
from softswitch.core.views.lists import hide_columns

SECOND = {
    WhatIfGroup.PAIR: gettext_lazy("Destination"),
    WhatIfGroup.DESTINATION: gettext_lazy("Country"),
}
POLLED = "calls/what_if.html#progress"
NEXT = {
    WhatIfGroup.CUSTOMER: WhatIfGroup.DESTINATION,
    WhatIfGroup.DESTINATION: WhatIfGroup.CUSTOMER,
    WhatIfGroup.SELLER: WhatIfGroup.CUSTOMER,
}


class WhatIfResultView(ListView):
    """One what-if: its progress, then its answer."""

    permission = PERMISSION
    further = FURTHER
    model = WhatIf
    template_name = "calls/what_if.html"
    filterset_class = ResultFilter
    empty_icon = "beaker"
    empty_title = gettext_lazy("No calls")
    empty_text = gettext_lazy("No charged call of this time is asked about.")

    @cached_property
    def what_if(self) -> WhatIf:
        rows = own_what_ifs(rows_of(WhatIf, self.actor), self.actor)
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_polled = "HX-Request" in request.headers and "poll" in request.GET
        if is_polled and not is_running(self.what_if):
            response = self.render()
            response["HX-Refresh"] = "true"
            return response
        if is_polled:
            response = self.render()
            response.template_name = POLLED
            return response
        return super().get(request, *args, **kwargs)

    # The figures --------------------------------------------------------------------------------
    @cached_property
    def filterset(self) -> ResultFilter:
        return ResultFilter(
            self.request.GET,
            queryset=rows_of(WhatIf, self.actor),
            actor=self.actor,
            request=self.request,
            sellers=sellers_in(self.what_if),
            top=self.what_if.seller_id,
        )

    @cached_property
    def search(self) -> ResultSearch:
        """What is asked for; the whole while the form is invalid."""
        return self.filterset.search if self.filterset.form.is_valid() else ResultSearch()

    @cached_property
    def result(self) -> Result:
        return result_of(self.what_if, self.search)

    @cached_property
    def found(self) -> Any:
        only = (
            self.filterset.form.cleaned_data.get("only") if self.filterset.form.is_valid() else ""
        )
        return self.result.losses if only == ResultPart.LOSS else self.result.rows

    @cached_property
    def seller(self) -> Customer:
        key = self.search.seller or self.what_if.seller_id
        return cast(Customer, get_object_or_404(rows_of(Customer, self.actor), pk=key))

    @property
    def shows_cost(self) -> bool:
        """Of Root what it pays is not known; of all sellers at once most have a cost."""
        return not self.seller.is_root or self.search.group == WhatIfGroup.SELLER

    def get_table_class(self) -> type[ResultTable]:
        return result_table(shows_cost=self.shows_cost, unrated=self.search.unrated)

    def get_table(self) -> Table:
        table = self.get_table_class()(
            self.found,
            actor=self.actor,
            caption=str(self.get_title()),
            order_by=self.request.GET.get("sort"),
        )
        table.total, table.lead = self.result.total, self.lead
        if len(self.found) < len(self.result.rows) or self.search.group == WhatIfGroup.SELLER:
            table.total = None
        if self.search.group in SECOND:
            table.columns["second"].column.verbose_name = SECOND[self.search.group]
        else:
            table.columns.hide("second")
        table.columns["label"].column.verbose_name = WhatIfGroup(self.search.group).label
        hide_columns(table, self.actor.user, self.view_name)
        return table

    def lead(self, row: ResultRow) -> str:
        """The address of what is behind a row, empty where nothing is."""
        group = WhatIfGroup(self.search.group)
        if group not in NEXT or not row.label:
            return ""
        query = self.request.GET.copy()
        for name in ("page", "sort", "export", "only"):
            query.pop(name, None)
        query["group"] = NEXT[group]
        if group == WhatIfGroup.SELLER:
            query["seller"] = str(row.key[0])
        else:
            query[group.value] = row.label
        return f"?{query.urlencode()}"

    # Around the rows ----------------------------------------------------------------------------
    def get_title(self) -> str:
        return self.what_if.name

    def get_status(self) -> WhatIfState | None:
        state = WhatIfState(self.what_if.state)
        return None if state == WhatIfState.DONE else state

    def get_crumbs(self) -> list[Link]:
        return what_if_crumbs()

    def get_meta(self) -> str:
        parts = [period_text(self.what_if)]
        if self.what_if.state == WhatIfState.DONE:
            parts.append(_("Amounts in %(currency)s") % {"currency": self.result.currency})
            if self.result.is_converted:
                day = date_text(rates_at(self.what_if))
                parts[-1] += " " + _("at the exchange rates of %(day)s") % {"day": day}
        return ". ".join(parts) + "."

    def get_actions(self) -> Sequence[Action]:
        pk = self.what_if.pk
        compare = reverse("calls:what_if_compare") + f"?a={pk}"
        found = [Action(_("Compare"), compare, "scale")]
        if not may_change(self.actor, self.what_if):
            return found
        names = ("again", "rename", "delete")
        again, rename, delete = (reverse(f"calls:what_if_{name}", args=[pk]) for name in names)
        if not is_running(self.what_if):
            found.append(Action(_("Compute again"), again, "arrow-path", post=True))
        return [
            *found,
            Action(_("Rename"), rename, "pencil-square", more=True),
            Action(_("Delete"), delete, "trash", danger=True, more=True),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        what_if = self.what_if
        is_done = what_if.state == WhatIfState.DONE
        return super().get_context_data(
            what_if=what_if,
            is_running=is_running(what_if),
            is_done=is_done,
            percent=percent_of(what_if),
            poll=f"{self.request.path}?poll=1",
            facts=question_facts(what_if),
            tiles=self._tiles() if is_done else [],
            **kwargs,
        )

    def _tiles(self) -> list[Tile]:
        whole = result_of(self.what_if, ResultSearch(WhatIfGroup.DESTINATION, self.seller.pk))
        tiles = sum_tiles(whole, has_cost=not self.seller.is_root)
        if not self.seller.is_root:
            url = f"?group=destination&only=loss&seller={self.seller.pk}"
            count = len(whole.losses)
            tiles.append(
                Tile(
                    _("Destinations that turn to a loss"),
                    number_text(count),
                    url=url if count else "",
                    is_negative=count > 0,
                )
            )
        return [*tiles, left_out_tile(self.what_if)]

    def export(self, form: str) -> HttpResponseBase:
        """All rows, in the chosen order and columns, with the currency in the heads of amounts.

        Of an answer only: what is read so far, or was before it failed, is none.
        """
        if form not in self.exports or self.what_if.state != WhatIfState.DONE:
            raise Http404
        table = self.get_table()
        for name in {*AMOUNTS} & set(table.columns.names()):
            column = table.columns[name].column
            column.verbose_name = f"{column.verbose_name} ({self.result.currency})"
        send = exports.csv_response if form == "csv" else exports.xlsx_response
        name = slugify(self.what_if.name) or "what-if"
        return send(name, table.export_headers(), table.values_of(table.data.data))


def period_text(what_if: WhatIf) -> str:
    """The days that are asked about, the last one included."""
    first = timezone.localtime(what_if.since)
    last = timezone.localtime(what_if.until - timedelta(microseconds=1))
    return f"{date_text(first)} – {date_text(last)}"


def percent_of(what_if: WhatIf) -> int:
    """How much of the time is read."""
    done = (what_if.read_till or what_if.since) - what_if.since
    return int(100 * done / (what_if.until - what_if.since))


def question_facts(what_if: WhatIf) -> list[tuple[Any, Any]]:
    """What is asked, as label and text."""
    calls = [_("sold by %(seller)s") % {"seller": what_if.seller}]
    if what_if.customer:
        calls.append(_("of %(customer)s and all below") % {"customer": what_if.customer})
    if what_if.tariff:
        calls.append(_("by tariff %(tariff)s") % {"tariff": what_if.tariff})
    return [(_("Calls"), listed(calls)), *changes_told(what_if)]


def sum_tiles(result: Result, *, has_cost: bool) -> list[Tile]:
    """Sums after, with those before below them."""
    names = ("revenue", "cost", "margin") if has_cost else ("revenue",)
    labels = {"revenue": _("Revenue"), "cost": _("Cost"), "margin": _("Margin")}
    return [_sum_tile(labels[name], name, result) for name in names]


def _sum_tile(label: str, name: str, result: Result) -> Tile:
    before, after, change = (
        getattr(result.total, f"{name}_{when}") for when in ("before", "after", "change")
    )
    if before is None or after is None:
        return Tile(label, DASH, note=_("No exchange rate"))
    code = result.currency
    sign = "+" if change > 0 else ""
    told = {"before": amount_text(before, code), "change": sign + amount_text(change, code)}
    return Tile(
        label,
        amount_text(after, code),
        unit=code,
        note=_("%(change)s, before %(before)s") % told,
        is_negative=name == "margin" and after < 0,
    )


def left_out_tile(what_if: WhatIf) -> Tile:
    """The calls that are in no sum, and why."""
    parts = {
        _("unrated by the new terms"): sum(unrated_in(what_if).values()),
        _("waiting"): what_if.left_out.get("waiting", 0),
        _("unrated"): what_if.left_out.get("unrated", 0),
    }
    note = listed(f"{number_text(count)} {name}" for name, count in parts.items() if count)
    url = "?group=destination&only=unrated" if unrated_in(what_if) else ""
    return Tile(_("Calls left out"), number_text(sum(parts.values())), note=note, url=url)
