"""Query forms of calls, unrated calls, deliveries of CDR files, what-ifs, and reports."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from calls.choices import (
    CallResult,
    CdrImportState,
    DailyReportState,
    ReportGroup,
    ReportKind,
    ReportPeriod,
    ReRatingState,
    ResultPart,
    WhatIfGroup,
    WhatIfState,
)
from calls.models import CdrImport, DailyReport, ReRating, UnratedCall, WhatIf
from calls.selectors.cdrs import CLOCK_AHEAD, DEFAULT_SPAN, CallSearch, call_keys, recent_calls
from calls.selectors.dashboard import local_day
from calls.selectors.reports import ReportSearch
from calls.selectors.sellers import is_seller
from calls.selectors.what_if import ResultSearch
from customers.models import Customer
from softswitch.core.filters import (
    DATETIME_FORMAT,
    ChoiceFilter,
    DateFilter,
    FilterSet,
    NamedFilter,
    PatternFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
    pattern_condition,
)

RESULTS = [choice for choice in CallResult.choices if choice[0] != CallResult.ANSWERED]


class CallFilter(FilterSet):
    """Calls by time, numbers, customer, account and result.

    The time is always bounded, so that only some partitions are read: without "from" it is the
    last seven days, which the form then shows.
    """

    since = SinceFilter(label=_("From"))
    until = UntilFilter(label=_("To"))
    customer = NamedFilter(queryset=Customer.objects.all(), label=_("Customer, with all below"))
    account = NamedFilter(
        queryset=Account.objects.all(), name_field="auth_name", label=_("Account")
    )
    trunk = TextFilter(label=_("Trunk"))
    caller = PatternFilter(label=_("CLI"))
    called = PatternFilter(label=_("CLD"))
    result = ChoiceFilter(choices=RESULTS, label=_("Result"))

    def __init__(self, data: Mapping[str, Any] | None, *args: Any, **kwargs: Any) -> None:
        filled = dict((data or {}).items())
        if not filled.get("since"):
            filled["since"] = _default_since().strftime(DATETIME_FORMAT)
        super().__init__(filled, *args, **kwargs)
        if self.actor.account_id is not None:
            del self.filters["customer"], self.filters["account"], self.filters["trunk"]
        elif not self.actor.can("customers.view"):
            del self.filters["customer"]

    @property
    def is_active(self) -> bool:
        """Whether more is asked for than the time the form starts with."""
        names = set(self.filters) - {"since"}
        return any(self.data.get(name) for name in names) or self._since_is_chosen

    @property
    def _since_is_chosen(self) -> bool:
        return bool(self.data["since"] != _default_since().strftime(DATETIME_FORMAT))

    @property
    def search(self) -> CallSearch:
        """What a valid form asks for."""
        asked = self.form.cleaned_data
        until = asked["until"] or timezone.now() + CLOCK_AHEAD
        customer, account = asked.get("customer"), asked.get("account")
        trunk = asked.get("trunk")
        return CallSearch(
            since=asked["since"],
            until=until,
            condition=pattern_condition("caller_number", asked["caller"])
            & pattern_condition("called_number", asked["called"])
            & (Q(trunk__name__icontains=trunk) if trunk else Q()),
            customer_id=customer.pk if customer else None,
            account_id=account.pk if account else None,
            result=asked["result"],
        )

    @property
    def qs(self) -> QuerySet[Any]:
        """The keys of the calls found; none while the form is invalid."""
        if not self.form.is_valid():
            return call_keys(self.actor, recent_calls()).none()
        return call_keys(self.actor, self.search)


def _default_since() -> datetime:
    """Midnight of the viewer's zone, so many days ago."""
    start = timezone.localtime() - DEFAULT_SPAN + timedelta(days=1)
    return start.replace(hour=0, minute=0)


class UnratedFilter(FilterSet):
    """Unrated calls by time and customer."""

    since = SinceFilter(field_name="setup_at", label=_("From"))
    until = UntilFilter(field_name="setup_at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))

    class Meta:
        model = UnratedCall
        fields = ()


class ImportFilter(FilterSet):
    """Deliveries by name, switch, state and time."""

    file_name = TextFilter(label=_("File"))
    switch = TextFilter(field_name="switch__name", label=_("Switch"))
    state = ChoiceFilter(choices=CdrImportState.choices, label=_("State"))
    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))

    class Meta:
        model = CdrImport
        fields = ()


class ReRatingFilter(FilterSet):
    """Re-ratings by reason, state and time."""

    reason = TextFilter(label=_("Reason"))
    state = ChoiceFilter(choices=ReRatingState.choices, label=_("State"))
    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))

    class Meta:
        model = ReRating
        fields = ()


