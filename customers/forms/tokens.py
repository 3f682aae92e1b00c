"""The form of a new API token."""

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.permissions import SCOPES
from softswitch.core.forms import MomentField, ScopedForm, Section

AREAS = {
    "customers": _("Customers"),
    "accounts": _("Accounts"),
    "trunks": _("Trunks and hosts"),
    "vouchers": _("Vouchers"),
    "rates": _("Rates"),
    "calls": _("Calls and reports"),
    "users": _("Logins"),
    "money": _("Money"),
}
VERBS = {"read": _("read"), "write": _("read and change")}


def scope_choices() -> list[tuple[str, str]]:
    """The scopes in words: ("accounts:write", "Accounts: read and change")."""
    parts = [(scope, *scope.split(":")) for scope in SCOPES]
    return [(scope, f"{AREAS[area]}: {VERBS[verb]}") for scope, area, verb in parts]


class TokenForm(ScopedForm):
    """What a token is for, what it may do, and how long."""

    sections = (
        Section(
            _("New API token"),
            ("name", "expires_at", "scopes"),
            help=_("It acts as you, within what you tick here and never beyond your own rights."),
        ),
    )
    widths = {"name": 3, "expires_at": 3}
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What will use it."))
    expires_at = MomentField(
        label=_("Expires"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: only when it is revoked."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=scope_choices, widget=forms.CheckboxSelectMultiple
    )
