"""The list of payments of both sides, and a payment that came in by another way."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import MaintenanceAction
from billing.filters import PaymentFilter
from billing.forms import ReceivedForm
from billing.models import LedgerEntry
from billing.selectors.balances import balance_of, display_code
from billing.selectors.payments import payment_sums, payments_with
from billing.selectors.statements import entries_shown_to
from billing.services.maintenance import maintain
from billing.tables import PaymentTable
from billing.views.corrections import posted_text
from billing.views.online import pay_actions
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.errors import DomainError
from softswitch.core.paging import capped_count
from softswitch.core.views import CreateView, ListView


class PaymentListView(ListView):
    """What the payers of the actor's customer have paid, and what it has paid itself."""

    permission = "balance.view"
    model = LedgerEntry
    title = gettext_lazy("Payments")
    table_class = PaymentTable
    filterset_class = PaymentFilter
    empty_icon = "banknotes"
    empty_title = gettext_lazy("No payments yet")
    empty_text = gettext_lazy("Payments received, vouchers, transfers and opening balances.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return payments_with(queryset, self.actor)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return entries_shown_to(rows.select_related("account", "balance"), self.actor)

    def get_actions(self) -> list[Action]:
        actions = pay_actions(self.actor)
        if self.actor.account_id is None:
            url = reverse("billing:payment_create")
            actions.append(Action(_("Record a payment"), url, "plus", "money.manage", primary=True))
        return actions

    def get_meta(self) -> str:
        """What the payments found add up to, by side and currency; not of more than are counted."""
        if capped_count(self.found)[1]:
            return _("Narrow the search to see what the payments found add up to.")
        by_side: dict[str, list[str]] = {}
        for side, code, total in payment_sums(self.found, self.actor):
            text = f"{display.amount_text(total, code)} {code}"
            by_side.setdefault(str(side.label), []).append(text)
        parts = [f"{side}: {display.listed(sums)}" for side, sums in by_side.items()]
        return (
            _("Sum of what is found. %(sums)s") % {"sums": display.listed(parts, is_long=True)}
            if parts
            else ""
        )


class PaymentCreateView(CreateView):
    """A payment of a direct customer, which came in by bank or in cash."""

    permission = "money.manage"
    is_for_accounts = False
    model = LedgerEntry
    title = gettext_lazy("Record a payment")
    form_class = ReceivedForm
    success_message = gettext_lazy("Posted.")

    def get_initial(self) -> dict[str, Any]:
        return {"currency": display_code(self.actor), "customer": self.request.GET.get("customer")}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Payments"), self.get_close_url(None))]

    def service(self, form: Any) -> LedgerEntry:
        data = form.cleaned_data
        balance = balance_of(data["customer"])
        if balance is None:
            raise DomainError("customer", _("This customer has no balance."), field="customer")
        return maintain(
            actor=self.actor,
            balance=balance,
            action=MaintenanceAction.ADD_FUNDS,
            amount=data["amount"],
            currency=data["currency"].pk,
            key=str(data["idempotency_key"]),
            notes=data["notes"],
        )

    def get_success_message(self, saved: LedgerEntry) -> str:
        return f"{saved.customer}: {posted_text(saved, saved.balance.currency_id)}"

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:payment_list")
