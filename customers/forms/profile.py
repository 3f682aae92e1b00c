"""Forms of the own login: how the portal looks and speaks, the password, the second factor."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.forms.logins import password_field
from customers.forms.users import zone_choices_of_a_login
from customers.models import User
from softswitch.core.forms import ScopedForm, ScopedModelForm
from tariffs.selectors import currency_choices


class ProfileForm(ScopedModelForm):
    """What users change of their own login.

    Letters with set-password links go to the e-mail address: another one wants the present
    password, and nobody changes it while switched.
    """

    public_choices = ("display_currency",)
    field_order = ("name", "email", "current")
    widths = {
        "name": 3,
        "email": 3,
        "current": 3,
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
    timezone = forms.TypedChoiceField(
        label=_("Time zone"),
        required=False,
        choices=zone_choices_of_a_login,
        coerce=ZoneInfo,
        empty_value="",
    )
    display_currency = forms.ModelChoiceField(
        currency_choices(),
        label=_("Display currency"),
        required=False,
        to_field_name="code",
        empty_label=_("The base currency"),
        help_text=_("Of the second column of money in lists."),
    )
    current = forms.CharField(
        label=_("Present password"),
        required=False,
        help_text=_("Only for another e-mail address."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = User
        fields = ("name", "email", "language", "timezone", "display_currency", "theme")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actor.is_switched:
            self.fields["email"].disabled = True
            del self.fields["current"]

    def clean_display_currency(self) -> str:
        chosen = self.cleaned_data["display_currency"]
        return "" if chosen is None else str(chosen.code)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        user = self.actor.user
        is_moved = cleaned.get("email", user.email) != user.email
        if is_moved and not user.check_password(cleaned.get("current", "")):
            self.add_error("current", _("Another e-mail address wants your present password."))
        return cleaned


class PresentPasswordMixin(forms.Form):
    """Asks for the real user's present password."""

    current = forms.CharField(
        label=_("Present password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_current(self) -> str:
        current = str(self.cleaned_data["current"])
        if not self.actor.user.check_password(current):  # type: ignore[attr-defined]
            raise forms.ValidationError(_("This is not your present password."))
        return current


class PasswordForm(PresentPasswordMixin, ScopedForm):
    """A new password, typed twice; the present one first."""

    widths = {"password": 3, "again": 3}
    password = password_field(_("New password"))
    again = forms.CharField(
        label=_("New password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actor.account_id is None and self.actor.can("api.access"):
            text = _("API tokens stay valid. Revoke them on the page “API tokens”.")
            self.fields["again"].help_text = text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", _("The two new passwords differ."))
        return cleaned


def code_field(help_text: Any) -> forms.CharField:
    """A code of the authenticator, or a recovery code."""
    attributes = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=help_text,
        widget=forms.TextInput(attrs=attributes),
    )


class SetUpForm(ScopedForm):
    """The first code of an authenticator that has just read the key."""

    widths = {"code": 3}
    code = code_field(_("The six digits that it shows now."))


class RenewForm(ScopedForm):
    """A code, before new recovery codes are made."""

    widths = {"code": 3}
    code = code_field(_("Of your authenticator, or one of the old recovery codes."))


class TurnOffForm(PresentPasswordMixin, ScopedForm):
    """The present password and a code, before the second factor is given up."""

    widths = {"current": 3, "code": 3}
    code = code_field(_("Of your authenticator, or a recovery code."))
