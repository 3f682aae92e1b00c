"""Maintenance: Debit, Credit and Add Funds on the balance of a customer or of an account."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from billing.forms import MaintenanceForm
from billing.models import Balance, LedgerEntry
from billing.selectors.balances import MoneyPanel, display_currency
from billing.selectors.payments import open_amount
from billing.services.maintenance import SIGN, maintain
from billing.views.payers import balance_or_404
from customers.models import Customer
from softswitch.core import display
from softswitch.core.chrome import Link
from softswitch.core.errors import DomainError
from softswitch.core.views import EditView
from tariffs.selectors import Converted, convert


class CustomerBalanceView(EditView):
    """A form about the balance between the actor and one of its direct customers."""

    permission = "money.manage"
    model: ClassVar[type[Model] | None] = Customer

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None)

    def check_object(self, obj: Any) -> None:
        if not obj.is_direct_of(self.actor):
            raise PermissionDenied(_("Its owner does this. Switch to the owner first."))

    @property
    def balance(self) -> Balance:
        return balance_or_404(self.object)

    def get_crumbs(self) -> list[Link]:
        name, url = str(self.object), self.get_close_url(None)
        return [Link(_("Customers"), reverse("customers:customer_list")), Link(name, url)]

    def get_ledger_url(self) -> str:
        return reverse("billing:ledger", args=[self.object.pk])

    def get_redeem_url(self) -> str:
        return reverse("billing:customer_redeem", args=[self.object.pk])

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_detail", args=[self.object.pk])


class AccountBalanceView(CustomerBalanceView):
    """The same about the balance of an account that is charged by itself, by its customer."""

    model: ClassVar[type[Model] | None] = Account

    def check_object(self, obj: Any) -> None:
        if obj.customer_id != self.actor.customer_id:
            raise PermissionDenied

    def get_crumbs(self) -> list[Link]:
        name, url = str(self.object), self.get_close_url(None)
        return [Link(_("Accounts"), reverse("accounts:account_list")), Link(name, url)]

    def get_ledger_url(self) -> str:
        return reverse("billing:account_ledger", args=[self.object.pk])

    def get_redeem_url(self) -> str:
        return reverse("billing:account_redeem", args=[self.object.pk])

    def get_close_url(self, saved: Any) -> str:
        return reverse("accounts:account_detail", args=[self.object.pk])


class MaintenanceView(CustomerBalanceView):
    """Debit, Credit or Add Funds on the balance of a customer."""

    form_class = MaintenanceForm
    template_name = "billing/maintenance.html"
    title = gettext_lazy("Maintenance")
    success_message = gettext_lazy("Posted.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; an HTMX request asks what the entered amount would post."""
        if not request.headers.get("HX-Request"):
            return super().get(request, *args, **kwargs)
        self.object = self.get_object()
        context = {"preview": self.preview(), "currency": self.balance.currency_id}
        return TemplateResponse(request, f"{self.template_name}#preview", context)

    def preview(self) -> Converted | None:
        """What the amount in the query string would post; None while it is no valid amount."""
        data = self.request.GET.copy()
        data["idempotency_key"] = uuid4().hex  # nothing is posted here
        form = MaintenanceForm(data, actor=self.actor)
        if not form.is_valid() or form.cleaned_data["amount"] <= 0:
            return None
        asked = form.cleaned_data
        try:
            return convert(
                SIGN[asked["action"]] * asked["amount"],
                source=asked["currency"].pk,
                target=self.balance.currency_id,
                at=now(),
            )
        except DomainError:
            return None

    def get_initial(self) -> dict[str, Any]:
        """What a link asks for: an action, and of an invoice what is open of it."""
        asked = self.request.GET
        balance = self.balance
        return {
            "currency": balance.currency_id,
            "action": asked.get("action", "add_funds"),
            "amount": open_amount(self.actor, balance, asked.get("invoice", "")),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        panel = MoneyPanel(self.balance, display_currency(self.actor))
        return super().get_context_data(
            panel=panel,
            balance=panel.balance,
            ledger_url=self.get_ledger_url(),
            redeem_url=self.get_redeem_url() if self.actor.can("vouchers.view") else "",
            **kwargs,
        )

    def service(self, form: Any) -> LedgerEntry:
        data = form.cleaned_data
        return maintain(
            actor=self.actor,
            balance=self.balance,
            action=data["action"],
            amount=data["amount"],
            currency=data["currency"].pk,
            key=str(data["idempotency_key"]),
            notes=data["notes"],
        )

    def get_success_message(self, saved: LedgerEntry) -> str:
        code = self.balance.currency_id
        return _("Posted: %(amount)s %(currency)s. The balance is %(balance)s %(currency)s.") % {
            "amount": signed(saved.amount, code),
            "balance": display.amount_text(saved.balance_after, code),
            "currency": code,
        }


class AccountMaintenanceView(AccountBalanceView, MaintenanceView):
    """Debit, Credit or Add Funds on the balance of an account."""


def signed(amount: Decimal, currency: str) -> str:
    """``+15.00`` or ``−15.00``: what an entry did to the balance."""
    text = display.amount_text(amount, currency)
    return f"+{text}" if amount > 0 else text