class ReportFilter(FilterSet):
    """What a report is grouped by, its period, and what it is narrowed to.

    Two days, the last one included, count before the named period. Days are those of the viewer's
    zone. Buyers have neither customers nor levels below.
    """

    group = ChoiceFilter(choices=ReportGroup.choices, label=_("By"), empty_label=None)
    period = ChoiceFilter(choices=ReportPeriod.choices, label=_("Period"), empty_label=None)
    since = DateFilter(label=_("From"))
    until = DateFilter(label=_("To"))
    customer = NamedFilter(queryset=Customer.objects.all(), label=_("Customer"))
    destination = TextFilter(label=_("Destination"))
    destination_group = TextFilter(label=_("Destination group"))
    country = TextFilter(label=_("Country"))
    trunk = TextFilter(label=_("Trunk"))
    account = TextFilter(label=_("Account"))
    level = NamedFilter(queryset=Customer.objects.all(), label=_("Report of"))

    def __init__(self, data: Mapping[str, Any] | None, *args: Any, **kwargs: Any) -> None:
        filled = dict((data or {}).items())
        self.is_seller = is_seller(kwargs["actor"].customer)
        first = ReportGroup.CUSTOMER if self.is_seller else ReportGroup.DESTINATION
        filled["group"] = filled.get("group") or first
        filled["period"] = filled.get("period") or ReportPeriod.TODAY
        super().__init__(filled, *args, **kwargs)
        if not self.is_seller:
            del self.filters["customer"], self.filters["level"]
            self.filters["group"].extra["choices"] = [
                choice for choice in ReportGroup.choices if choice[0] != ReportGroup.CUSTOMER
            ]

    @property
    def is_active(self) -> bool:
        """Whether more is asked for than a group and a period."""
        return any(self.data.get(name) for name in set(self.filters) - {"group", "period"})

    @property
    def search(self) -> ReportSearch:
        """What a valid form asks for."""
        asked = self.form.cleaned_data
        zone = ZoneInfo(self.actor.timezone)
        first, last = self.days
        customer = asked.get("customer")
        return ReportSearch(
            group=ReportGroup(asked["group"]),
            since=local_day(first, zone)[0],
            until=local_day(last, zone)[1],
            zone=self.actor.timezone,
            level=asked.get("level"),
            customer_id=customer.pk if customer else None,
            account=asked["account"],
            trunk=asked["trunk"],
            destination=asked["destination"],
            destination_group=asked["destination_group"],
            country=asked["country"],
        )

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day that a valid form asks for."""
        asked = self.form.cleaned_data
        first, last = _period_days(asked["period"], timezone.localdate())
        if asked["since"] or asked["until"]:
            first = asked["since"] or asked["until"].replace(day=1)
            last = asked["until"] or timezone.localdate()
        return _within_reason(first), _within_reason(last)


class DailyReportFilter(FilterSet):
    """Automatic reports by day, customer, report and state."""

    since = DateFilter(field_name="day", lookup_expr="gte", label=_("From"))
    until = DateFilter(field_name="day", lookup_expr="lte", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    kind = ChoiceFilter(choices=ReportKind.choices, label=_("Report"))
    state = ChoiceFilter(choices=DailyReportState.choices, label=_("State"))

    class Meta:
        model = DailyReport
        fields = ()


class WhatIfFilter(FilterSet):
    """Saved what-ifs by name and state."""

    name = TextFilter(label=_("Name"))
    state = ChoiceFilter(choices=WhatIfState.choices, label=_("State"))

    class Meta:
        model = WhatIf
        fields = ()


class ResultFilter(FilterSet):
    """What the answer of a what-if is grouped by, whose it is, and which part of it is shown."""

    group = ChoiceFilter(choices=WhatIfGroup.choices, label=_("By"), empty_label=None)
    seller = ChoiceFilter(label=_("Seller"), empty_label=None)
    customer = TextFilter(label=_("Customer"))
    destination = TextFilter(label=_("Destination"))
    only = ChoiceFilter(choices=ResultPart.choices, label=_("Show"), empty_label=_("All"))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *args: Any,
        sellers: list[tuple[int, str]],
        top: int,
        **kwargs: Any,
    ) -> None:
        filled = dict((data or {}).items())
        filled["group"] = filled.get("group") or WhatIfGroup.CUSTOMER
        filled["seller"] = filled.get("seller") or str(top)
        super().__init__(filled, *args, **kwargs)
        self.top = top
        if len(sellers) > 1:
            self.filters["seller"].extra["choices"] = sellers
        else:
            del self.filters["seller"]
            groups = [c for c in WhatIfGroup.choices if c[0] != WhatIfGroup.SELLER]
            self.filters["group"].extra["choices"] = groups

    @property
    def is_active(self) -> bool:
        """Whether more is asked for than a group."""
        return any(self.data.get(name) for name in set(self.filters) - {"group", "seller"})

    @property
    def search(self) -> ResultSearch:
        """What a valid form asks for."""
        asked = self.form.cleaned_data
        return ResultSearch(
            group=WhatIfGroup(asked["group"]),
            seller=int(asked.get("seller") or self.top),
            customer=asked["customer"],
            destination=asked["destination"],
            unrated=asked["only"] == ResultPart.UNRATED,
        )


def _period_days(period: str, today: date) -> tuple[date, date]:
    """The first and the last day of a named period."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return {
        ReportPeriod.TODAY: (today, today),
        ReportPeriod.YESTERDAY: (today - timedelta(days=1), today - timedelta(days=1)),
        ReportPeriod.THIS_MONTH: (month, today),
        ReportPeriod.LAST_MONTH: (before.replace(day=1), before),
    }[ReportPeriod(period)]


def _within_reason(day: date) -> date:
    """Days of which every zone knows the beginning and the end."""
    return min(max(day, date(2000, 1, 1)), date(2199, 12, 31))
