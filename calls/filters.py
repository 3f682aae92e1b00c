"""Query forms of calls, unrated calls and deliveries of CDR files."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from calls.choices import CallResult, CdrImportState
from calls.models import CdrImport, UnratedCall
from calls.selectors.cdrs import CLOCK_AHEAD, DEFAULT_SPAN, CallSearch, call_keys, recent_calls
from customers.models import Customer
from softswitch.core.filters import (
    DATETIME_FORMAT,
    ChoiceFilter,
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
    caller = PatternFilter(label=_("CLI"))
    called = PatternFilter(label=_("CLD"))
    result = ChoiceFilter(choices=RESULTS, label=_("Result"))

    def __init__(self, data: Mapping[str, Any] | None, *args: Any, **kwargs: Any) -> None:
        filled = dict((data or {}).items())
        if not filled.get("since"):
            filled["since"] = _default_since().strftime(DATETIME_FORMAT)
        super().__init__(filled, *args, **kwargs)
        if self.actor.account_id is not None:
            del self.filters["customer"], self.filters["account"]
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
        return CallSearch(
            since=asked["since"],
            until=until,
            condition=pattern_condition("caller_number", asked["caller"])
            & pattern_condition("called_number", asked["called"]),
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
