"""Forms of signing in and of the own profile."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from customers.models import User
from customers.selectors import is_blocked
from softswitch.core.forms import ScopedForm, ScopedModelForm


class LoginForm(AuthenticationForm):
    """Refuses users of a closed customer, or below one, in the words of a wrong password.

    A login counts in small letters, so that guessing is throttled however it is written.
    """

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if is_blocked(user.customer):
            raise self.get_invalid_login_error()


class ProfileForm(ScopedModelForm):
    """What users change of their own login."""

    widths = {
        "name": 3,
        "email": 3,
        "language": 3,
        "timezone": 3,
        "display_currency": 3,
        "theme": 3,
    }
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the company")), *settings.LANGUAGES],
    )

    class Meta:
        model = User
        fields = ("name", "email", "language", "timezone", "display_currency", "theme")

    def clean_display_currency(self) -> str:
        return str(self.cleaned_data["display_currency"]).strip().upper()


class PasswordForm(ScopedForm):
    """A new password, typed twice; the present one first."""

    widths = {"password": 3, "again": 3}
    current = forms.CharField(
        label=_("Present password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_current(self) -> str:
        current = str(self.cleaned_data["current"])
        if not self.actor.user.check_password(current):
            raise forms.ValidationError(_("This is not your present password."))
        return current

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", _("The two new passwords differ."))
        return cleaned
