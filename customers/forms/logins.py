"""Forms of passwords for others, and of delegated rights."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from customers.permissions import RIGHTS
from softswitch.core.forms import ScopedForm

PASSWORD_HELP = _(
    "At least 10 characters, not a common password, and nothing like the login, name or e-mail."
)

LINK_HELP = _("While switched nobody types a password: a link to set one is mailed here.")
LINK_TO_MAIN = _("While switched nobody types a password: a link is mailed to the main e-mail.")


def password_field(label: Any, **kwargs: Any) -> forms.CharField:
    """A new password, typed once and never shown again; the rules stand below it."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, **{"help_text": PASSWORD_HELP} | kwargs)


class NewPasswordForm(ScopedForm):
    """A new password for somebody else's login; its sessions end.

    ``has_api`` says whether the login may have API tokens, which do not end.
    """

    widths = {"password": 3}
    password = password_field(_("New password"))

    def __init__(self, *args: Any, has_api: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_api:
            text = _("API tokens of this login stay valid. “Log out everywhere” revokes them, too.")
            self.fields["password"].help_text = format_lazy("{} {}", PASSWORD_HELP, text)


class LogOutForm(ScopedForm):
    """Whether API tokens end with the sessions; there is nothing to choose without any."""

    revokes_tokens = forms.BooleanField(
        label=_("Revoke the API tokens, too"),
        required=False,
        initial=True,
        help_text=_("Programs that use them are refused from then on."),
    )

    def __init__(self, *args: Any, has_tokens: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_tokens:
            del self.fields["revokes_tokens"]


class RightsForm(ScopedForm):
    """The rights that stay with a customer; ``previewed`` is the choice whose effect was shown."""

    rights = forms.MultipleChoiceField(
        required=False, choices=[(right.code, right.label) for right in RIGHTS if right.delegated]
    )
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)
