"""Puts the actor on each request: who is logged in, and as which customer they act."""

import zoneinfo
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from customers.models import User
from customers.selectors import actor_for, is_blocked
from customers.tenancy import SESSION_STACK

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Sets ``request.actor`` (None when nobody is logged in), the language and the time zone.

    A login whose customer, or an ancestor of it, was closed or archived ends here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            if is_blocked(request.user.customer):
                logout(request)
            else:
                self.act(request, request.user)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def act(self, request: HttpRequest, user: User) -> None:
        stack = request.session.get(SESSION_STACK, [])
        actor = actor_for(user, stack=stack, ip=request.META.get("REMOTE_ADDR"))
        if len(stack) != len(actor.stack) - 1:
            request.session[SESSION_STACK] = list(actor.stack[1:])
        request.actor = actor  # type: ignore[attr-defined]
        timezone.activate(zoneinfo.ZoneInfo(actor.timezone))
        translation.activate(actor.language)
        request.LANGUAGE_CODE = translation.get_language() or "en"
