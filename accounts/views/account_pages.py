"""The pages of one account: overview, charging, SIP password, logins."""

from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.choices import AccountKind, AccountState, Charging, ResourceStatus
from accounts.forms import AccountLoginForm, ChargingForm, SipPasswordForm
from accounts.models import Account
from accounts.selectors import account_for_edit, live_accounts
from accounts.selectors.charging import (
    charging_history,
    current_terms,
    may_manage_charging,
    tariff_names,
)
from accounts.services.accounts import set_sip_password
from accounts.services.logins import open_login
from accounts.tables import AccountLoginTable, is_near
from accounts.views.accounts import NearAccountMixin, account_crumbs, own_terms
from billing.selectors.balances import (
    MoneyPanel,
    account_balance,
    display_currency,
    may_see_balance,
)
from billing.selectors.transfers import transfer_ends
from billing.services.accounts import set_charging
from customers.models import User
from customers.selectors import may_manage_logins, may_see_logins
from softswitch.core import display
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.views import CreateView, DetailView, EditView, ListView, PageMixin
from softswitch.core.views.access import rows_of


class AccountHead(PageMixin):
    """Head and tabs of the pages of one account; ``tab`` names the page."""

    tab: ClassVar[str] = "overview"
    parent_model: ClassVar[type[Model]] = Account

    @cached_property
    def account(self) -> Any:
        """The account of the URL: 404 if it is out of scope, 403 without the right."""
        rows = live_accounts(rows_of(Account, self.actor), now())
        found = get_object_or_404(rows.select_related("batch"), pk=self.kwargs["pk"])
        if self.actor.account_id != found.pk and not self.actor.can("accounts.view"):
            raise PermissionDenied
        return found

    @cached_property
    def panel(self) -> MoneyPanel | None:
        """The account's money, for its own user and for who sees that of its customer."""
        if not may_see_balance(self.actor, self.account.customer):
            return None
        balance = account_balance(self.account)
        return MoneyPanel(balance, display_currency(self.actor)) if balance else None

    def get_title(self) -> str:
        return str(self.account)

    def get_meta(self) -> str:
        kind = AccountKind(self.account.kind).label
        return ". ".join(filter(None, [self.account.name, str(kind)]))

    def get_status(self) -> AccountState:
        return AccountState(self.account.state)

    def get_crumbs(self) -> list[Link]:
        if not self.actor.can("accounts.view"):
            return []
        return [Link(_("Accounts"), reverse("accounts:account_list"))]

    def get_tabs(self) -> list[Tab]:
        return [Tab(label, url, key == self.tab) for key, label, url in self.declared_tabs()]

    def declared_tabs(self) -> list[tuple[str, str, str]]:
        """What the viewer may see of the account: key, label, URL."""
        account, args = self.account, [self.account.pk]
        calls = reverse("calls:call_list") + "?" + urlencode({"account": account.auth_name})
        tabs = [("overview", _("Overview"), reverse("accounts:account_detail", args=args))]
        if self.actor.can("cdrs.view"):
            tabs.append(("calls", _("Calls"), calls))
        if self.panel is not None:
            tabs.append(("ledger", _("Ledger"), reverse("billing:account_ledger", args=args)))
            tabs.append(("fees", _("Fees"), reverse("billing:account_fees", args=args)))
            if self.actor.can("invoices.view"):
                invoices = reverse("billing:account_invoices", args=args)
                tabs.append(("invoices", _("Invoices"), invoices))
        if self.actor.account_id is None and may_see_logins(self.actor, account.customer):
            tabs.append(("logins", _("Logins"), reverse("accounts:account_logins", args=args)))
        return tabs


class AccountDetailView(AccountHead, DetailView):
    """The overview: details, limits, how it is charged and was, its balance."""

    model = Account
    template_name = "accounts/account_detail.html"

    def get_object(self) -> Any:
        return self.account

    def get_actions(self) -> list[Action]:
        if not is_near(self.account.customer, self.actor):
            return []
        return account_actions(self.account, self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=account_facts(self.account, self.actor),
            terms=self.shown_terms(),
            panel=self.panel,
            may_maintain=self.panel is not None
            and self.account.customer_id == self.actor.customer_id
            and self.actor.can("money.manage"),
            may_transfer=self.panel is not None
            and transfer_ends(self.actor, self.panel.balance) is not None,
            **kwargs,
        )

    def shown_terms(self) -> list[dict[str, Any]]:
        """How it is charged since when, the latest first; nothing for its own user."""
        if self.actor.account_id is not None:
            return []
        rows = list(charging_history(self.account))
        names = tariff_names(self.actor, {row.tariff_id for row in rows if row.tariff_id})
        return [
            {
                "since": row.valid_from,
                "till": row.valid_till,
                "charging": Charging(row.charging),
                "tariff": names.get(row.tariff_id, _("The customer's rates"))
                if row.tariff_id
                else None,
            }
            for row in rows
        ]


def account_facts(account: Any, actor: Any) -> list[tuple[str, Any]]:
    """Label and value pairs of the Details panel."""
    facts: list[tuple[str, Any]] = [
        (_("Customer"), customer_link(account.customer, actor)),
        (_("Name"), account.name),
        (
            pgettext("account", "Charged"),
            Charging(account.charging).label if account.charging else None,
        ),
        (_("In service since"), display.datetime_text(account.opened_at)),
        (_("Expires"), _moment(account.expires_at)),
        (_("Max sessions"), account.max_sessions),
        (_("CPS limit"), account.cps_limit),
        (_("Max call seconds"), account.max_call_seconds),
    ]
    if account.kind == AccountKind.SIP:
        facts.append((_("SIP password"), _("Set") if account.digest_ha1 else _("Not set")))
        return facts
    return [
        *facts,
        (_("Batch"), account.batch),
        (_("Days from the first call"), account.lifetime_days),
        (_("First use"), _moment(account.first_used_at)),
    ]


