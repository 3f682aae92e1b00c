"""Query forms of customers, users and audit events."""

from django.utils.translation import gettext_lazy as _

from customers.models import AuditEvent
from softswitch.core.filters import FilterSet, SinceFilter, TextFilter, UntilFilter


class AuditFilter(FilterSet):
    """By time, customer and action."""

    since = SinceFilter(field_name="at", label=_("From"))
    until = UntilFilter(field_name="at", label=_("To"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    action = TextFilter(field_name="action", label=_("Action"))

    class Meta:
        model = AuditEvent
        fields = ()
