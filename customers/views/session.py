"""Signing in and out, switching to a customer and back, and the own profile."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import LoginForm, PasswordForm, ProfileForm
from customers.models import Customer
from customers.services.session import edit_own_profile, switch_to
from customers.services.users import change_password
from customers.tenancy import SESSION_STACK
from softswitch.core.views import ActionView, FormView
from softswitch.core.views.access import AccessMixin


class LoginView(auth.LoginView):
    """Name and password; axes throttles guessing, closed customers cannot sign in."""

    template_name = "login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class LogoutView(auth.LogoutView):
    """POST only."""


class SwitchView(ActionView):
    """Switch to this customer: the session's stack grows by one."""

    model = Customer
    permission = "customers.view"

    def service(self, obj: Customer) -> None:
        self.request.session[SESSION_STACK] = list(switch_to(actor=self.actor, customer=obj))

    def get_success_message(self) -> str:
        return _("You act as %(name)s now.") % {"name": self.object}

    def get_return_url(self) -> str:
        return reverse("dashboard")


class SwitchBackView(AccessMixin):
    """One step back up the stack."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        left = self.actor.customer
        request.session[SESSION_STACK] = list(self.actor.stack[1:-1])
        if not self.actor.is_switched:
            return HttpResponseRedirect(reverse("dashboard"))
        messages.success(request, _("You returned from %(name)s.") % {"name": left})
        return HttpResponseRedirect(reverse("customers:customer_detail", args=[left.pk]))


class ProfileView(FormView):
    """How the portal looks and speaks to the real user."""

    form_class = ProfileForm
    title = gettext_lazy("Profile and display")

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.actor.user, name) for name in ProfileForm.base_fields}

    def service(self, form: ProfileForm) -> None:
        edit_own_profile(actor=self.actor, values=form.cleaned_data)

    def get_close_url(self, saved: Any) -> str:
        return reverse("dashboard")


class PasswordView(FormView):
    """The real user's own password; its other sessions end."""

    form_class = PasswordForm
    title = gettext_lazy("Change password")

    def service(self, form: PasswordForm) -> None:
        change_password(
            actor=self.actor, user=self.actor.user, password=form.cleaned_data["password"]
        )
        update_session_auth_hash(self.request, self.actor.user)

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:profile")