def customer_link(customer: Any, actor: Any) -> Any:
    """The customer's name, linked for who may open its page."""
    if not actor.can("customers.view"):
        return customer
    url = reverse("customers:customer_detail", args=[customer.pk])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, customer)


def _moment(at: Any) -> str | None:
    return display.datetime_text(at) if at else None


def account_actions(account: Any, actor: Any) -> list[Action]:
    """The buttons of an account's page for who may change it."""
    edit = "accounts.edit"

    def item(label: str, name: str, icon: str, right: str = edit, **options: Any) -> Action:
        url = reverse(f"accounts:account_{name}", args=[account.pk])
        return Action(label, url, icon, right, **options)

    items = [item(_("Edit"), "edit", "pencil-square", primary=True)]
    if may_manage_charging(actor, account.customer):
        items.append(item(_("Charging"), "charging", "currency-dollar"))
    if account.charging == Charging.BY_ITSELF and account.customer_id == actor.customer_id:
        url = reverse("customers:account_parameters", args=[account.pk])
        items.append(Action(_("Invoicing"), url, "document-text", "money.manage", more=True))
    if account.kind == AccountKind.SIP and not actor.is_switched:
        items.append(item(_("Change SIP password"), "password", "key", more=True))
    if account.status == ResourceStatus.ACTIVE:
        items.append(item(_("Deactivate"), "deactivate", "pause", post=True, more=True))
    else:
        items.append(item(_("Activate"), "activate", "play", post=True, more=True))
    items.append(item(_("Delete"), "archive", "x-mark", "accounts.delete", danger=True, more=True))
    return items


class ChargingView(NearAccountMixin, EditView):
    """How the calls of an account that start from now on are charged."""

    form_class = ChargingForm
    list_url_name = "accounts:account_list"
    detail_url_name = "accounts:account_detail"
    success_message = gettext_lazy("Saved. It counts for calls that start from now on.")

    def check_object(self, obj: Account) -> None:
        if not may_manage_charging(self.actor, obj.customer):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))

    def get_title(self) -> str:
        return _("Charging of %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return account_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        terms, balance = current_terms(self.object), account_balance(self.object)
        values: dict[str, Any] = {"charging": self.object.charging}
        if terms is not None and terms.tariff is not None:
            is_own = terms.tariff.owner_id == self.object.customer_id
            values["tariff"] = str(terms.tariff_id) if is_own else "same"
        if balance is not None:
            values |= {
                "mode": balance.mode,
                "credit_limit": balance.credit_limit.normalize() + 0,
                "period_type": balance.next_period_type or balance.period_type,
                "zone": str(balance.next_period_timezone or balance.period_timezone),
            }
        return values

    def get_form(self) -> Any:
        form: Any = super().get_form()
        form.offer(self.object.customer, is_card=self.object.kind == AccountKind.CARD)
        return form

    def service(self, form: ChargingForm) -> Account:
        account = account_for_edit(self.object.pk)
        terms = own_terms(dict(form.cleaned_data))
        set_charging(actor=self.actor, account=account, by_itself=terms)
        return account


class SipPasswordView(NearAccountMixin, EditView):
    """Another SIP password; a generated one is shown once, in the answer."""

    form_class = SipPasswordForm
    list_url_name = "accounts:account_list"
    detail_url_name = "accounts:account_detail"
    close_label = ""

    def get_title(self) -> str:
        return _("SIP password of %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return account_crumbs(self.object)

    def service(self, form: SipPasswordForm) -> Account:
        account = account_for_edit(self.object.pk)
        given = form.cleaned_data["sip_password"]
        password = set_sip_password(actor=self.actor, account=account, sip_password=given)
        self.generated = "" if given else password
        return account

    def get_success_message(self, saved: Any) -> str:
        if not self.generated:
            return _("The SIP password is changed.")
        return _("SIP password, shown this once: %(password)s") % {"password": self.generated}

    def get_stay_url(self, saved: Any) -> str:
        return reverse("accounts:account_detail", args=[self.object.pk])


class AccountLoginsView(AccountHead, ListView):
    """Who can log in for this account alone."""

    model = User
    tab = "logins"
    table_class = AccountLoginTable
    empty_icon = "user"
    empty_title = gettext_lazy("No logins yet")
    empty_text = gettext_lazy("A login of an account sees this account and nothing else.")
    exports = ()

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.actor.account_id is not None:
            raise PermissionDenied
        if not may_see_logins(self.actor, self.account.customer):
            raise PermissionDenied
        return queryset.filter(account=self.account).select_related("customer")

    def get_actions(self) -> list[Action]:
        if not may_manage_logins(self.actor, self.account.customer):
            return []
        url = reverse("accounts:account_login_add", args=[self.account.pk])
        return [Action(_("Add login"), url, "plus", primary=True)]


class AccountLoginAddView(AccountHead, CreateView):
    """One more login of an account."""

    model = User
    tab = "logins"
    form_class = AccountLoginForm
    save_label = gettext_lazy("Add login")
    close_label = ""

    def get_form(self) -> Any:
        if not may_manage_logins(self.actor, self.account.customer):
            raise PermissionDenied
        return super().get_form()

    def service(self, form: AccountLoginForm) -> User:
        return open_login(actor=self.actor, account=self.account, **form.cleaned_data)

    def get_success_message(self, saved: User) -> str:
        if saved.has_usable_password():
            return _("The login is ready.")
        return _("A link to set a password goes to %(email)s.") % {"email": saved.email}

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("accounts:account_logins", args=[self.account.pk])
