"""What an owner does with one customer straight from a list: letters, reset, its password."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import balance_of
from billing.services.alerts import send_low_balance_alert
from billing.services.resets import reset_balance
from customers.forms.bulk import ResetForm
from customers.models import User
from customers.selectors import may_manage_logins
from customers.views.lifecycle import DETAIL, LIST, DirectMixin, customer_crumbs
from notifications.services.letters import send_welcome
from softswitch.core import display
from softswitch.core.chrome import Link
from softswitch.core.views import ActionView, EditView


class LowBalanceView(DirectMixin, ActionView):
    """Mails the customer what is left of its balance; the service says who may."""

    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("The low-balance alert is on its way.")

    def service(self, obj: Any) -> None:
        send_low_balance_alert(actor=self.actor, customer=obj)


class WelcomeView(DirectMixin, ActionView):
    """Mails the customer its login and a set-password link; the service says who may."""

    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("The welcome letter is on its way.")

    def service(self, obj: Any) -> None:
        send_welcome(actor=self.actor, customer=obj)


class ResetView(DirectMixin, EditView):
    """Brings the balance of a direct customer to 0, with a reason."""

    permission = "money.manage"
    form_class = ResetForm
    template_name = "confirm.html"
    list_url_name = LIST
    detail_url_name = DETAIL
    success_message = gettext_lazy("The balance is 0 now.")

    def get_title(self) -> str:
        return _("Reset the balance of %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return customer_crumbs(self.object)

    def get_stay_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[self.object.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=list(self.get_facts()), button_label=_("Reset balance"), **kwargs
        )

    def get_facts(self) -> Iterable[tuple[str, str]]:
        balance = balance_of(self.object)
        if balance is None:
            raise PermissionDenied
        code = balance.currency_id
        amount, entry = (display.amount_text(v, code) for v in (balance.amount, -balance.amount))
        yield _("Balance"), f"{amount} {code}"
        yield _("Posted"), f"{entry} {code}"
        yield _("Stays"), _("The ledger with all its entries, and the credit limit.")

    def service(self, form: Any) -> None:
        data = form.cleaned_data
        reset_balance(
            actor=self.actor,
            customer=self.object,
            reason=data["reason"],
            key=str(data["idempotency_key"]),
        )


class PasswordView(DirectMixin):
    """Leads to the password of the customer's only login, or to its logins where it has more."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        customer = self.get_object()
        if not may_manage_logins(self.actor, customer):
            raise PermissionDenied
        logins = list(customer_logins(customer)[:2])
        if len(logins) == 1:
            url = reverse("customers:user_password", args=[logins[0].pk])
        else:
            url = reverse("customers:customer_users", args=[customer.pk])
        return HttpResponseRedirect(url)


def customer_logins(customer: Any) -> QuerySet[User]:
    """The logins of the customer itself, not those of its accounts."""
    rows: QuerySet[User] = customer.users.filter(account=None)
    return rows
