"""Corrections and moves of money from the pages: reversal, write-off, transfer."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import SETTLING, Direction, EntryKind
from billing.forms import ReasonForm, TransferForm, WriteOffForm
from billing.models import Balance, LedgerEntry
from billing.selectors.balances import may_see_balance
from billing.selectors.reversals import legs_of, may_reverse, why_not
from billing.selectors.statements import entries_shown_to
from billing.selectors.transfers import may_transfer, moved_to, transfer_ends
from billing.services.reversals import reverse_entry
from billing.services.transfers import transfer_funds
from billing.services.write_offs import write_off
from billing.views.maintenance import AccountBalanceView, CustomerBalanceView
from billing.views.settle import money_text, statement_url
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.views import EditView


def reverse_actions(actor: Actor, entry: LedgerEntry) -> list[Action]:
    """The way to take an entry back, where it can be."""
    if not may_reverse(actor, entry) or why_not(entry) is not None:
        return []
    url = reverse("billing:entry_reverse", args=[entry.pk])
    return [Action(_("Reverse"), url, "arrow-uturn-left", "money.manage", danger=True)]


def balance_actions(actor: Actor, balance: Balance) -> list[Action]:
    """Further ways to move a balance in use, for who bills it."""
    is_account = balance.account_id is not None
    key = balance.account_id if is_account else balance.customer_id
    actions = []
    if is_account and transfer_ends(actor, balance) is not None:
        url = reverse("billing:transfer", args=[key])
        actions.append(Action(_("Transfer"), url, "arrows-right-left", "money.manage"))
    if balance.amount < 0:
        name = "billing:account_write_off" if is_account else "billing:write_off"
        url = reverse(name, args=[key])
        actions.append(Action(_("Write off"), url, right="money.manage", more=True, danger=True))
    return actions


class ReverseView(EditView):
    """Takes an entry back, by an entry of the opposite amount in the open period."""

    permission = "money.manage"
    model = LedgerEntry
    form_class = ReasonForm
    template_name = "billing/settle.html"
    save_label = gettext_lazy("Reverse entry")
    close_label = ""

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        related = ("balance__customer", "balance__account", "account")
        return entries_shown_to(queryset.select_related(*related), self.actor)

    def check_object(self, obj: LedgerEntry) -> None:
        if not may_reverse(self.actor, obj):
            raise PermissionDenied(_("Who bills it does this."))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; the entry's page says why, where it cannot be taken back."""
        self.object = self.get_object()
        refusal = why_not(self.object)
        if refusal is not None:
            messages.error(request, refusal[1])
            return HttpResponseRedirect(self.get_close_url(None))
        return self.render(form=self.get_form())

    def get_title(self) -> str:
        return _("Reverse entry %(number)s") % {"number": self.object.pk}

    def get_crumbs(self) -> list[Link]:
        name = str(self.object.account or self.object.customer_name)
        return [Link(name, statement_url(self.object.balance))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=list(reversal_facts(self.object)), **kwargs)

    def service(self, form: ReasonForm) -> LedgerEntry:
        data = form.cleaned_data
        return reverse_entry(
            actor=self.actor,
            entry=self.object,
            reason=data["reason"],
            key=str(data["idempotency_key"]),
        )

    def get_success_message(self, saved: LedgerEntry) -> str:
        return posted_text(saved, self.object.balance.currency_id)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:entry_detail", args=[self.object.pk])


def reversal_facts(entry: Any) -> Iterable[tuple[str, str]]:
    """What is taken back, what is posted, and what else follows."""
    code = entry.balance.currency_id
    now, after = entry.balance.amount, entry.balance.amount - entry.amount
    yield _("Entry"), display.listed((EntryKind(entry.kind).label, money_text(entry.amount, code)))
    yield _("Posted then"), display.datetime_text(entry.posted_at)
    yield (
        _("Posted now"),
        display.listed((money_text(-entry.amount, code), _("to the open period"))),
    )
    sums = {
        "now": display.amount_text(now, code),
        "after": display.amount_text(after, code),
        "code": code,
    }
    yield _("Balance"), _("%(now)s %(code)s, then %(after)s %(code)s") % sums
    if entry.kind == EntryKind.VOUCHER:
        yield _("Voucher"), _("It stays used.")
    elif entry.kind in SETTLING and entry.amount > 0:
        yield _("Invoices"), _("Those that it has settled are open again.")
    for leg in legs_of(entry)[1:]:
        yield _("The other side"), f"{leg.balance.account or leg.balance.customer}"


