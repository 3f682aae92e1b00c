"""Answered what-ifs side by side, and exported so."""

from decimal import Decimal
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import WhatIfGroup
from calls.forms import CompareForm
from calls.models import WhatIf
from calls.selectors.what_if import Result, ResultSearch, result_of
from calls.views.what_if import FURTHER, PERMISSION, what_if_crumbs
from calls.views.what_if_result import period_text, question_facts
from softswitch.core import exports
from softswitch.core.chrome import Link
from softswitch.core.display import DASH, amount_text, listed, number_text
from softswitch.core.money import ZERO
from softswitch.core.views import PageView

MOST_COMPARED = 10
FIGURES = {
    "revenue_before": gettext_lazy("Revenue before"),
    "revenue_after": gettext_lazy("Revenue after"),
    "revenue_change": gettext_lazy("Revenue difference"),
    "cost_before": gettext_lazy("Cost before"),
    "cost_after": gettext_lazy("Cost after"),
    "margin_before": gettext_lazy("Margin before"),
    "margin_after": gettext_lazy("Margin after"),
    "margin_change": gettext_lazy("Margin difference"),
}


class WhatIfCompareView(PageView):
    """Two to four answers side by side."""

    permission = PERMISSION
    further = FURTHER
    template_name = "calls/what_if_compare.html"
    title = gettext_lazy("Compare what-ifs")

    def get_crumbs(self) -> list[Link]:
        return what_if_crumbs()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_asked = "b" in request.GET
        data = request.GET if is_asked else None
        form = CompareForm(data, actor=self.actor, initial={"a": request.GET.get("a")})
        if not (is_asked and form.is_valid()):
            return self.render(422 if is_asked else 200, form=form)
        chosen = [form.cleaned_data[name] for name in "abcd" if form.cleaned_data[name]]
        results = [result_of(one, ResultSearch(WhatIfGroup.DESTINATION)) for one in chosen]
        lines = compared(chosen, results)
        if request.GET.get("export") in ("csv", "xlsx"):
            send = getattr(exports, f"{request.GET['export']}_response")
            heads = ["", *(one.name for one in chosen)]
            cells = [[label, *(value for value, _text in row)] for label, row, _figures in lines]
            return cast(HttpResponseBase, send("what-ifs", heads, cells))
        return self.render(form=form, chosen=chosen, lines=lines, query=request.GET.urlencode())


def compared(chosen: list[WhatIf], results: list[Result]) -> list[tuple[str, list[Any], bool]]:
    """Lines of a comparison: what they say, per what-if the value and its text; whether figures."""
    lines: list[tuple[str, list[Any], bool]] = [
        (_("Time"), [_same(period_text(one)) for one in chosen], False),
        (_("Question"), [_same(question_text(one)) for one in chosen], False),
        (_("Calls"), [_count(result.total.calls) for result in results], True),
    ]
    knows_cost = [not one.seller.is_root for one in chosen]
    for name, label in FIGURES.items():
        if any(knows_cost) or name.startswith("revenue"):
            amounts = [
                _amount(result, getattr(result.total, name) if is_known else None)
                for is_known, result in zip(_known(name, knows_cost), results, strict=True)
            ]
            lines.append((str(label), amounts, True))
    losses = [
        _count(len(result.losses)) if is_known else (None, DASH)
        for is_known, result in zip(knows_cost, results, strict=True)
    ]
    lines.append((_("Destinations that turn to a loss"), losses, True))
    for group in (WhatIfGroup.CUSTOMER, WhatIfGroup.DESTINATION):
        lines += changes_by(chosen, group)
    return lines


def changes_by(chosen: list[WhatIf], group: WhatIfGroup) -> list[tuple[str, list[Any], bool]]:
    """The difference of the margin by ``group``, of those that lose or gain most anywhere."""
    results = [result_of(one, ResultSearch(group)) for one in chosen]
    rows = [{row.key: row for row in result.rows} for result in results]
    names = {key: row.label or _("Unknown or none") for found in rows for key, row in found.items()}
    most: dict[tuple[int, int], Decimal] = {
        key: max(abs(found[key].margin_change or ZERO) for found in rows if key in found)
        for key in names
    }
    keys = sorted(names, key=lambda key: (-most[key], names[key], key))[:MOST_COMPARED]
    return [
        (
            _("Margin difference, %(name)s") % {"name": names[key]},
            [
                _amount(result, found[key].margin_change if key in found else None)
                for result, found in zip(results, rows, strict=True)
            ],
            True,
        )
        for key in keys
    ]


def _known(figure: str, knows_cost: list[bool]) -> list[bool]:
    """Where a figure of FIGURES is known: without the cost there is no margin either."""
    return [is_known or figure.startswith("revenue") for is_known in knows_cost]


def _count(value: int) -> tuple[int, str]:
    return value, number_text(value)


def question_text(what_if: WhatIf) -> str:
    """What is asked, in one line."""
    return listed((f"{label}: {text}" for label, text in question_facts(what_if)), is_long=True)


def _same(text: str) -> tuple[str, str]:
    return text, text


def _amount(result: Result, value: Any) -> tuple[Any, str]:
    return (
        value,
        DASH if value is None else f"{amount_text(value, result.currency)} {result.currency}",
    )
