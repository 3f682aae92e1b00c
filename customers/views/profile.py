"""The own login: profile and display, password, and the second factor."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import PasswordForm, ProfileForm, RenewForm, SetUpForm, TurnOffForm
from customers.selectors.second_factor import set_up_of
from customers.selectors.sign_in import recovery_codes_left, second_factor_of
from customers.services.second_factor import new_key, renew_codes, turn_off, turn_on
from customers.services.session import edit_own_profile
from customers.services.sessions import move_session
from customers.services.users import change_password
from customers.views.session import rotate
from softswitch.core.chrome import Action, Tab
from softswitch.core.views import FormView, PageView
from softswitch.core.views.access import PageMixin

KEY = "second_factor_key"  # of the session: the key that is offered until a code proves it


class ProfileHead(PageMixin):
    """Head and tabs of the pages about the own login; ``tab`` names the page."""

    title = gettext_lazy("Profile")
    tab: ClassVar[str] = "profile"

    def get_tabs(self) -> list[Tab]:
        tabs = [("profile", _("Profile and display"), "customers:profile")]
        if not self.actor.is_switched:
            tabs += [
                ("password", _("Password"), "customers:password"),
                ("factor", _("Two-step sign-in"), "customers:second_factor"),
                ("sessions", _("Sessions"), "customers:own_sessions"),
                ("sign_ins", _("Sign-ins"), "customers:own_sign_ins"),
            ]
            if self.actor.can("api.access") and self.actor.account_id is None:
                tabs.append(("tokens", _("API tokens"), "customers:token_list"))
        return [Tab(label, reverse(name), key == self.tab) for key, label, name in tabs]


class OwnSecurityMixin(ProfileHead):
    """Pages about passwords, second factors and sessions, which nobody sees while switched."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and self.actor.is_switched:
            raise PermissionDenied(_("Return to your own customer first."))
        return super().dispatch(request, *args, **kwargs)


class ProfileView(ProfileHead, FormView):
    """How the portal looks and speaks to the real user."""

    form_class = ProfileForm

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.actor.user, name) for name in ProfileForm.Meta.fields}

    def service(self, form: ProfileForm) -> None:
        edit_own_profile(actor=self.actor, values=form.cleaned_data)

    def get_close_url(self, saved: Any) -> str:
        return reverse("dashboard")


class PasswordView(OwnSecurityMixin, FormView):
    """The real user's own password; its other sessions end."""

    tab = "password"
    form_class = PasswordForm
    success_message = gettext_lazy("The password is changed. Your other sessions have ended.")
    close_label = ""

    def service(self, form: PasswordForm) -> None:
        old = self.request.session.session_key or ""
        change_password(
            actor=self.actor,
            user=self.actor.user,
            password=form.cleaned_data["password"],
            keep_session=old,
        )
        update_session_auth_hash(self.request, self.actor.user)
        move_session(old_key=old, new_key=self.request.session.session_key or "")

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:profile")


class SecondFactorView(OwnSecurityMixin, PageView):
    """Whether signing in asks for a code, and what can be done about it."""

    tab = "factor"
    template_name = "customers/second_factor.html"

    @cached_property
    def device(self) -> Any:
        return second_factor_of(self.actor.user)

    def get_actions(self) -> list[Action]:
        if self.device is None:
            set_up = reverse("customers:second_factor_set_up")
            return [Action(_("Set up"), set_up, "shield-check", primary=True)]
        return [
            Action(_("New recovery codes"), reverse("customers:second_factor_codes"), "arrow-path"),
            Action(
                _("Turn off"),
                reverse("customers:second_factor_off"),
                "shield-exclamation",
                danger=True,
            ),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        left = recovery_codes_left(self.actor.user) if self.device else 0
        return super().get_context_data(device=self.device, codes_left=left, **kwargs)


class FactorFormView(OwnSecurityMixin, FormView):
    """A form whose code django-otp counts, also where all else is taken back.

    A service that returns recovery codes has them shown, this once.
    """

    tab = "factor"
    is_atomic = False
    close_label = ""

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:second_factor")

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.codes: list[str] = []
        answer = super().post(request, *args, **kwargs)
        if not self.codes:
            return answer
        context = PageMixin.get_context_data(self, codes=self.codes)
        return TemplateResponse(request, "customers/recovery_codes.html", context)


class SetUpView(FactorFormView):
    """The key as a picture and as text, and the first code, which proves that it was read."""

    form_class = SetUpForm
    template_name = "customers/second_factor_set_up.html"
    save_label = gettext_lazy("Turn on")
    success_message = gettext_lazy("Two-step sign-in is on.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = self.request.session.setdefault(KEY, new_key())
        return super().get_context_data(set_up=set_up_of(self.actor.user, key), **kwargs)

    def service(self, form: SetUpForm) -> None:
        key = self.request.session.get(KEY, "")
        self.codes = turn_on(actor=self.actor, key=key, code=form.cleaned_data["code"])
        del self.request.session[KEY]
        rotate(self.request)


class RenewCodesView(FactorFormView):
    """Ten new recovery codes; the old ones end."""

    form_class = RenewForm
    save_label = gettext_lazy("Make new recovery codes")
    success_message = gettext_lazy("The old recovery codes have ended.")

    def service(self, form: RenewForm) -> None:
        self.codes = renew_codes(actor=self.actor, code=form.cleaned_data["code"])


class TurnOffView(FactorFormView):
    """Give up the second factor."""

    form_class = TurnOffForm
    save_label = gettext_lazy("Turn off")
    success_message = gettext_lazy("Two-step sign-in is off.")

    def service(self, form: TurnOffForm) -> None:
        turn_off(actor=self.actor, code=form.cleaned_data["code"])
        rotate(self.request)
