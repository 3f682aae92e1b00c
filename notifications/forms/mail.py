"""Forms of how mail leaves, and of letters that came back."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from notifications.models import MailSettings
from softswitch.core.forms import ScopedForm, Section

SERVER_FIELDS = ("sender_address", "host", "port", "security", "user", "password")
_SETTINGS = fields_for_model(MailSettings)


class MailSettingsForm(ScopedForm):
    """The name, addresses, picture and server of the mail of the actor's customer."""

    sections = (
        Section(
            _("Sender"),
            ("sender_name", "reply_to", "logo_file", "without_logo"),
            help=_("Empty: the name and the main e-mail of your company."),
        ),
        Section(
            _("Your own mail server"),
            SERVER_FIELDS,
            help=_("Empty: the portal's, which sends from its own neutral address."),
        ),
    )
    widths = {
        "sender_name": 3,
        "reply_to": 3,
        "logo_file": 3,
        "sender_address": 3,
        "host": 3,
        "port": 2,
        "security": 2,
        "user": 3,
        "password": 3,
    }

    sender_name = _SETTINGS["sender_name"]
    reply_to = _SETTINGS["reply_to"]
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg"}),
        help_text=_("PNG or JPEG, up to 300 kB. It stands above every letter."),
    )
    without_logo = forms.BooleanField(label=_("No logo"), required=False)
    sender_address = _SETTINGS["sender_address"]
    host = _SETTINGS["host"]
    port = _SETTINGS["port"]
    security = _SETTINGS["security"]
    user = _SETTINGS["user"]
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=300,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("Empty: the one that is stored stays."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actor.is_switched:
            for name in ("reply_to", *SERVER_FIELDS):
                del self.fields[name]


class BounceForm(ScopedForm):
    """Why a letter came back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What the report says, such as 550 5.1.1 no such mailbox."),
    )
