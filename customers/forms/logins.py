"""Forms of web logins and of delegated rights."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.choices import Role
from customers.permissions import RIGHTS
from softswitch.core.forms import ScopedForm, Section


def password_field(label: Any, **kwargs: Any) -> forms.CharField:
    """A new password, typed once and never shown again."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, **kwargs)


class NewLoginForm(ScopedForm):
    """One more web login of a customer."""

    sections = (Section(_("New login"), ("login", "password", "name", "email", "role")),)
    widths = {"login": 3, "password": 3, "name": 3, "email": 3, "role": 3}
    login = forms.CharField(label=_("Login"), max_length=150)
    password = password_field(_("Password"))
    name = forms.CharField(label=_("Name"), required=False, max_length=150)
    email = forms.EmailField(label=_("E-mail"), required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        help_text=_("A role narrows the rights of the customer, it never adds."),
    )


class NewPasswordForm(ScopedForm):
    """A new password for somebody else's login; its other sessions end."""

    widths = {"password": 3}
    password = password_field(_("New password"))


class RightsForm(ScopedForm):
    """The rights that stay with a customer; ``choices`` are those the owner can grant."""

    rights = forms.MultipleChoiceField(
        required=False, choices=[(right.code, right.label) for right in RIGHTS if right.delegated]
    )
