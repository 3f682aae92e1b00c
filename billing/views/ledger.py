"""Statements of customers and accounts, and the entries behind them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.timezone import localtime, override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Account
from billing.forms import StatementForm
from billing.models import Balance
from billing.selectors.balances import has_closed_balances
from billing.selectors.dunning import own_notice
from billing.selectors.sources import Source, sources_of
from billing.selectors.statements import (
    Line,
    Statement,
    default_days,
    statement,
)
from billing.tables import poster
from billing.views.corrections import balance_actions
from billing.views.online import pay_actions
from billing.views.payers import PayerMixin, payer_crumbs
from billing.views.settle import settle_actions
from calls.selectors.re_rating import re_ratings_of
from customers.models import Customer
from softswitch.core import display, exports
from softswitch.core.chrome import Action, Link
from softswitch.core.errors import DomainError
from softswitch.core.filters import DATETIME_FORMAT
from softswitch.core.pdf import render_pdf
from softswitch.core.views.access import PageMixin, ScopedMixin
from softswitch.core.views.edit import UNPROCESSABLE

HEADS = (
    gettext_lazy("Posted"),
    gettext_lazy("Kind"),
    gettext_lazy("Notes"),
    gettext_lazy("Entry"),
    gettext_lazy("By"),
    gettext_lazy("Original amount"),
    gettext_lazy("Original currency"),
    gettext_lazy("Exchange rate"),
    gettext_lazy("Debit"),
    gettext_lazy("Credit"),
    gettext_lazy("Balance"),
    gettext_lazy("Currency"),
    gettext_lazy("Source"),
)


# Of ledger entries, and of usage entries that correct: both by id, which are two series of numbers.
Sources = tuple[Mapping[int, Source], Mapping[int, Source]]


class StatementMixin(PageMixin, ScopedMixin):
    """A statement: query form, four sums, lines with their running balance, export."""

    template_name = "billing/statement.html"
    title = gettext_lazy("Ledger statement")
    formats: ClassVar[tuple[str, ...]] = ("csv", "xlsx", "pdf")

    @cached_property
    def balance(self) -> Balance:
        """The balance of the row; 404 where it has none."""
        raise NotImplementedError

    @cached_property
    def form(self) -> StatementForm:
        """The query form, with this month where no days are given."""
        since, until = default_days(self.balance)
        data = {"since": since.isoformat(), "until": until.isoformat()}
        asked = {key: value for key, value in self.request.GET.items() if value}
        return StatementForm(data | asked, actor=self.actor)

    @cached_property
    def statement(self) -> Statement | None:
        """What was asked for; None while the query form is wrong."""
        if not self.form.is_valid():
            return None
        asked = self.form.cleaned_data
        return statement(
            actor=self.actor,
            balance=self.balance,
            since=asked["since"],
            until=asked["until"],
            kinds=[asked["kind"]] if asked["kind"] else [],
            notes=asked["notes"],
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        asked = request.GET.get("export")
        if not asked:
            return self.render()
        if asked not in self.formats or self.statement is None:
            raise Http404
        with override(self.statement.zone):
            if asked == "pdf":
                return self.pdf_response(self.statement)
            send = exports.csv_response if asked == "csv" else exports.xlsx_response
            lines = list(export_lines(self.statement, self.sources(self.statement)))
            return send(self.get_filename(), [str(head) for head in HEADS], iter(lines))

    def pdf_response(self, shown: Statement) -> HttpResponseBase:
        """The statement on paper; where that cannot be, the page says why and what to do."""
        context = {"title": self.title, "payer": self.get_payer()} | self.shown_lines(shown)
        html = render_to_string("billing/statement_pdf.html", context)
        try:
            pdf = render_pdf(html, rows=len(shown.lines))
        except DomainError as error:
            messages.error(self.request, error.message)
            return self.render(UNPROCESSABLE)
        response = HttpResponse(pdf, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{self.get_filename()}.pdf"'
        return response

    def get_payer(self) -> str:
        """Whose statement it is, in words."""
        return str(self.object)

    def get_filename(self) -> str:
        return slugify(f"statement {self.get_payer()}")

    def shown_lines(self, shown: Statement) -> dict[str, Any]:
        """The lines, each with who posted it, the query string of its calls, and its sources."""
        sources = self.sources(shown)
        lines = [
            (
                line,
                poster(line.who, is_above=line.is_above),
                self.calls_query(line),
                sources_in(line, sources),
            )
            for line in shown.lines
        ]
        return {"statement": shown, "lines": lines}

    def sources(self, shown: Statement) -> Sources:
        """The sources of the entries shown, by the id of the entry, and of what was re-rated."""
        ids = [line.entry_id for line in shown.lines if line.entry_id is not None]
        corrections = [pk for line in shown.lines for pk in line.corrections]
        made = re_ratings_of(self.actor, corrections)
        return sources_of(self.actor, ids), {
            pk: Source("re_rating", job, _("Re-rating #%(number)s") % {"number": job})
            for pk, job in made.items()
        }

    def get_meta(self) -> str:
        if self.statement is None:
            return ""
        return _(
            "%(since)s to %(until)s, %(zone)s, in %(currency)s. "
            "Entries are never changed; corrections reverse them."
        ) % {
            "since": display.date_text(self.statement.since),
            "until": display.date_text(self.statement.until),
            "zone": self.statement.zone,
            "currency": self.statement.currency,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = self.statement
        return super().get_context_data(
            object=self.object,
            form=self.form,
            **(self.shown_lines(shown) if shown else {"statement": None, "lines": []}),
            tiles=tiles(shown) if shown else [],
            formats=self.formats,
            notice=own_notice(self.actor, self.balance),
            **kwargs,
        )

    def calls_query(self, line: Line) -> str:
        """The query string of the calls behind a line of usage."""
        raise NotImplementedError


class CustomerLedgerView(PayerMixin, StatementMixin):
    """What is between a customer and its owner."""

    model = Customer

    def get_crumbs(self) -> list[Link]:
        return payer_crumbs(self.actor, self.object)

    def get_actions(self) -> list[Action]:
        periods = reverse("billing:periods", args=[self.object.pk])
        calendar = Action(_("Billing periods"), periods, "calendar-days", more=True)
        closed = [*closed_actions(self.actor, self.object), calendar]
        if self.object.archived_at is not None:
            return [*closed, *settle_actions(self.actor, self.balance)]
        if not self.object.is_direct_of(self.actor):
            return closed
        url = reverse("billing:maintenance", args=[self.object.pk])
        maintenance = Action(_("Maintenance"), url, "banknotes", "money.manage", primary=True)
        return [*closed, *balance_actions(self.actor, self.balance), maintenance]

    def calls_query(self, line: Line) -> str:
        return day_query(line, self.balance, customer=self.object.name)


class OwnLedgerView(CustomerLedgerView):
    """The actor's own statement, an account's user that of its account; Root has none."""

    permission = "balance.view"

    def get_actions(self) -> list[Action]:
        return [*super().get_actions(), *pay_actions(self.actor)]

    def get_object(self) -> Customer:
        found: Customer | None = self.visible().filter(pk=self.actor.customer_id).first()
        if found is None:
            raise Http404
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.actor.account_id is not None:
            return HttpResponseRedirect(
                reverse("billing:account_ledger", args=[self.actor.account_id])
            )
        if self.actor.is_root:
            return HttpResponseRedirect(reverse("billing:entry_list"))
        return super().get(request, *args, **kwargs)


class AccountLedgerView(PayerMixin, StatementMixin):
    """What is between a customer and its account that is charged by itself."""

    model = Account

    def get_crumbs(self) -> list[Link]:
        return payer_crumbs(self.actor, self.object)

    def get_actions(self) -> list[Action]:
        periods = reverse("billing:account_periods", args=[self.object.pk])
        calendar = Action(_("Billing periods"), periods, "calendar-days", more=True)
        if self.object.archived_at is not None:
            return [calendar, *settle_actions(self.actor, self.balance)]
        if self.actor.account_id is not None:
            return [calendar, *pay_actions(self.actor)]
        if self.object.customer_id != self.actor.customer_id:
            return [calendar]
        url = reverse("billing:account_maintenance", args=[self.object.pk])
        maintenance = Action(_("Maintenance"), url, "banknotes", "money.manage", primary=True)
        return [calendar, *balance_actions(self.actor, self.balance), maintenance]

    def calls_query(self, line: Line) -> str:
        return day_query(line, self.balance, account=self.object.auth_name)


def closed_actions(actor: Any, customer: Customer | None = None) -> list[Action]:
    """The way to what was before a move, where there was one."""
    if not has_closed_balances(actor, customer):
        return []
    return [Action(_("Closed balances"), reverse("billing:former_list"), right="balance.view")]


def day_query(line: Line, balance: Balance, **owner: str) -> str:
    """The query string that lists the calls of a line's local day, in the viewer's zone."""
    if line.day is None:
        return ""
    start = datetime.combine(line.day, time(), ZoneInfo(str(balance.period_timezone)))
    days = {"since": start, "until": start + timedelta(days=1)}
    moments = {key: localtime(value).strftime(DATETIME_FORMAT) for key, value in days.items()}
    return "?" + urlencode(owner | moments)


def tiles(shown: Statement) -> list[dict[str, Any]]:
    """The four sums above the lines."""
    code = shown.currency
    return [
        {"label": _("Opening balance"), "value": display.amount_text(shown.opening, code)},
        {"label": _("Credits"), "value": "+" + display.amount_text(shown.credits, code)},
        {"label": _("Debits"), "value": display.amount_text(-shown.debits, code)},
        {
            "label": _("Closing balance"),
            "value": display.amount_text(shown.closing, code),
            "unit": code,
            "is_negative": shown.closing < 0,
        },
    ]


def sources_in(line: Line, sources: Sources) -> list[Source]:
    """Where a line comes from: one entry's source, or each re-rating of a day's calls once."""
    of_entries, of_corrections = sources
    one = of_entries.get(line.entry_id or 0)
    many = [of_corrections[pk] for pk in line.corrections if pk in of_corrections]
    return [one] if one else list(dict.fromkeys(many))


def export_lines(shown: Statement, sources: Sources) -> Iterator[list[Any]]:
    """The cells of the lines, in the order of HEADS."""
    for line in shown.lines:
        yield [
            line.at,
            str(line.kind.label),
            line.notes or calls_text(line),
            line.entry_id,
            poster(line.who, is_above=line.is_above),
            line.original_amount,
            line.original_currency,
            line.exchange_rate,
            line.debit,
            line.credit,
            line.running,
            shown.currency,
            ", ".join(source.name for source in sources_in(line, sources)),
        ]


def calls_text(line: Line) -> str:
    """``348 calls`` for a line of usage, nothing for others."""
    if line.day is None:
        return ""
    if line.corrections:
        return _("Calls re-rated")
    return ngettext("%(number)s call", "%(number)s calls", line.calls) % {
        "number": display.number_text(line.calls)
    }
