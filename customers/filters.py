"""Query forms of customers, users and audit events."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import mode_choices, with_balances
from customers.choices import Kind, Standing, Status
from customers.models import AuditEvent, Customer
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    SinceFilter,
    TextFilter,
    UntilFilter,
)

SHOWN = (("direct", _("Direct customers")), ("all", _("All below")))
STATES = tuple(
    (standing.value, standing.label)
    for standing in (Standing.OK, Standing.EXHAUSTED, Standing.INACTIVE, Standing.CLOSED)
)


class CustomerFilter(FilterSet):
    """By name, company, status, terms and kind; direct customers only, unless all are asked for.

    The balances are joined only where something asked for needs them.
    """

    name = TextFilter(label=_("Name"))
    company_name = TextFilter(label=_("Company"))
    status = ChoiceFilter(choices=STATES, label=_("Status"), method="by_status")
    mode = ChoiceFilter(choices=mode_choices, label=_("Terms"))
    kind = ChoiceFilter(choices=[c for c in Kind.choices if c[0] != "root"], label=_("Kind"))
    show = ChoiceFilter(choices=SHOWN[1:], label=_("Show"), empty_label=SHOWN[0][1], method="any")

    class Meta:
        model = Customer
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["show"] != "all":
            queryset = queryset.filter(owner=self.actor.customer_id)
        if self.form.cleaned_data["mode"] or self.form.cleaned_data["status"]:
            queryset = with_balances(queryset)
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found

    def any(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """All rows: what ``show`` means stands in filter_queryset, as it counts when empty too."""
        return queryset

    def by_status(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """The customer's own state; who stands above it is no part of the search."""
        used_up = Q(available__lte=0)
        if value == Standing.EXHAUSTED:
            return queryset.filter(used_up, status=Status.ACTIVE)
        if value == Standing.OK:
            return queryset.filter(~used_up, status=Status.ACTIVE)
        return queryset.filter(status=value)


class AuditFilter(FilterSet):
    """By time, customer and action."""

    since = SinceFilter(field_name="at", label=_("From"))
    until = UntilFilter(field_name="at", label=_("To"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    action = TextFilter(field_name="action", label=_("Action"))

    class Meta:
        model = AuditEvent
        fields = ()
