"""Query forms of the logs of messages and of webhooks, and of notices."""

from django.utils.translation import gettext_lazy as _

from notifications.catalogue import CATALOGUE
from notifications.choices import DeliveryStatus, Event, MessageStatus, NoticeState
from notifications.models import Message, Notice, Webhook, WebhookDelivery
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    ModelChoiceFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
)

# Those that a bell tells.
BELL_EVENTS = [
    (event.value, event.label)
    for event, kind in CATALOGUE.items()
    if (kind.bell, kind.owner_bell) != (None, None)
]


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


class DeliveryFilter(FilterSet):
    """By time, webhook, customer, event and status."""

    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))
    webhook = ModelChoiceFilter(queryset=Webhook.objects.all(), label=_("Webhook"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    event = ChoiceFilter(choices=Event.choices, label=_("Event"))
    status = ChoiceFilter(choices=DeliveryStatus.choices, label=_("Status"))

    class Meta:
        model = WebhookDelivery
        fields = ()


class NoticeFilter(FilterSet):
    """By time, event, and whether they are new."""

    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))
    event = ChoiceFilter(choices=BELL_EVENTS, label=_("Event"))
    state = ChoiceFilter(choices=NoticeState.choices, label=_("State"))

    class Meta:
        model = Notice
        fields = ()
