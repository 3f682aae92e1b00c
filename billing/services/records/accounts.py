"""Rows of new accounts: read as the form would take them, written as open_account does."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.choices import AccountKind, Charging
from accounts.models import Account, AccountTerms
from accounts.selectors.charging import may_manage_charging, own_tariffs
from accounts.services.accounts import check_not_switched, clean_auth_name
from accounts.services.bulk import create_accounts
from accounts.services.editing import (
    CEILINGS,
    check_account_kind,
    check_ceiling,
    service_start,
)
from billing.models import Balance
from billing.selectors.records.columns import LIMITS, SAME_RATES
from billing.services.accounts import AccountTariff, account_currency, new_balance
from billing.services.maintenance import post_openings
from billing.services.records.cells import Cells
from billing.services.records.customers import opening_of
from billing.services.records.logins import new_login
from billing.services.records.passwords import WEAK
from billing.services.records.plans import Plan
from customers.models import Customer, User
from customers.selectors import may_manage_logins
from customers.services.bulk import create_users
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.selectors import tariff_of

BATCH = 1_000
OF_MONEY = ("tariff", "mode", "credit_limit", "opening_balance")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be: rows that are not stored yet."""

    account: Account
    terms: AccountTariff | None
    user: User | None


class AccountPlan(Plan[NewAccount]):
    """New SIP accounts of the actor's customer and of its direct ones. Raises PermissionDenied."""

    unique: ClassVar[tuple[str, ...]] = ("auth_name", "login")

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor)
        if not actor.can("accounts.add"):
            raise PermissionDenied
        rows = Customer.objects.direct_of(actor.customer_id).select_related("business_model")
        self.customers = {row.name.lower(): row for row in rows}
        self._kinds: dict[int, DomainError | None] = {}
        self._currencies: dict[int, str] = {}

    @cached_property
    def tariffs(self) -> dict[str, Tariff]:
        """What accounts of the own customer can be charged at: its tariffs, or that it pays by."""
        customer = self.actor.customer
        own = {tariff.name.lower(): tariff for tariff in own_tariffs(customer)}
        paid = None if customer.is_root else tariff_of(customer.pk, self.start)
        return own if paid is None else {SAME_RATES: paid} | own

    def read_row(self, row: Cells) -> NewAccount | None:
        """What the row would make; None without a customer that can have it."""
        customer = self._read_customer(row)
        values = row.columns(Account, ("name", *LIMITS, "status"))
        row.check(clean_auth_name, row.text("auth_name"), column="auth_name")
        if row.text("sip_password") == WEAK:
            row.wrong("sip_password", _("Enter at least 8 characters."))
        if row.text("sip_password"):
            row.check(check_not_switched, self.actor, column="sip_password")
        if customer is None:
            return None
        for name in CEILINGS.keys() & values.keys():
            row.check(check_ceiling, self.actor, customer, {name: values[name]}, column=name)
        account = Account(
            customer=customer,
            auth_name=row.text("auth_name"),
            digest_ha1=row.text("sip_password"),
            opened_at=service_start(customer, self.start),
            **values,
        )
        user = self._read_login(row, customer, account)
        return NewAccount(account, self._read_terms(row, customer), user)

    def write(self) -> list[User]:
        """Accounts with their terms, balances, opening entries, logins: each at once."""
        actor, new = self.actor, self.new
        pairs = [(item.account, item.terms.tariff if item.terms else None) for item in new]
        create_accounts(actor=actor, accounts=pairs)
        paying = [(item.account, item.terms) for item in new if item.terms is not None]
        rows = [self._balance_of(account, terms) for account, terms in paying]
        balances = Balance.objects.bulk_create(rows, batch_size=BATCH)
        amounts = [terms.opening_balance for _account, terms in paying]
        post_openings(actor=actor, openings=list(zip(balances, amounts, strict=True)))
        users = []
        for item in new:
            if item.user is not None:
                item.user.account_id = item.account.pk
                users.append(item.user)
        create_users(actor=actor, users=users)
        return users

    def _read_customer(self, row: Cells) -> Customer | None:
        """The customer named in the row, else the actor's own, if it can have SIP accounts."""
        own = self.actor.customer
        if row.text("customer").lower() == own.name.lower():
            customer: Customer | None = own
        else:
            reason = _("Choose one of your direct customers.")
            customer = row.choose("customer", self.customers, reason)
            customer = customer if row.text("customer") else own
        if customer is None:
            return None
        if customer.pk not in self._kinds:
            self._kinds[customer.pk] = _objection(customer)
        objection = self._kinds[customer.pk]
        if objection is not None:
            row.wrong("customer", objection.message)
        return customer

    def _read_terms(self, row: Cells, customer: Customer) -> AccountTariff | None:
        """How the account is charged by itself; None: with its customer."""
        charging = row.columns(AccountTerms, ("charging",)).get("charging", Charging.WITH_CUSTOMER)
        if charging != Charging.BY_ITSELF:
            for name in OF_MONEY:
                if row.text(name):
                    row.wrong(name, _("Only for an account that is charged by itself."))
            return None
        if not may_manage_charging(self.actor, customer):
            row.wrong("charging", _("The customer decides this. Switch to it first."))
            return None
        tariff = row.choose("tariff", self.tariffs, _("Choose a tariff of the customer."))
        row.require("tariff", _("Choose a tariff of the customer."))
        values = row.columns(Balance, ("mode", "credit_limit"))
        if values.get("credit_limit", Decimal(0)) < 0:
            row.wrong("credit_limit", _("Enter 0 or more."))
        if tariff is None:
            return None
        return AccountTariff(tariff, opening_balance=opening_of(row), **values)

    def _read_login(self, row: Cells, customer: Customer, account: Account) -> User | None:
        user = new_login(row, self.actor, customer)
        if user is not None and not may_manage_logins(self.actor, customer):
            row.wrong("login", _("You may not make logins of this customer."))
        return user

    def _balance_of(self, account: Account, terms: AccountTariff) -> Balance:
        tariff = terms.tariff
        if tariff.pk not in self._currencies:
            self._currencies[tariff.pk] = account_currency(account.customer, tariff)
        return new_balance(account, terms, self._currencies[tariff.pk], account.opened_at)


def _objection(customer: Customer) -> DomainError | None:
    try:
        check_account_kind(customer, AccountKind.SIP)
    except DomainError as error:
        return error
    return None
