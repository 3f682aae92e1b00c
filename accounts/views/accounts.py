"""Accounts: lists, new accounts, edit, status, and the end of one."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import ResourceStatus
from accounts.filters import AccountFilter, AccountsOfFilter
from accounts.forms import AccountForm, ArchiveAccountForm, NewAccountForm
from accounts.models import Account
from accounts.selectors import account_for_edit, live_accounts
from accounts.selectors.charging import may_manage_charging
from accounts.selectors.records import with_account_money
from accounts.services.accounts import edit_account, set_status
from accounts.tables import AccountTable, PlainAccountTable, is_near
from billing.selectors.balances import account_balance, may_see_balances
from billing.selectors.final_invoices import final_invoice_of
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.customers import Login
from customers.models import Customer
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Link
from softswitch.core.money import ZERO
from softswitch.core.views import ActionView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin, rows_of

LIST = "accounts:account_list"
DETAIL = "accounts:account_detail"


def activate(*, actor: Any, record: Account) -> None:
    """Let an account call again."""
    set_status(actor=actor, account=record, status=ResourceStatus.ACTIVE)


def deactivate(*, actor: Any, record: Account) -> None:
    """Stop the calls of an account; its logins go on working."""
    set_status(actor=actor, account=record, status=ResourceStatus.INACTIVE)


def delete(*, actor: Any, record: Account) -> None:
    """Archive an account without a balance; one with a balance is settled on its own page."""
    close_account(actor=actor, account=record)


class AccountListView(ListView):
    """The accounts of the actor's subtree."""

    model = Account
    permission = "accounts.view"
    title = gettext_lazy("Accounts")
    filterset_class = AccountFilter
    empty_icon = "phone"
    empty_title = gettext_lazy("No accounts yet")
    empty_text = gettext_lazy("An account is a SIP user agent, known by its auth name.")
    bulk_actions = (
        BulkAction("activate", gettext_lazy("Activate"), activate, "play", "accounts.edit"),
        BulkAction("deactivate", gettext_lazy("Deactivate"), deactivate, "pause", "accounts.edit"),
        BulkAction(
            "delete",
            gettext_lazy("Delete"),
            delete,
            "x-mark",
            "accounts.delete",
            danger=True,
            confirm=True,
        ),
    )

    def get_table_class(self) -> type[PlainAccountTable]:
        return AccountTable if may_see_balances(self.actor) else PlainAccountTable

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return live_accounts(queryset, now())

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_account_money(rows)

    def get_actions(self) -> list[Action]:
        ways = (
            (_("New account"), "accounts:account_create", "plus"),
            (_("Import"), "billing:account_import_create", "arrow-up-tray"),
            (_("Export for import"), "billing:account_import_export", "arrow-down-tray"),
        )
        return [
            Action(label, reverse(name), icon, "accounts.add", primary=not place, more=place > 0)
            for place, (label, name, icon) in enumerate(ways)
        ]


class AccountsOfView(AccountListView):
    """The accounts of one customer."""

    parent_model: ClassVar[type[Model]] = Customer
    filterset_class = AccountsOfFilter

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return super().refine(queryset).filter(customer=self.customer)

    @property
    def customer(self) -> Customer:
        found: Customer = get_object_or_404(rows_of(Customer, self.actor), pk=self.kwargs["pk"])
        return found

    def get_title(self) -> str:
        return _("Accounts of %(name)s") % {"name": self.customer}

    def get_crumbs(self) -> list[Link]:
        url = reverse("customers:customer_detail", args=[self.kwargs["pk"]])
        return [Link(self.customer.name, url)]

    def get_actions(self) -> list[Action]:
        if not is_near(self.customer, self.actor):
            return []
        url = f"{reverse('accounts:account_create')}?customer={self.kwargs['pk']}"
        return [Action(_("New account"), url, "plus", "accounts.add", primary=True)]


