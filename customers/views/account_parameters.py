"""How the acting customer invoices its accounts: all of them, or one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors import live_accounts
from billing.selectors.account_parameters import above, may_set, row_of
from billing.selectors.balances import account_balance
from billing.services.account_parameters import set_account_parameters
from customers.forms.parameters import InvoiceForm, initial_of
from customers.models import User
from customers.views.edit import saved_text
from softswitch.core.chrome import Link, Text
from softswitch.core.forms import ScopedFormMixin
from softswitch.core.views import EditView, FormView
from softswitch.core.views.edit import FormMixin


class ParametersView(FormMixin):
    """The parameters of invoices, each with what counts where it stays empty."""

    permission = "money.manage"
    is_for_accounts = False
    success_message = gettext_lazy("Saved. The next invoice goes by it.")

    def get_row(self) -> Any:
        """What is set, stored or not (billing.models.AccountParameters)."""
        raise NotImplementedError

    def get_form(self) -> ScopedFormMixin:
        row = self.get_row()
        data = self.request.POST if self.request.method == "POST" else None
        return InvoiceForm(
            actor=self.actor, data=data, inherited=above(row), initial=initial_of(row)
        )

    def service(self, form: InvoiceForm) -> None:
        row = self.get_row()
        set_account_parameters(
            actor=self.actor,
            customer=row.customer,
            account=row.account,
            values=form.parameter_values(),
        )


class AllAccountsView(ParametersView, FormView):
    """What counts for all accounts that the acting customer charges by themselves."""

    title = gettext_lazy("Invoices of accounts")
    close_label = ""

    def get_row(self) -> Any:
        return row_of(self.actor.customer, None)

    def get_meta(self) -> str:
        return _("For accounts that are charged by themselves. What stays empty has the default.")

    def get_cancel_url(self) -> str:
        return reverse("accounts:account_list")


class AccountParametersView(ParametersView, EditView):
    """What counts for one account alone."""

    model = User._meta.get_field("account").related_model  # accounts are above this app
    list_url_name = "accounts:account_list"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return live_accounts(queryset, now())

    def check_object(self, obj: Any) -> None:
        if not may_set(self.actor, obj.customer):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))

    def get_row(self) -> Any:
        return row_of(self.object.customer, self.object)

    def get_title(self) -> str:
        return _("Invoices of %(name)s") % {"name": self.object}

    def get_meta(self) -> str:
        return _("What stays empty is as for all accounts.")

    def get_success_message(self, saved: Any) -> Text:
        return saved_text(account_balance(self.object)) or self.success_message

    def get_crumbs(self) -> list[Link]:
        detail = reverse("accounts:account_detail", args=[self.object.pk])
        return [
            Link(_("Accounts"), reverse("accounts:account_list")),
            Link(str(self.object), detail),
        ]

    def get_close_url(self, saved: Any) -> str:
        return reverse("accounts:account_detail", args=[self.object.pk])
