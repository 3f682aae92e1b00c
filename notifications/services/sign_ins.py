"""Writes down that somebody signed in, and tells the login where its customer asks for that."""

from django.db import transaction
from django.urls import reverse

from customers.choices import SignInOutcome
from customers.models import User, UserSession
from customers.parsers import device_name
from customers.selectors.parameters import parameters_of
from customers.services.sessions import open_session
from customers.services.sign_in import note_try
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.selectors import provider_of
from notifications.services.events import News, tell


def note_sign_in(*, user: User, session_key: str, ip: str | None, agent: str) -> None:
    """List the session that ``user`` has just signed in to, and note and tell it; all or nothing.

    Who switches to a customer signs in nowhere, so that nobody below is told of it.
    """
    with transaction.atomic():
        session = open_session(user=user, session_key=session_key, ip=ip, agent=agent)
        note_try(login=user.login, outcome=SignInOutcome.OK, ip=ip, agent=agent)
        if parameters_of([user.customer_id])[user.customer_id]["sign_in_notice"]:
            _tell(user, session)


def _tell(user: User, session: UserSession) -> None:
    owner = provider_of(user)
    news = News(
        event=Event.SIGN_IN,
        owner=owner,
        customer=user.customer,
        account_id=user.account_id,
        user=user,
        values={
            "user.name": user.name or user.login,
            "user.login": user.login,
            "sign_in.at": session.created_at,
            "sign_in.ip": session.ip or "",
            "sign_in.agent": device_name(session.agent),
        },
        key=f"sign-in:{session.pk}",
        path=reverse("customers:own_sign_ins"),
    )
    tell(actor=Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True), news=news)
