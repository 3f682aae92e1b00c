"""Query forms of customers, users, audit events, and of what owners define."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import mode_choices, with_balances
from billing.selectors.standing import with_states
from customers.choices import Kind, Standing, Status
from customers.models import AuditEvent, BusinessModel, Customer, CustomerClass
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    PartFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
)

SHOWN = (("direct", _("Direct customers")), ("all", _("All below")))
STOPPED = (Status.INACTIVE, Status.CLOSED)
MONEY = (Standing.SUSPENDED, Standing.OVERDUE, Standing.EXHAUSTED, Standing.LOW)
STATES = (
    ("active", _("All active")),
    ("stopped", _("All inactive")),
    ("ok", _("Active, funds left")),
    *((standing.value, standing.label) for standing in (*MONEY, *STOPPED)),
)


class CustomerSearchFilter(FilterSet):
    """By name and status; direct customers only, unless all are asked for.

    The balances are joined only where something asked for needs them.
    """

    name = PartFilter(field_name="name", index="search__name", label=_("Name"))
    status = ChoiceFilter(choices=STATES, label=_("Status"), method="by_status")
    show = ChoiceFilter(choices=SHOWN[1:], label=_("Show"), empty_label=SHOWN[0][1], method="any")

    class Meta:
        model = Customer
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["show"] != "all":
            queryset = queryset.filter(owner=self.actor.customer_id)
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found

    def any(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """All rows: what ``show`` means stands in filter_queryset, as it counts when empty too."""
        return queryset

    def by_status(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """The customer's own state; who stands above it is no part of the search."""
        if value == "stopped":
            return queryset.filter(status__in=STOPPED)
        if value not in (Standing.OK, *MONEY):
            return queryset.filter(status=value)
        active = queryset.filter(status=Status.ACTIVE)
        if value in (Standing.OK, Standing.EXHAUSTED):
            used_up = Q(available__lte=0)
            active = with_balances(active)
            return active.filter(used_up if value == Standing.EXHAUSTED else ~used_up)
        return with_states(active).filter(**{f"is_{value}": True})


class CustomerFilter(CustomerSearchFilter):
    """By name, company, status, terms and kind."""

    company_name = PartFilter(index="search__company_name", label=_("Company"))
    mode = ChoiceFilter(choices=mode_choices, label=_("Terms"), method="by_mode")
    kind = ChoiceFilter(choices=[c for c in Kind.choices if c[0] != "root"], label=_("Kind"))
    field_order = ("name", "company_name", "status", "mode", "kind", "show")

    def by_mode(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Prepaid or postpaid, as its balance with its owner says."""
        return with_balances(queryset).filter(mode=value)


class AuditFilter(FilterSet):
    """By time, customer and action."""

    since = SinceFilter(field_name="at", label=_("From"))
    until = UntilFilter(field_name="at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    action = TextFilter(field_name="action", label=_("Action"))

    class Meta:
        model = AuditEvent
        fields = ()


class ClassFilter(FilterSet):
    """Customer classes by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = CustomerClass
        fields = ()


class BusinessModelFilter(FilterSet):
    """Business models by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = BusinessModel
        fields = ()
