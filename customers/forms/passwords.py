"""The forms of people who are not signed in: ask for a link, set a password by it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import User
from softswitch.core.errors import DomainError


class ForgottenPasswordForm(forms.Form):
    """Whose password it is: a login or an e-mail address."""

    identifier = forms.CharField(label=_("Login or e-mail"), max_length=254)


class SetPasswordForm(forms.Form):
    """A password, typed twice; whether it is good enough says the service."""

    password = forms.CharField(label=_("New password"), max_length=200, strip=False)
    again = forms.CharField(label=_("New password again"), max_length=200, strip=False)

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
