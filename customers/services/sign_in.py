"""Writes down each try to sign in."""

from customers.choices import SignInOutcome
from customers.models import SignIn, User
from customers.selectors.sign_in import refusal
from customers.services.sessions import AGENT_LENGTH

LOGIN_LENGTH = 150


def note_try(*, login: str, outcome: str, ip: str | None, agent: str) -> SignIn:
    """Add a try with ``login`` that ended in ``outcome`` (SignInOutcome).

    A wrong password of a login that is blocked is told as blocked, since no password opens it.
    ``agent`` and ``login`` are cut to length.
    """
    name = login.strip().lower()[:LOGIN_LENGTH]
    user = User.objects.filter(login=name).select_related("customer").first()
    if outcome == SignInOutcome.PASSWORD and user is not None:
        is_closed = refusal(user, ip) == SignInOutcome.BLOCKED
        outcome = SignInOutcome.BLOCKED if is_closed else outcome
    return SignIn.objects.create(
        user=user, login=name, outcome=outcome, ip=ip, agent=agent[:AGENT_LENGTH]
    )
