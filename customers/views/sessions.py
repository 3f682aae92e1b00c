"""Where users are signed in, and their tries to sign in: one's own, and of logins one manages."""

from typing import Any

from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import LogOutForm
from customers.models import SignIn, User, UserSession
from customers.selectors.sign_in import may_end_sessions, session_count
from customers.selectors.tokens import live_tokens
from customers.services.sessions import end_all_sessions, end_session
from customers.tables import SessionTable, SignInTable
from customers.views.profile import OwnSecurityMixin
from customers.views.users import UserHead
from softswitch.core.chrome import Action
from softswitch.core.views import ActionView, EditView, ListView


class OwnRowsMixin(OwnSecurityMixin):
    """Rows of the real user."""

    @property
    def person(self) -> User:
        user: User = self.actor.user
        return user


class RowsOfPerson(ListView):
    """Rows of a login whose sessions the actor may see and end."""

    exports = ()

    @property
    def person(self) -> User:
        """Whose rows they are; a mixin says."""
        raise NotImplementedError

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not may_end_sessions(self.actor, self.person):
            raise PermissionDenied
        return queryset.filter(user=self.person)


class SessionList(RowsOfPerson):
    """The sessions of ``person``."""

    model = UserSession
    table_class = SessionTable
    empty_icon = "computer-desktop"
    empty_title = gettext_lazy("Signed in nowhere")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        here = Q(session_key=self.request.session.session_key)
        is_current = ExpressionWrapper(here, output_field=BooleanField())
        rows: QuerySet[Any] = super().refine(queryset).annotate(is_current=is_current)
        return rows

    def get_actions(self) -> list[Action]:
        url = reverse("customers:user_log_out", args=[self.person.pk])
        return [Action(_("Log out everywhere"), url, "computer-desktop")]


class SignInList(RowsOfPerson):
    """The tries to sign in with the login of ``person``."""

    model = SignIn
    table_class = SignInTable
    empty_icon = "key"
    empty_title = gettext_lazy("No sign-ins yet")


class OwnSessionsView(OwnRowsMixin, SessionList):
    """Where the real user is signed in."""

    tab = "sessions"


class OwnSignInsView(OwnRowsMixin, SignInList):
    """The real user's own tries."""

    tab = "sign_ins"


class UserSessionsView(UserHead, SessionList):
    """Where another user is signed in."""

    tab = "sessions"


class UserSignInsView(UserHead, SignInList):
    """The tries of another user."""

    tab = "sign_ins"


class SessionEndView(ActionView):
    """Sign a user out of one session; of this one, its user signs out."""

    model = UserSession
    success_message = gettext_lazy("Signed out of that session.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("user__customer")

    def service(self, obj: UserSession) -> None:
        end_session(actor=self.actor, session=obj)
        if obj.session_key == self.request.session.session_key:
            logout(self.request)

    def get_return_url(self) -> str:
        return sessions_url(self.request, self.object.user)


class UserLogOutView(EditView):
    """Sign a user out everywhere, and revoke its API tokens; oneself too, this session included."""

    model = User
    form_class = LogOutForm
    template_name = "confirm.html"
    success_message = gettext_lazy("Signed out everywhere.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("customer")

    def check_object(self, obj: User) -> None:
        if not may_end_sessions(self.actor, obj):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Log out %(login)s everywhere?") % {"login": self.object.login}

    def get_form(self) -> LogOutForm:
        data = self.request.POST if self.request.method == "POST" else None
        has_tokens = live_tokens().filter(user=self.object).exists()
        return LogOutForm(data, actor=self.actor, has_tokens=has_tokens)

    def service(self, form: LogOutForm) -> None:
        user: User = self.object
        end_all_sessions(
            actor=self.actor,
            user=user,
            revokes_tokens=form.cleaned_data.get("revokes_tokens", False),
        )
        if user.pk == self.actor.user.pk:
            logout(self.request)

    def get_stay_url(self, saved: None) -> str:
        return sessions_url(self.request, self.object)

    def get_cancel_url(self) -> str:
        return sessions_url(self.request, self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = session_count(self.object)
        return super().get_context_data(
            facts=[(_("Ends at once"), _("Sessions: %(count)s") % {"count": sessions})],
            button_label=_("Log out %(login)s everywhere") % {"login": self.object.login},
            **kwargs,
        )


def sessions_url(request: Any, user: User) -> str:
    """The list one returns to; who is signed out goes to the login page from there."""
    if not request.user.is_authenticated:
        return reverse("login")
    if request.user.pk == user.pk:
        return reverse("customers:own_sessions")
    return reverse("customers:user_sessions", args=[user.pk])
