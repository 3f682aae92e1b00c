"""The form of a webhook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.choices import HOOKED
from notifications.models import Webhook
from notifications.selectors import may_be_told
from softswitch.core.forms import ScopedModelForm, Section


class WebhookForm(ScopedModelForm):
    """Where a program listens, and what it is told."""

    sections = (
        Section(
            _("Program"),
            ("name", "url", "is_active"),
            help=_(
                "Events are posted to the URL as JSON, signed with the webhook's secret, until the"
                " program answers with a status from 200 to 299, for three days at most."
            ),
        ),
        Section(
            _("Events"),
            ("events",),
            help=_("Of your customers, and those that are told to you yourself."),
        ),
    )
    widths = {"name": 3}
    url = forms.URLField(
        label=_("URL"),
        max_length=500,
        assume_scheme="https",
        help_text=_("With https:// its certificate is checked. Private addresses are refused."),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=HOOKED, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "is_active", "events")
        labels = {"is_active": _("Events are sent")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what the actor may be told, and what was asked for before."""
        super().__init__(*args, **kwargs)
        asked = self.instance.events or ()
        events: Any = self.fields["events"]
        events.choices = [
            (event, label)
            for event, label in HOOKED
            if event in asked or may_be_told(self.actor, event)
        ]
