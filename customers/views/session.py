"""Signing in, in two steps where the login has a second factor, and out; switching and back."""

import time
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from customers.choices import SignInOutcome
from customers.forms import CodeForm, LoginForm
from customers.models import Customer, User
from customers.selectors.sign_in import refusal, second_factor_of, waiting_user
from customers.services.second_factor import check_code
from customers.services.session import switch_to
from customers.services.sessions import SEEN_KEY, close_session, move_session
from customers.services.sign_in import note_try
from customers.tenancy import SESSION_STACK
from notifications.services.sign_ins import note_sign_in
from softswitch.core.views import ActionView
from softswitch.core.views.access import AccessMixin

WAITING = "awaits_code"  # whose code the session waits for: user, hash of the session, since when
PATIENCE = 600  # seconds between the right password and the code
BACKEND = "django.contrib.auth.backends.ModelBackend"


def note(request: HttpRequest, name: str, outcome: str) -> None:
    """Write down a try to sign in as ``name``."""
    agent = request.headers.get("User-Agent", "")
    note_try(login=name, outcome=outcome, ip=request.META.get("REMOTE_ADDR"), agent=agent)


def count_failure(request: HttpRequest, name: str) -> None:
    """Throttle what is no wrong password, as if it were one."""
    AxesProxyHandler.user_login_failed(__name__, {"username": name}, request)


def sign_in(request: HttpRequest, user: User) -> None:
    """Put ``user`` into a session with a new key, on the list of sessions, and tell its login."""
    login(request, user, backend=BACKEND)
    request.session[SEEN_KEY] = int(time.time())
    request.session.save()
    note_sign_in(
        user=user,
        session_key=request.session.session_key or "",
        ip=request.META.get("REMOTE_ADDR"),
        agent=request.headers.get("User-Agent", ""),
    )


def rotate(request: HttpRequest) -> None:
    """Give the session a new key, as whenever its rights change."""
    old = request.session.session_key or ""
    request.session.cycle_key()
    move_session(old_key=old, new_key=request.session.session_key or "")


class LoginView(auth.LoginView):
    """Login and password; axes throttles guessing. A second factor is asked on the next page."""

    template_name = "login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if second_factor_of(user) is None:
            sign_in(self.request, user)
            return HttpResponseRedirect(self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[WAITING] = [user.pk, user.get_session_auth_hash(), int(time.time())]
        target = self.get_redirect_url()
        query = "?" + urlencode({self.redirect_field_name: target}) if target else ""
        return HttpResponseRedirect(reverse("login_code") + query)

    def form_invalid(self, form: Any) -> HttpResponse:
        name = form.cleaned_data.get("username", "")
        if form.refused is not None:
            count_failure(self.request, name)
        is_throttled = getattr(self.request, "axes_locked_out", False)
        outcome = form.refused or SignInOutcome.PASSWORD
        if name:
            note(self.request, name, SignInOutcome.THROTTLED if is_throttled else outcome)
        return super().form_invalid(form)


@method_decorator(never_cache, name="dispatch")
class CodeView(RedirectURLMixin, FormView[CodeForm]):
    """The second step. Until the code is right, nobody is signed in.

    Wrong codes are throttled like wrong passwords, and by django-otp whatever address they come
    from. Who could not sign in any more since the password goes back to the first step.
    """

    template_name = "login_code.html"
    form_class = CodeForm
    next_page = "dashboard"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user_id, auth_hash, since = request.session.get(WAITING, [0, "", 0])
        is_late = time.time() - since > PATIENCE
        user = None if is_late else waiting_user(user_id, auth_hash)
        if user is None or refusal(user, request.META.get("REMOTE_ADDR")) is not None:
            request.session.pop(WAITING, None)
            return HttpResponseRedirect(resolve_url("login"))
        self.user = user
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        name = self.user.login
        if not AxesProxyHandler.is_allowed(self.request, {"username": name}):
            self.request.axes_locked_out = True  # type: ignore[attr-defined] # axes answers 429
            note(self.request, name, SignInOutcome.THROTTLED)
            return self.form_invalid(form)
        if not check_code(user=self.user, code=form.cleaned_data["code"]):
            count_failure(self.request, name)
            note(self.request, name, SignInOutcome.CODE)
            form.add_error("code", _("This code is wrong, or was used already. Wait for the next."))
            return self.form_invalid(form)
        del self.request.session[WAITING]
        sign_in(self.request, self.user)
        return HttpResponseRedirect(self.get_success_url())


class LogoutView(auth.LogoutView):
    """POST only."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        close_session(session_key=request.session.session_key or "")
        return super().post(request, *args, **kwargs)


class SwitchView(ActionView):
    """Switch to this customer: the session's stack grows by one."""

    model = Customer
    permission = "customers.view"

    def service(self, obj: Customer) -> None:
        self.request.session[SESSION_STACK] = list(switch_to(actor=self.actor, customer=obj))
        rotate(self.request)

    def get_success_message(self) -> str:
        return _("You act as %(name)s now.") % {"name": self.object}

    def get_return_url(self) -> str:
        return reverse("dashboard")


class SwitchBackView(AccessMixin):
    """One step back up the stack."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        left = self.actor.customer
        if not self.actor.is_switched:
            return HttpResponseRedirect(reverse("dashboard"))
        request.session[SESSION_STACK] = list(self.actor.stack[1:-1])
        rotate(request)
        messages.success(request, _("You returned from %(name)s.") % {"name": left})
        return HttpResponseRedirect(reverse("customers:customer_detail", args=[left.pk]))
