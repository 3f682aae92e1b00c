"""Sets a password by a mailed link: whoever holds the link is the user."""

from axes.utils import reset
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import User
from customers.selectors import actor_for
from customers.services.users import change_password
from softswitch.core.errors import DomainError


def set_password_by_link(*, user_id: int, token: str, password: str, ip: str | None) -> None:
    """Set the password of the login whose link holds ``token``; its other sessions end.

    Locks the user: of two at once with one link the second finds it used. Guesses that locked the
    login out are forgotten. Raises DomainError ``link_used`` or ``weak_password``.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        if not default_token_generator.check_token(user, token):
            raise DomainError("link_used", _("This link has been used, or is too old."))
        change_password(actor=actor_for(user, ip=ip), user=user, password=password)
        reset(username=user.login)
