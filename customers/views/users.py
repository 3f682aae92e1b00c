"""The web logins of a customer and of its accounts: list, invite, edit, block, reset."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import Role
from customers.forms import (
    EditAccountLoginForm,
    EditLoginForm,
    NewLoginForm,
    NewPasswordForm,
)
from customers.models import User
from customers.selectors import may_manage_logins, may_see_logins
from customers.selectors.sign_in import may_end_sessions, second_factor_of, with_second_factor
from customers.services.second_factor import reset_second_factor
from customers.services.users import add_login, change_password, edit_user, set_blocked
from customers.tables import UserTable
from customers.tables.users import (
    SeenUserTable,
    is_self,
    login_state,
    may_block,
    may_send_link,
    may_set_password,
)
from customers.views.detail import CustomerHead
from notifications.services.invitations import invite_user
from notifications.services.letters import send_set_password
from softswitch.core import display
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.tables import Table
from softswitch.core.views import (
    ActionView,
    ConfirmView,
    CreateView,
    DetailView,
    EditView,
    ListView,
    ScopedMixin,
)
from softswitch.core.views.access import PageMixin, rows_of

DETAIL = "customers:user_detail"


class UserListView(CustomerHead, ListView):
    """Who can log in for a customer; logins of its accounts stand with the accounts."""

    model = User
    tab = "users"
    table_class = UserTable
    empty_icon = "user"
    empty_title = gettext_lazy("No logins yet")
    exports = ()

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not may_see_logins(self.actor, self.customer):
            raise PermissionDenied
        mine = queryset.filter(customer=self.customer, account=None)
        return mine.select_related("customer")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_second_factor(rows)

    def get_table_class(self) -> type[Table]:
        return SeenUserTable if self.actor.is_switched else UserTable

    def get_actions(self) -> list[Action]:
        if not may_manage_logins(self.actor, self.customer):
            return []
        url = reverse("customers:customer_user_add", args=[self.customer.pk])
        return [Action(_("Add login"), url, "plus", primary=True)]


class UserCreateView(CustomerHead, CreateView):
    """One more login of a customer: invited by mail, or with a password typed here."""

    model = User
    tab = "users"
    form_class = NewLoginForm
    save_label = gettext_lazy("Add login")
    close_label = ""

    def get_form(self) -> Any:
        if not may_manage_logins(self.actor, self.customer):
            raise PermissionDenied
        return super().get_form()

    def get_initial(self) -> dict[str, Any]:
        return {"role": Role.READ_ONLY}

    def service(self, form: Any) -> User:
        values = dict(form.cleaned_data)
        if values["password"]:
            return add_login(actor=self.actor, customer=self.customer, **values)
        del values["password"]
        return invite_user(actor=self.actor, customer=self.customer, **values)

    def get_success_message(self, saved: User) -> str:
        if saved.has_usable_password():
            return _("The login is ready.")
        return _("The login is ready. A set-password link goes to %(email)s.") % {
            "email": saved.email
        }

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_users", args=[self.customer.pk])


class UserHead(PageMixin):
    """Head and tabs of every page about one login; ``tab`` names the page."""

    tab: ClassVar[str] = "overview"
    parent_model: ClassVar[type[Model]] = User

    @cached_property
    def person(self) -> User:
        """The login of the URL: 404 if it is out of scope, 403 if its customer shows none."""
        rows = rows_of(User, self.actor).select_related("customer", "account")
        found: User = get_object_or_404(rows, pk=self.kwargs["pk"])
        if not may_see_logins(self.actor, found.customer):
            raise PermissionDenied
        return found

    def get_title(self) -> str:
        return self.person.login

    def get_status(self) -> Any:
        return login_state(self.person)

    def get_meta(self) -> str:
        if self.person.account is not None:
            return _("Login of the account %(account)s") % {"account": self.person.account}
        return str(self.person.get_role_display())

    def get_crumbs(self) -> list[Link]:
        customer = self.person.customer
        users = reverse("customers:customer_users", args=[customer.pk])
        return [
            Link(customer.name, reverse("customers:customer_detail", args=[customer.pk])),
            Link(_("Users"), users),
        ]

    def get_tabs(self) -> list[Tab]:
        tabs = [("overview", _("Overview"), DETAIL)]
        if may_end_sessions(self.actor, self.person):
            tabs += [
                ("sessions", _("Sessions"), "customers:user_sessions"),
                ("sign_ins", _("Sign-ins"), "customers:user_sign_ins"),
            ]
        args = [self.person.pk]
        return [Tab(label, reverse(name, args=args), key == self.tab) for key, label, name in tabs]


class ManagedUserMixin(UserHead, ScopedMixin):
    """Pages that change a login: only its customer and its owner, and nobody while switched."""

    model = User

    def get_object(self) -> User:
        if not may_manage_logins(self.actor, self.person.customer):
            raise PermissionDenied
        return self.person

    def get_return_url(self) -> str:
        return reverse(DETAIL, args=[self.person.pk])

    def get_stay_url(self, saved: Any) -> str:
        return self.get_return_url()

    def get_close_url(self, saved: Any) -> str:
        return self.get_return_url()


class UserDetailView(UserHead, DetailView):
    """What is known of one login, and what can be done about it."""

    model = User
    template_name = "customers/user_detail.html"

    def get_object(self) -> User:
        return self.person

    @cached_property
    def has_second_factor(self) -> bool:
        return second_factor_of(self.person) is not None

    def get_actions(self) -> list[Action]:
        person, actor = self.person, self.actor
        if not may_manage_logins(actor, person.customer):
            return []
        return user_actions(person, actor, has_second_factor=self.has_second_factor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=self.facts(), **kwargs)

    def facts(self) -> list[tuple[str, Any]]:
        """Label and value pairs; second factors are not shown while switched."""
        person = self.person
        seen = person.last_login
        facts: list[tuple[str, Any]] = [
            (_("Name"), person.name),
            (_("E-mail"), person.email),
            (_("Language"), dict(settings.LANGUAGES).get(person.language) or _("As the company")),
            (_("Time zone"), person.timezone or _("As the company")),
            (_("Last sign-in"), display.datetime_text(seen) if seen else None),
            (_("Allowed addresses"), ", ".join(person.allowed_networks) or _("All")),
        ]
        if not self.actor.is_switched:
            facts.append((_("Two-step sign-in"), _("On") if self.has_second_factor else _("Off")))
        return facts


def user_actions(person: User, actor: Any, *, has_second_factor: bool) -> list[Action]:
    """The buttons of a login's page for whoever manages it."""

    def item(label: str, name: str, icon: str, **options: Any) -> Action:
        return Action(label, reverse(f"customers:{name}", args=[person.pk]), icon, **options)

    edit = item(_("Edit"), "user_edit", "pencil-square", primary=True)
    items = [edit]
    if may_send_link(person, actor):
        label = _("Mail a set-password link")
        items.append(item(label, "user_send_link", "envelope", post=True, more=True))
    if may_set_password(person, actor):
        items.append(item(_("Change password"), "user_password", "key", more=True))
    items.append(item(_("Log out everywhere"), "user_log_out", "computer-desktop", more=True))
    if has_second_factor and not is_self(person, actor):
        label = _("Reset two-step sign-in")
        items.append(item(label, "user_second_factor", "shield-exclamation", more=True))
    if not person.is_active:
        items.append(item(_("Unblock"), "user_unblock", "play", post=True, more=True))
    if may_block(person, actor):
        items.append(item(_("Block"), "user_block", "no-symbol", post=True, danger=True, more=True))
    return items


