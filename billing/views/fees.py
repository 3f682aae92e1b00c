"""Fees of a customer or of an account that is charged by itself: list, add, edit, end."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from billing.filters import FeeFilter
from billing.forms import ChangeFeeForm, EndFeeForm, FeeForm
from billing.models import Balance, Fee
from billing.selectors.balances import may_see_balance
from billing.selectors.fees import fee_initial, fees_of, local_day, may_bill
from billing.services.fees import add_fee, change_fee, end_fee
from billing.tables import FeeTable
from billing.views.maintenance import AccountBalanceView, CustomerBalanceView
from billing.views.payers import balance_or_404, payer_crumbs, whose_money
from customers.models import Customer
from softswitch.core.chrome import Action, Link
from softswitch.core.display import date_text
from softswitch.core.forms import ScopedForm
from softswitch.core.views import EditView, ListView
from softswitch.core.views.access import rows_of


def fees_url(balance: Balance) -> str:
    """The list that a fee of ``balance`` stands in."""
    if balance.account_id is not None:
        return reverse("billing:account_fees", args=[balance.account_id])
    return reverse("billing:fees", args=[balance.customer_id])


class CustomerFeeListView(ListView):
    """What a customer pays its owner beside the calls."""

    model = Fee
    parent_model: ClassVar[type[Model]] = Customer  # whose key the URL holds
    title = gettext_lazy("Fees")
    table_class = FeeTable
    filterset_class = FeeFilter
    empty_icon = "banknotes"
    empty_title = gettext_lazy("No fees")
    empty_text = gettext_lazy("A fee is a line of the invoice, once or with every billing period.")

    @cached_property
    def payer(self) -> Any:
        """Who pays: 404 out of scope, 403 without the right to see its money."""
        payer = get_object_or_404(rows_of(self.parent_model, self.actor), pk=self.kwargs["pk"])
        if not may_see_balance(self.actor, whose_money(payer)):
            raise PermissionDenied
        return payer

    @cached_property
    def balance(self) -> Balance:
        return balance_or_404(self.payer)

    def refine(self, queryset: QuerySet[Fee]) -> QuerySet[Any]:
        return fees_of(queryset, self.actor, self.balance)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("balance")

    def get_meta(self) -> str:
        facts = {"currency": self.balance.currency_id, "zone": self.balance.period_timezone}
        return _("In %(currency)s. Days of %(zone)s, both included.") % facts

    def get_crumbs(self) -> list[Link]:
        return payer_crumbs(self.actor, self.payer)

    def get_create_url(self) -> str:
        return reverse("billing:fee_create", args=[self.payer.pk])

    def get_actions(self) -> list[Action]:
        if not may_bill(self.actor, self.balance) or self.payer.archived_at is not None:
            return []
        return [Action(_("Add fee"), self.get_create_url(), "plus", "money.manage", primary=True)]


class AccountFeeListView(CustomerFeeListView):
    """What an account that is charged by itself pays its customer beside the calls."""

    parent_model: ClassVar[type[Model]] = Account

    def get_create_url(self) -> str:
        return reverse("billing:account_fee_create", args=[self.payer.pk])


class FeeCreateView(CustomerBalanceView):
    """A new fee of a direct customer."""

    form_class = FeeForm
    title = gettext_lazy("Add fee")
    success_message = gettext_lazy("Added. The next invoice has it.")
    save_label = gettext_lazy("Save")

    def get_meta(self) -> str:
        return currency_meta(self.balance)

    def get_initial(self) -> dict[str, Any]:
        fresh = Fee()
        today = local_day(self.balance)
        return {"kind": fresh.kind, "quantity": 1, "starts_on": today} | {
            name: getattr(fresh, name) for name in ("is_prorated", "is_taxed")
        }

    def service(self, form: FeeForm) -> Fee:
        data = dict(form.cleaned_data)
        key = data.pop("idempotency_key")
        return add_fee(actor=self.actor, balance=self.balance, key=key, **data)

    def get_stay_url(self, saved: Any) -> str:
        return reverse("billing:fee_edit", args=[saved.pk])

    def get_close_url(self, saved: Any) -> str:
        return fees_url(self.balance)

    def get_crumbs(self) -> list[Link]:
        return [*payer_crumbs(self.actor, self.object), Link(_("Fees"), fees_url(self.balance))]


class AccountFeeCreateView(AccountBalanceView, FeeCreateView):
    """A new fee of an own account."""

    def get_stay_url(self, saved: Any) -> str:
        return FeeCreateView.get_stay_url(self, saved)

    def get_close_url(self, saved: Any) -> str:
        return FeeCreateView.get_close_url(self, saved)

    def get_crumbs(self) -> list[Link]:
        return FeeCreateView.get_crumbs(self)


class FeeEditView(EditView):
    """Another price, quantity or time, by who bills it."""

    permission = "money.manage"
    model = Fee
    form_class: ClassVar[type[ScopedForm]] = ChangeFeeForm
    edit_url_name = "billing:fee_edit"
    success_message = gettext_lazy("Saved. Issued invoices stay as they are.")

    def refine(self, queryset: QuerySet[Fee]) -> QuerySet[Fee]:
        rows = queryset.filter(balance__closed_at=None)  # who has left is billed none
        return rows.select_related("balance__customer", "balance__account")

    def check_object(self, obj: Fee) -> None:
        if not may_bill(self.actor, obj.balance):
            raise PermissionDenied(_("Who bills it changes it."))

    def get_title(self) -> str:
        return str(self.object)

    def get_meta(self) -> str:
        return currency_meta(self.object.balance)

    def get_crumbs(self) -> list[Link]:
        balance: Balance = self.object.balance
        payer = balance.account or balance.customer
        return [*payer_crumbs(self.actor, payer), Link(_("Fees"), fees_url(balance))]

    def get_initial(self) -> dict[str, Any]:
        return fee_initial(self.object)

    def service(self, form: Any) -> Fee:
        return change_fee(actor=self.actor, fee=self.object, values=form.cleaned_data)

    def get_close_url(self, saved: Any) -> str:
        return fees_url(self.object.balance)


class FeeEndView(FeeEditView):
    """The last day of a fee; the invoice of its period bills it for the last time."""

    form_class: ClassVar[type[ScopedForm]] = EndFeeForm
    save_label = gettext_lazy("End")
    close_label = ""

    def get_title(self) -> str:
        return _("End %(name)s") % {"name": self.object}

    def get_initial(self) -> dict[str, Any]:
        fee: Fee = self.object
        today: date = max(local_day(fee.balance), fee.starts_on)
        return {"ends_on": fee.ends_on or today}

    def service(self, form: EndFeeForm) -> Fee:
        return end_fee(actor=self.actor, fee=self.object, **form.cleaned_data)

    def get_success_message(self, saved: Fee) -> str:
        day = date_text(saved.ends_on) if saved.ends_on else ""
        return _("It ends on %(day)s.") % {"day": day}

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)


def currency_meta(balance: Balance) -> str:
    """What the amounts and days of the form are in."""
    facts = {"currency": balance.currency_id, "zone": balance.period_timezone}
    return _("Prices in %(currency)s, days of %(zone)s.") % facts
