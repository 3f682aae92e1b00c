"""Forms of web logins, as whoever manages them adds and edits them."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.choices import Role
from customers.forms.logins import password_field
from softswitch.core.forms import ScopedForm, Section
from softswitch.core.zones import zone_choices


class LinesField(forms.CharField):
    """A list, one entry a line; commas and spaces part entries as well."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"})

    def prepare_value(self, value: Any) -> Any:
        """The lines of a list; what was typed stays as it is."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The entries; the service says whether they are addresses."""
        return str(value or "").replace(",", " ").split()


def zone_choices_of_a_login() -> list[tuple[str, Any]]:
    """All zones, after the company's."""
    return [("", _("As the company")), *zone_choices()]


class LoginFields(ScopedForm):
    """What its managers set of a login, on the forms that add and edit it."""

    widths = {
        "login": 3,
        "password": 3,
        "name": 3,
        "email": 3,
        "role": 3,
        "language": 3,
        "timezone": 3,
    }
    name = forms.CharField(label=_("Name"), required=False, max_length=150)
    email = forms.EmailField(label=_("E-mail"), required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        help_text=_("A role narrows the rights of the customer, it never adds."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the company")), *settings.LANGUAGES],
    )
    timezone = forms.TypedChoiceField(
        label=_("Time zone"),
        required=False,
        choices=zone_choices_of_a_login,
        coerce=ZoneInfo,
        empty_value="",
    )
    allowed_networks = LinesField(
        label=_("Allowed addresses"),
        required=False,
        help_text=_("Addresses or networks, one a line: 192.0.2.7, 2001:db8::/32. Empty: all."),
    )


class NewLoginForm(LoginFields):
    """One more web login: its user is mailed a link, unless a password is typed."""

    sections = (
        Section(_("New login"), ("login", "name", "email", "role")),
        Section(
            _("Password"),
            ("password",),
            _("Left empty, a link under which the user sets its own is mailed."),
        ),
        Section(_("Display and access"), ("language", "timezone", "allowed_networks")),
    )
    login = forms.CharField(label=_("Login"), max_length=150)
    password = password_field(_("Password"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("password") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter an address for the link, or a password."))
        return cleaned


class EditLoginForm(LoginFields):
    """What its managers change of a login."""

    sections = (
        Section(_("Login"), ("name", "email", "role")),
        Section(_("Display and access"), ("language", "timezone", "allowed_networks")),
    )


class EditAccountLoginForm(EditLoginForm):
    """The same of an account's login, which has no role."""

    role = None  # type: ignore[assignment] # Django takes the field away