class UserEditView(ManagedUserMixin, EditView):
    """Name, address, role, language, zone, and from where the user may come."""

    form_class = EditLoginForm

    def get_form(self) -> Any:
        if self.person.account_id is None:
            return super().get_form()
        data = self.request.POST if self.request.method == "POST" else None
        return EditAccountLoginForm(data, actor=self.actor, initial=self.get_initial())

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.person, name) for name in EditLoginForm.base_fields}

    def service(self, form: Any) -> None:
        edit_user(actor=self.actor, user=self.person, values=form.cleaned_data)


class UserPasswordView(ManagedUserMixin, EditView):
    """A new password for another login; the own one is changed in the profile."""

    form_class = NewPasswordForm
    success_message = gettext_lazy("The password is changed. Its sessions have ended.")
    close_label = ""

    def get_object(self) -> User:
        if is_self(self.person, self.actor):
            raise Http404
        return super().get_object()

    def get_form(self) -> Any:
        data = self.request.POST if self.request.method == "POST" else None
        return NewPasswordForm(data, actor=self.actor, has_api=self.person.account_id is None)

    def service(self, form: Any) -> None:
        change_password(actor=self.actor, user=self.person, password=form.cleaned_data["password"])


class UserLinkView(ManagedUserMixin, ActionView):
    """Mail a set-password link."""

    def service(self, obj: User) -> None:
        send_set_password(actor=self.actor, user=obj)

    def get_success_message(self) -> str:
        return _("A set-password link goes to %(email)s.") % {"email": self.person.email}


class UserBlockView(ManagedUserMixin, ActionView):
    """Block a login; its sessions end at once."""

    success_message = gettext_lazy("The login is blocked, and its sessions have ended.")

    def service(self, obj: User) -> None:
        set_blocked(actor=self.actor, user=obj, is_blocked=True)


class UserUnblockView(ManagedUserMixin, ActionView):
    """Let a blocked login sign in again."""

    success_message = gettext_lazy("The login can sign in again.")

    def service(self, obj: User) -> None:
        set_blocked(actor=self.actor, user=obj, is_blocked=False)


class SecondFactorResetView(ManagedUserMixin, ConfirmView):
    """Take the second factor off a login whose user has lost it."""

    success_message = gettext_lazy("Two-step sign-in is off for this login.")

    def get_button_label(self) -> str:
        return _("Reset two-step sign-in of %(login)s") % {"login": self.person.login}

    def get_warning(self) -> str:
        return _("From then on the password alone signs in. Make sure who asks for it.")

    def service(self, obj: User) -> None:
        reset_second_factor(actor=self.actor, user=obj)
