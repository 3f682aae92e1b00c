"""What a password must not be, beside Django's own rules (AUTH_PASSWORD_VALIDATORS)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.models import User

SHORTEST = 3  # a login that says too little to be looked for in a password


class LoginReuseValidator:
    """Refuses a password that holds the login, however it is written."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError where ``password`` contains the login of ``user``."""
        login = user.login if user is not None else ""
        if len(login) >= SHORTEST and login in password.lower():
            raise ValidationError(_("The password must not contain the login."), code="login")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("The password must not contain the login.")