class AccountCreateView(CreateView):
    """A new account of the actor's customer or of a direct one."""

    model = Account
    permission = "accounts.add"
    title = gettext_lazy("New account")
    form_class = NewAccountForm
    list_url_name = LIST
    edit_url_name = "accounts:account_edit"
    detail_url_name = DETAIL

    def get_initial(self) -> dict[str, Any]:
        return {"customer": self.request.GET.get("customer") or self.actor.customer_id}

    def service(self, form: NewAccountForm) -> Account:
        values = dict(form.cleaned_data)
        login, email, password = (values.pop(name, "") for name in ("login", "email", "password"))
        return open_account(
            actor=self.actor,
            opened_at=values.pop("since"),
            by_itself=own_terms(values),
            login=Login(login, password or None, email=email) if login else None,
            **values,
        )


def own_terms(values: dict[str, Any]) -> AccountTariff | None:
    """Take the fields of the charging section out of ``values``; None: with the customer."""
    names = ("charging", "tariff", "mode", "credit_limit", "opening_balance", "period_type", "zone")
    asked = {name: values.pop(name, None) for name in names}
    if asked["tariff"] is None:
        return None
    given = {name: asked[name] for name in ("mode", "period_type") if asked[name]}
    return AccountTariff(
        asked["tariff"],
        credit_limit=asked["credit_limit"] or ZERO,
        opening_balance=asked["opening_balance"] or ZERO,
        period_timezone=str(asked["zone"] or ""),
        **given,
    )


class NearAccountMixin(ScopedMixin):
    """Live accounts that the actor may change: its customer's own, or a direct customer's."""

    model = Account
    permission = "accounts.edit"

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return live_accounts(queryset, now())

    def check_object(self, obj: Account) -> None:
        if not is_near(obj.customer, self.actor):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))


class AccountEditView(NearAccountMixin, EditView):
    """Name, status, expiry and limits of an account."""

    form_class = AccountForm
    list_url_name = LIST
    edit_url_name = "accounts:account_edit"
    detail_url_name = DETAIL

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return account_crumbs(self.object)

    def service(self, form: AccountForm) -> Account:
        fresh = account_for_edit(self.object.pk)
        return edit_account(actor=self.actor, account=fresh, values=form.cleaned_data)


class AccountStatusView(NearAccountMixin, ActionView):
    """Let an account, or a card, call again."""

    status: ClassVar[ResourceStatus] = ResourceStatus.ACTIVE
    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("The account is active.")

    def service(self, obj: Account) -> None:
        set_status(actor=self.actor, account=obj, status=self.status)


class AccountDeactivateView(AccountStatusView):
    """Stop the calls of an account; block a card."""

    status = ResourceStatus.INACTIVE
    success_message = gettext_lazy("The account is inactive: none of its calls may start.")


class AccountArchiveView(NearAccountMixin, EditView):
    """Archive an account: what stops, what becomes of its balance, and why."""

    permission = "accounts.delete"
    form_class = ArchiveAccountForm
    template_name = "accounts/account_archive.html"
    list_url_name = LIST
    success_message = gettext_lazy("The account is archived.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return account_crumbs(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account: Account = self.object
        balance = account_balance(account)
        may_settle = may_manage_charging(self.actor, account.customer)
        facts = [
            (_("Stops at once"), _("Its calls and its web logins.")),
            (_("Stays"), _("Its calls, its ledger, and its auth name, which stays taken.")),
        ]
        if balance is not None and may_settle:
            shown = display.amount_text(balance.amount, balance.currency_id)
            facts.append((_("Balance"), f"{shown} {balance.currency_id}"))
            facts.append((_("Final invoice"), final_invoice_of(balance)))
        return super().get_context_data(
            facts=facts,
            is_billed=may_settle and balance is not None,
            has_surplus=may_settle and balance is not None and balance.amount > 0,
            is_debtor=may_settle and balance is not None and balance.amount < 0,
            **kwargs,
        )

    def service(self, form: ArchiveAccountForm) -> None:
        close_account(
            actor=self.actor, account=account_for_edit(self.object.pk), **form.cleaned_data
        )

    def get_stay_url(self, saved: Any) -> str:
        return reverse(LIST)

    def get_close_url(self, saved: Any) -> str:
        return reverse(LIST)

    def get_cancel_url(self) -> str:
        return reverse(DETAIL, args=[self.object.pk])


def account_crumbs(account: Account) -> list[Link]:
    """The way back from a page about one account."""
    return [
        Link(_("Accounts"), reverse(LIST)),
        Link(account.auth_name, reverse(DETAIL, args=[account.pk])),
    ]
