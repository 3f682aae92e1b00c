"""Forms of signing in, in two steps where the login has a second factor."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from customers.choices import SignInOutcome
from customers.models import User
from customers.selectors.sign_in import refusal
from softswitch.core.forms import StyledBoundField


class LoginForm(AuthenticationForm):
    """Refuses who may not sign in now, or not from here, in the words of a wrong password.

    A login counts in small letters, so that guessing is throttled however it is written.
    ``refused`` says why a right password was not enough.
    """

    refused: SignInOutcome | None = None

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        address = self.request.META.get("REMOTE_ADDR") if self.request else None
        self.refused = refusal(user, address)
        if self.refused is not None:
            raise self.get_invalid_login_error()


class CodeForm(forms.Form):
    """The second step: a code of the authenticator, or a recovery code."""

    bound_field_class = StyledBoundField
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("The six digits that your authenticator shows, or a recovery code."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )
