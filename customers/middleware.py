"""Puts the actor on each request: who is logged in, and as which customer they act."""

import time
import zoneinfo
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from customers.models import User
from customers.selectors import actor_for
from customers.selectors.sign_in import refusal
from customers.services.sessions import SEEN_EVERY, SEEN_KEY, close_session, touch_session
from customers.tenancy import SESSION_STACK

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Sets ``request.actor`` (None when nobody is logged in), the language and the time zone.

    A session ends here once its user could not sign in any more: blocked, below a customer that was
    closed or archived, or from an address that is not allowed.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            address = request.META.get("REMOTE_ADDR")
            if refusal(request.user, address) is not None:
                close_session(session_key=request.session.session_key or "")
                logout(request)
            else:
                self.see(request, address)
                self.act(request, request.user)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def see(self, request: HttpRequest, address: str | None) -> None:
        """Note the use of a listed session, at most every SEEN_EVERY seconds."""
        seen = request.session.get(SEEN_KEY)
        if seen is not None and time.time() - seen >= SEEN_EVERY:
            touch_session(session_key=request.session.session_key or "", ip=address)
            request.session[SEEN_KEY] = int(time.time())

    def act(self, request: HttpRequest, user: User) -> None:
        stack = request.session.get(SESSION_STACK, [])
        actor = actor_for(user, stack=stack, ip=request.META.get("REMOTE_ADDR"))
        if len(stack) != len(actor.stack) - 1:
            request.session[SESSION_STACK] = list(actor.stack[1:])
        request.actor = actor  # type: ignore[attr-defined]
        timezone.activate(zoneinfo.ZoneInfo(actor.timezone))
        translation.activate(actor.language)
        request.LANGUAGE_CODE = translation.get_language() or "en"
