"""Query form of the log of messages."""

from django.utils.translation import gettext_lazy as _

from notifications.choices import Event, MessageStatus
from notifications.models import Message
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    SinceFilter,
    TextFilter,
    UntilFilter,
)


class MessageFilter(FilterSet):
    """By time, recipient, customer, event and status."""

    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))
    recipient = TextFilter(label=_("Recipient"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    event = ChoiceFilter(choices=Event.choices, label=_("Event"))
    status = ChoiceFilter(choices=MessageStatus.choices, label=_("Status"))

    class Meta:
        model = Message
        fields = ()
