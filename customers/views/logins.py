"""The web logins of one customer, and the rights delegated to it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import NewLoginForm, NewPasswordForm, RightsForm
from customers.models import Customer, User
from customers.permissions import RIGHTS, allowed
from customers.selectors import effective_rights, may_manage_logins, may_see_logins
from customers.services.permissions import delegated_rights, set_rights
from customers.services.users import add_login, change_password
from customers.tables import UserTable
from customers.views.customers import DirectMixin
from customers.views.detail import CustomerHead
from softswitch.core.chrome import Action, Link
from softswitch.core.views import CreateView, EditView, ListView

VERBS = ("add", "edit", "delete")


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

    def get_actions(self) -> list[Action]:
        if not may_manage_logins(self.actor, self.customer):
            return []
        url = reverse("customers:customer_user_add", args=[self.customer.pk])
        return [Action(_("Add login"), url, "plus", primary=True)]


class UserCreateView(CustomerHead, CreateView):
    """One more login of a customer."""

    model = User
    tab = "users"
    form_class = NewLoginForm
    success_message = gettext_lazy("The login is ready.")
    save_label = gettext_lazy("Add login")
    close_label = ""

    def get_form(self) -> Any:
        if not may_manage_logins(self.actor, self.customer):
            raise PermissionDenied
        return super().get_form()

    def service(self, form: Any) -> User:
        return add_login(actor=self.actor, customer=self.customer, **form.cleaned_data)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_users", args=[self.customer.pk])


class UserPasswordView(EditView):
    """A new password for another login of the own customer, or of a direct one.

    The own password is changed in the profile, which asks for the present one.
    """

    model = User
    form_class = NewPasswordForm
    success_message = gettext_lazy("The password is changed. Its other sessions end.")
    close_label = ""

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        others = queryset.filter(account=None).exclude(pk=self.actor.user.pk)
        return others.select_related("customer")

    def check_object(self, obj: User) -> None:
        if not may_manage_logins(self.actor, obj.customer):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Change the password of %(login)s") % {"login": self.object.login}

    def get_crumbs(self) -> list[Link]:
        return [Link(self.object.customer.name, self.get_close_url(self.object))]

    def service(self, form: Any) -> None:
        change_password(actor=self.actor, user=self.object, password=form.cleaned_data["password"])

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_users", args=[self.object.customer_id])


class RightsView(CustomerHead, DirectMixin, EditView):
    """What a direct customer may do in its own portal, and pass on to those below it."""

    permission = "customers.edit"
    tab = "rights"
    form_class = RightsForm
    template_name = "customers/customer_rights.html"
    success_message = gettext_lazy("Saved. It counts at once, in the whole subtree.")

    def get_initial(self) -> dict[str, Any]:
        return {"rights": sorted(delegated_rights(self.object))}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = kwargs["form"]["rights"].value() or []
        boxes = right_boxes(self.actor.customer, self.object, frozenset(shown))
        return super().get_context_data(
            areas=[row for row in matrix(boxes) if any(row["boxes"])],
            verbs=[_("Add"), _("Edit"), _("Delete")],
            switches=[box for code, box in boxes.items() if code.split(".")[1] not in VERBS],
            **kwargs,
        )

    def service(self, form: Any) -> None:
        held = delegated_rights(self.object) - effective_rights(self.actor.customer)
        set_rights(
            actor=self.actor,
            customer=self.object,
            rights=held | frozenset(form.cleaned_data["rights"]),
        )

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_detail", args=[self.object.pk])


def right_boxes(
    grantor: Customer, customer: Customer, ticked: frozenset[str]
) -> dict[str, dict[str, Any]]:
    """A box for each right that the customer's kind allows; disabled where the grantor lacks it."""
    own, possible = effective_rights(grantor), allowed(customer.kind)
    return {
        right.code: {
            "code": right.code,
            "label": right.label,
            "is_held": right.code in ticked,
            "is_grantable": right.code in own,
            "is_system": right.system,
        }
        for right in RIGHTS
        if right.delegated and right.code in possible
    }


def matrix(boxes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per kind of record: its label and its boxes for add, edit, delete."""
    areas = {code.split(".")[0]: box["label"] for code, box in boxes.items() if is_edit(code)}
    return [
        {"label": label, "boxes": [boxes.get(f"{area}.{verb}") for verb in VERBS]}
        for area, label in areas.items()
    ]


def is_edit(code: str) -> bool:
    """Whether a right is one of add, edit and delete."""
    return code.split(".")[1] in VERBS
