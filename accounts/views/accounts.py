"""Accounts: list, detail, create, edit."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Charging, ResourceStatus
from accounts.filters import AccountFilter
from accounts.forms import AccountForm, NewAccountForm
from accounts.models import Account
from accounts.selectors import account_for_edit, live_accounts
from accounts.services.accounts import edit_account
from accounts.tables import AccountTable, is_near
from billing.selectors.balances import account_balance, may_see_balance
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.money import ZERO
from softswitch.core.views import CreateView, DetailView, EditView, ListView


class AccountListView(ListView):
    """The accounts of the actor's subtree."""

    model = Account
    permission = "accounts.view"
    title = _("Accounts")
    table_class = AccountTable
    filterset_class = AccountFilter
    empty_icon = "phone"
    empty_title = _("No accounts yet")
    empty_text = _("An account is a SIP user agent, known by its auth name.")

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return live_accounts(queryset, now())

    def get_actions(self) -> list[Action]:
        url = reverse("accounts:account_create")
        return [Action(_("New account"), url, "plus", "accounts.add", primary=True)]


class AccountDetailView(DetailView):
    """One account with its limits, and its balance where it has one the viewer may see."""

    model = Account
    template_name = "accounts/account_detail.html"

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return live_accounts(queryset, now())

    def check_object(self, obj: Account) -> None:
        if self.actor.account_id != obj.pk and not self.actor.can("accounts.view"):
            raise PermissionDenied

    def get_status(self) -> Any:
        return ResourceStatus(self.object.status)

    def get_crumbs(self) -> list[Link]:
        if not self.actor.can("accounts.view"):
            return []
        return [Link(_("Accounts"), reverse("accounts:account_list"))]

    def get_actions(self) -> list[Action]:
        if not is_near(self.object.customer, self.actor):
            return []
        url = reverse("accounts:account_edit", args=[self.object.pk])
        return [Action(_("Edit"), url, "pencil-square", "accounts.edit", primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account = self.object
        facts = [
            (_("Customer"), account.customer),
            (_("Name"), account.name),
            (_("Charged"), Charging(account.charging).label if account.charging else None),
            (_("In service since"), display.datetime_text(account.opened_at)),
            (_("Max sessions"), account.max_sessions),
            (_("CPS limit"), account.cps_limit),
            (_("Max call seconds"), account.max_call_seconds),
        ]
        return super().get_context_data(facts=facts, balance=self.seen_balance(), **kwargs)

    def seen_balance(self) -> Any:
        """The account's balance, for its own user and for who sees that of its customer."""
        account: Account = self.object
        is_own = self.actor.account_id == account.pk
        is_shown = is_own or may_see_balance(self.actor, account.customer)
        return account_balance(account) if is_shown else None


class AccountCreateView(CreateView):
    """A new account of the actor's customer or of a direct one."""

    model = Account
    permission = "accounts.add"
    title = _("New account")
    form_class = NewAccountForm
    list_url_name = "accounts:account_list"
    edit_url_name = "accounts:account_edit"
    detail_url_name = "accounts:account_detail"

    def get_initial(self) -> dict[str, Any]:
        return {"customer": self.request.GET.get("customer") or self.actor.customer_id}

    def service(self, form: NewAccountForm) -> Account:
        values = dict(form.cleaned_data)
        tariff, funds = values.pop("tariff", None), values.pop("opening_balance", None)
        login, password = values.pop("login", ""), values.pop("password", "")
        return open_account(
            actor=self.actor,
            opened_at=values.pop("since"),
            by_itself=AccountTariff(tariff, opening_balance=funds or ZERO) if tariff else None,
            login=Login(login, password) if login else None,
            **values,
        )


class AccountEditView(EditView):
    """Name, status, limits and password of an account."""

    model = Account
    permission = "accounts.edit"
    form_class = AccountForm
    list_url_name = "accounts:account_list"
    edit_url_name = "accounts:account_edit"
    detail_url_name = "accounts:account_detail"

    def check_object(self, obj: Account) -> None:
        if not is_near(obj.customer, self.actor):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def service(self, form: AccountForm) -> Account:
        fresh = account_for_edit(self.object.pk)
        return edit_account(actor=self.actor, account=fresh, values=form.cleaned_data)
