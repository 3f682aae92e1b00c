"""Settling what late calls left on a balance that has ended, and where its statement stands."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms import SettleForm
from billing.models import Balance, LedgerEntry
from billing.selectors.ended import end_of, ended_balances, may_settle
from billing.services.settlement import settle_balance
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.views import EditView


def statement_url(balance: Balance) -> str:
    """The statement that shows ``balance``."""
    if balance.account_id is not None:
        return reverse("billing:account_ledger", args=[balance.account_id])
    if balance.closed_at is not None:
        return reverse("billing:former_ledger", args=[balance.pk])
    return reverse("billing:ledger", args=[balance.customer_id])


def settle_actions(actor: Actor, balance: Balance) -> list[Action]:
    """The way to settle a balance that has ended, for its issuer, while it is not 0."""
    if not balance.amount or not may_settle(actor, balance):
        return []
    url = reverse("billing:settle", args=[balance.pk])
    return [Action(_("Settle"), url, "banknotes", "money.manage", primary=True)]


class SettleView(EditView):
    """What becomes of what is left on a balance that a move closed, or of something archived."""

    permission = "money.manage"
    model = Balance
    form_class = SettleForm
    template_name = "billing/settle.html"
    save_label = gettext_lazy("Settle")
    close_label = ""

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return ended_balances(queryset, self.actor)

    def check_object(self, obj: Balance) -> None:
        if not may_settle(self.actor, obj):
            raise PermissionDenied(_("Who bills it settles it."))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; of a balance that is 0 its statement."""
        self.object = self.get_object()
        if not self.object.amount:
            messages.info(request, _("The balance is 0: nothing is left to settle."))
            return HttpResponseRedirect(self.get_close_url(None))
        return self.render(form=self.get_form())

    def get_form(self) -> SettleForm:
        data = self.request.POST if self.request.method == "POST" else None
        return SettleForm(data, actor=self.actor, amount=self.object.amount)

    def get_title(self) -> str:
        return _("Settle the balance of %(name)s") % {"name": self.get_payer()}

    def get_payer(self) -> str:
        return str(self.object.account or self.object.customer_name)

    def get_crumbs(self) -> list[Link]:
        return [Link(self.get_payer(), statement_url(self.object))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = list(settle_facts(self.object))
        return super().get_context_data(facts=facts, **kwargs)

    def service(self, form: SettleForm) -> LedgerEntry:
        data = form.cleaned_data
        return settle_balance(
            actor=self.actor,
            balance=self.object,
            kind=data["kind"],
            reason=data["reason"],
            key=str(data["idempotency_key"]),
        )

    def get_success_message(self, saved: LedgerEntry) -> str:
        money = money_text(saved.amount, self.object.currency_id)
        return _("Settled by an entry of %(money)s. The balance is 0.") % {"money": money}

    def get_stay_url(self, saved: Any) -> str:
        return statement_url(self.object)

    def get_close_url(self, saved: Any) -> str:
        return statement_url(self.object)


def settle_facts(balance: Balance) -> Iterable[tuple[str, str]]:
    """What is to be settled, since when the balance has ended, and what is posted."""
    code, end = balance.currency_id, end_of(balance)
    yield _("Balance"), money_text(balance.amount, code)
    if end is not None:
        label = _("Moved away") if balance.closed_at is not None else _("Archived")
        yield label, display.datetime_text(end)
    entry = money_text(-balance.amount, code)
    yield _("Posted"), _("%(money)s, and what late calls change until then.") % {"money": entry}


def money_text(amount: Decimal, currency: str) -> str:
    """All decimals of what is settled: late calls leave less than a cent, too."""
    return f"{display.price_text(amount)} {currency}"