class WriteOffView(CustomerBalanceView):
    """Gives up a debt of a customer, or a part of it."""

    form_class = WriteOffForm
    template_name = "billing/settle.html"
    title = gettext_lazy("Write off")
    save_label = gettext_lazy("Write off")
    close_label = ""

    def get_initial(self) -> dict[str, Any]:
        return {"amount": max(-self.balance.amount, Decimal(0))}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        balance = self.balance
        facts = [
            (_("Balance"), money_text(balance.amount, balance.currency_id)),
            (_("Written off"), _("At most what is owed. It pays the oldest open invoices.")),
        ]
        return super().get_context_data(facts=facts, **kwargs)

    def service(self, form: WriteOffForm) -> LedgerEntry:
        data = form.cleaned_data
        return write_off(
            actor=self.actor,
            balance=self.balance,
            amount=data["amount"],
            reason=data["reason"],
            key=str(data["idempotency_key"]),
        )

    def get_success_message(self, saved: LedgerEntry) -> str:
        return posted_text(saved, self.balance.currency_id)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_ledger_url()

    def get_cancel_url(self) -> str:
        return self.get_ledger_url()


class AccountWriteOffView(AccountBalanceView, WriteOffView):
    """Gives up a debt of an account, or a part of it."""


class TransferView(AccountBalanceView):
    """Moves money between the actor's customer and one of its accounts."""

    form_class = TransferForm
    template_name = "billing/settle.html"
    title = gettext_lazy("Transfer")
    save_label = gettext_lazy("Transfer")
    close_label = ""

    @cached_property
    def ends(self) -> tuple[Balance, Balance]:
        """The balances of the customer and of the account; 404 where money cannot move."""
        found = transfer_ends(self.actor, self.balance)
        if found is None:
            raise Http404
        return found

    def check_object(self, obj: Any) -> None:
        self.object = obj
        if not may_transfer(self.actor, self.balance):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))

    def get_initial(self) -> dict[str, Any]:
        return {"direction": Direction.TO_ACCOUNT}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=list(transfer_facts(self.actor, *self.ends)), **kwargs
        )

    def service(self, form: TransferForm) -> LedgerEntry:
        data = form.cleaned_data
        own, account = self.ends
        goes = data["direction"] == Direction.TO_ACCOUNT
        return transfer_funds(
            actor=self.actor,
            source=own if goes else account,
            target=account if goes else own,
            amount=data["amount"],
            key=str(data["idempotency_key"]),
            notes=data["notes"],
        )

    def check_in_scope(self, obj: Any) -> None:
        """Who may not see the balance of its own customer may still move money out of it."""

    def get_success_message(self, saved: LedgerEntry) -> str:
        return _("Moved: %(money)s.") % {
            "money": money_text(-saved.amount, self.balance.currency_id)
        }

    def get_stay_url(self, saved: Any) -> str:
        return self.get_ledger_url()

    def get_cancel_url(self) -> str:
        return self.get_ledger_url()


def transfer_facts(actor: Actor, own: Balance, account: Balance) -> Iterable[tuple[str, str]]:
    """What can move either way, as far as the actor may see it."""
    code = own.currency_id
    if may_see_balance(actor, own.customer):
        yield (
            _("Available to %(name)s") % {"name": own.customer},
            money_text(max(own.available, Decimal(0)), code),
        )
    yield (
        _("Available to %(name)s") % {"name": account.account},
        money_text(max(account.available, Decimal(0)), code),
    )
    yield _("Of it moved there before, and can go back"), money_text(moved_to(account, own), code)


def posted_text(entry: LedgerEntry, currency: str) -> str:
    """What was posted, and what the balance is by now."""
    return _("Posted: %(money)s. The balance is %(balance)s %(currency)s.") % {
        "money": money_text(entry.amount, currency),
        "balance": display.amount_text(entry.balance_after, currency),
        "currency": currency,
    }
