"""Forgotten passwords, and the page on which a mailed link sets one; nobody is signed in here."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth import views as auth
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from customers.forms.passwords import ForgottenPasswordForm, SetPasswordForm
from customers.models import User
from customers.selectors.tokens import live_tokens
from customers.services.passwords import set_password_by_link
from notifications.selectors import may_sign_in
from notifications.services.letters import ask_for_link
from softswitch.core.errors import DomainError


@method_decorator(never_cache, name="dispatch")
class ForgottenPasswordView(FormView[ForgottenPasswordForm]):
    """Asks for a login or address; the answer is the same whether anybody has it or not."""

    template_name = "password_forgotten.html"
    form_class = ForgottenPasswordForm

    def form_valid(self, form: ForgottenPasswordForm) -> HttpResponse:
        try:
            ask_for_link(
                identifier=form.cleaned_data["identifier"], ip=self.request.META.get("REMOTE_ADDR")
            )
        except DomainError as error:
            form.add_error(None, error.message)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        return self.render_to_response(self.get_context_data(form=form, is_asked=True))


class SetPasswordView(auth.PasswordResetConfirmView):
    """A new password by a mailed link, once. The token moves from the address to the session.

    A link of a login that is closed, or below somebody who is, reads like one that was used. Who
    has set a password signs in with it, and with the second factor where there is one.
    """

    template_name = "password_set.html"
    form_class = SetPasswordForm  # type: ignore[assignment]
    success_url = reverse_lazy("login")

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if isinstance(user, User) and may_sign_in(user) else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_tokens = self.user is not None and live_tokens().filter(user=self.user).exists()
        return super().get_context_data(has_tokens=has_tokens, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            set_password_by_link(
                user_id=cast(User, self.user).pk,  # only a working link has a form
                token=self.request.session[INTERNAL_RESET_SESSION_TOKEN],
                password=form.cleaned_data["password"],
                ip=self.request.META.get("REMOTE_ADDR"),
            )
        except DomainError as error:
            form.add_domain_error(error)
            return self.form_invalid(form)
        logout(self.request)
        messages.success(self.request, _("The password is set. Sign in with it."))
        return HttpResponseRedirect(str(self.success_url))
