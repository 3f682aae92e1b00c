"""The forms of people who are not signed in: ask for a link, set a password by it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import User
from softswitch.core.errors import DomainError
from softswitch.core.forms import StyledBoundField


class ForgottenPasswordForm(forms.Form):
    """Whose password it is: a login or an e-mail address."""

    bound_field_class = StyledBoundField
    identifier = forms.CharField(
        label=_("Login or e-mail"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class SetPasswordForm(forms.Form):
    """A password, typed twice; whether it is good enough says the service."""

    bound_field_class = StyledBoundField
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 10 characters, and nothing like your login or name."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User | None, *args: Any, **kwargs: Any) -> None:
        """``user`` is what Django's view hands over; nothing here depends on whose link it is."""
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "again" in cleaned and cleaned.get("password") != cleaned["again"]:
            self.add_error("again", _("The two passwords differ."))
        return cleaned

    def add_domain_error(self, error: DomainError) -> None:
        """Show what the service refused, at the field it names, or above the form."""
        self.add_error(error.field if error.field in self.fields else None, error.message)
