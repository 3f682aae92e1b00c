"""Billing periods: what closed, what waits and why, and the calendar of one balance."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now, override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from billing.choices import PeriodOutcome, PeriodType
from billing.filters import ClosingFilter, PeriodFilter
from billing.forms import CalendarForm
from billing.models import Balance, BillingPeriod
from billing.selectors.calendars import (
    Line,
    bridging_period,
    calendar_of,
    has_change,
    next_calendar,
)
from billing.selectors.closing import billed_balances, billed_periods, may_change_calendar
from billing.selectors.ended import end_of
from billing.services.calendars import change_calendar
from billing.services.closing import request_closing
from billing.tables import ClosingTable, PeriodTable
from billing.views.payers import PayerMixin
from billing.views.settle import statement_url
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, Badge, Link
from softswitch.core.views import ActionView, DetailView, EditView, ListView
from softswitch.core.views.access import ScopedMixin
from softswitch.core.views.edit import UNPROCESSABLE


class PeriodListView(ListView):
    """The periods of what the viewer's customer and those below it bill, newest first."""

    permission = "balance.view"
    is_for_accounts = False
    model = BillingPeriod
    title = gettext_lazy("Billing periods")
    table_class = PeriodTable
    filterset_class = PeriodFilter
    empty_icon = "calendar-days"
    empty_title = gettext_lazy("No billing periods yet")
    empty_text = gettext_lazy("The first one opens with the first entry, or when it closes.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return billed_periods(queryset, self.actor)


class ClosingListView(ListView):
    """What closes next, and what it waits for; the first one that is due comes first."""

    permission = "balance.view"
    is_for_accounts = False
    model = Balance
    title = gettext_lazy("Closing")
    table_class = ClosingTable
    filterset_class = ClosingFilter
    empty_icon = "calendar-days"
    empty_title = gettext_lazy("Nothing to close")
    empty_text = gettext_lazy("The periods of new customers are listed within a minute.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return billed_balances(queryset, self.actor, now())

    def get_meta(self) -> str:
        return _("Times of periods are those of their billing time zones.")

    def get_actions(self) -> list[Action]:
        url = reverse("billing:closing_run")
        return [Action(_("Run now"), url, "play", "money.manage", post=True)]


class ClosingRunView(ActionView):
    """Closes what is due of the actor's own customers, without waiting for the next minute."""

    permission = "money.manage"
    is_for_accounts = False
    model = Customer
    return_url_name = "billing:closing_list"
    success_message = gettext_lazy("What is due is being closed.")

    def get_object(self) -> Customer:
        found: Customer | None = self.visible().filter(pk=self.actor.customer_id).first()
        if found is None:
            raise Http404
        return found

    def service(self, obj: Customer) -> None:
        request_closing(actor=self.actor)


class CalendarMixin(DetailView):
    """Past and coming periods of one balance, in its billing time zone."""

    template_name = "billing/periods.html"

    @cached_property
    def balance(self) -> Balance:
        """The balance of the row; 404 where it has none."""
        raise NotImplementedError

    def get_title(self) -> str:
        return _("Billing periods")

    def get_meta(self) -> str:
        kind, zone = self.balance.get_period_type_display(), str(self.balance.period_timezone)
        if not has_change(self.balance):
            return display.listed((kind, zone))
        then, other = next_calendar(self.balance)
        return _("%(kind)s, %(zone)s; from the next close on %(then)s, %(other)s") % {
            "kind": kind,
            "zone": zone,
            "then": PeriodType(then).label,
            "other": other,
        }

    def get_crumbs(self) -> list[Link]:
        return [Link(self.get_payer(), statement_url(self.balance))]

    def get_payer(self) -> str:
        return str(self.object)

    def get_actions(self) -> list[Action]:
        if not may_change_calendar(self.actor, self.balance) or end_of(self.balance) is not None:
            return []
        url = reverse("billing:calendar", args=[self.balance.pk])
        return [Action(_("Change the calendar"), url, "calendar-days", primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        moment, is_biller = now(), bills(self.actor, self.balance)
        lines = [
            (line, period_badge(line, moment, is_biller=is_biller))
            for line in calendar_of(self.balance, moment)
        ]
        return super().get_context_data(
            balance=self.balance, lines=lines, is_biller=is_biller, **kwargs
        )


class CustomerPeriodsView(PayerMixin, CalendarMixin):
    """The periods between a customer and its owner."""

    model = Customer


class AccountPeriodsView(PayerMixin, CalendarMixin):
    """The periods between a customer and its account that is charged by itself."""

    model = Account


class CalendarView(EditView):
    """Another billing period or zone from the next close on; first shows the one that bridges."""

    model = Balance
    form_class = CalendarForm
    template_name = "billing/calendar.html"
    close_label = ""
    success_message = gettext_lazy("Saved. It takes effect at the next close.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(closed_at=None).select_related("customer", "account")

    def check_object(self, obj: Balance) -> None:
        if not may_change_calendar(self.actor, obj):
            raise PermissionDenied(_("Who bills it decides."))

    def get_title(self) -> str:
        return _("Billing calendar of %(name)s") % {"name": self.get_payer()}

    def get_payer(self) -> str:
        return str(self.object.account or self.object.customer)

    def get_crumbs(self) -> list[Link]:
        return [Link(self.get_payer(), statement_url(self.object))]

    def get_initial(self) -> dict[str, Any]:
        kind, zone = next_calendar(self.object)
        return {"period_type": kind, "period_timezone": zone}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save; with ``preview`` only show the period that would bridge."""
        if "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        self.object = self.get_object()
        form = self.get_form()
        return self.render(200 if form.is_valid() else UNPROCESSABLE, form=form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=self.get_facts(kwargs["form"]), **kwargs)

    def get_facts(self, form: Any) -> list[tuple[str, str]]:
        """The period that bridges to the calendar that the form shows."""
        initial = self.get_initial()
        asked = getattr(form, "cleaned_data", None) or initial
        wanted = {name: str(asked.get(name) or initial[name]) for name in initial}
        return list(bridge_facts(self.object, wanted["period_type"], wanted["period_timezone"]))

    def service(self, form: CalendarForm) -> Balance:
        return change_calendar(
            actor=self.actor,
            balance=self.object,
            period_type=form.cleaned_data["period_type"],
            period_timezone=str(form.cleaned_data["period_timezone"]),
        )

    def get_stay_url(self, saved: Any) -> str:
        return periods_url(self.object)

    def get_close_url(self, saved: Any) -> str:
        return periods_url(self.object)


class BalancePeriodsView(ScopedMixin):
    """Leads from a row of the lists to the periods of whose it is."""

    model = Balance

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(periods_url(self.get_object()))


def periods_url(balance: Balance) -> str:
    """The page of the periods of ``balance``; of one that a move has closed its statement."""
    if balance.account_id is not None:
        return reverse("billing:account_periods", args=[balance.account_id])
    if balance.closed_at is not None:
        return reverse("billing:former_ledger", args=[balance.pk])
    return reverse("billing:periods", args=[balance.customer_id])


def bills(actor: Actor, balance: Balance) -> bool:
    """Whether the actor stands on the side that bills, and not on the side that pays."""
    if balance.account_id is not None:
        return actor.account_id is None
    return balance.customer_id != actor.customer_id


def period_badge(line: Line, moment: datetime, *, is_biller: bool) -> Any:
    """How far a period is; who pays reads nothing of drafts."""
    if line.row is not None and line.row.closed_at is not None:
        return PeriodOutcome(line.row.outcome) if is_biller else Badge(_("Closed"), "off")
    if line.start > moment:
        return Badge(_("To come"), "off")
    return Badge(_("Over, not closed yet"), "warn") if line.end <= moment else PeriodOutcome.OPEN


def bridge_facts(balance: Balance, kind: str, zone: str) -> Iterator[tuple[str, str]]:
    """What follows from another calendar: nothing where it is the present one."""
    if (kind, zone) == (balance.period_type, str(balance.period_timezone)):
        yield _("Change"), _("None: this is the calendar in force.")
        return
    bridge = bridging_period(balance, kind, zone)
    with override(ZoneInfo(str(balance.period_timezone))):
        yield _("In force till"), display.datetime_text(bridge.start)
    with override(ZoneInfo(zone)):
        span = {"start": bridge.start, "end": bridge.end}
        shown = {name: display.datetime_text(value) for name, value in span.items()}
        yield _("Bridging period"), _("%(start)s to %(end)s") % shown
    yield _("Calls and money"), _("What is posted until then may let it end later.")
