"""Opens accounts that may be charged by themselves, with balance and web login."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Account
from accounts.services.accounts import create_account
from billing.choices import Mode
from billing.models import Balance
from billing.services.customers import Login
from billing.services.maintenance import post_opening
from customers.models import Customer
from customers.selectors import may_see_logins
from customers.services.users import create_user
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff


@dataclass(frozen=True, slots=True)
class AccountTariff:
    """How an account is charged by itself: at a tariff of its customer, on a balance of its own."""

    tariff: Tariff
    mode: str = Mode.PREPAID
    credit_limit: Decimal = Decimal(0)
    opening_balance: Decimal = Decimal(0)


def open_account(
    *,
    actor: Actor,
    customer: Customer,
    auth_name: str,
    by_itself: AccountTariff | None = None,
    login: Login | None = None,
    **values: Any,
) -> Account:
    """A new account; charged with the customer, or ``by_itself``. All or nothing.

    The balance is in the customer's currency. Raises DomainError ``tariff`` for a tariff that is
    not the customer's own, those of ``create_account`` and ``create_user``, and PermissionDenied
    where the actor may not move money, or may not see the customer's logins.
    """
    if login is not None and not may_see_logins(actor, customer):
        raise PermissionDenied
    if by_itself is not None:
        _check_by_itself(actor, customer, by_itself)
    with transaction.atomic():
        account = create_account(
            actor=actor,
            customer=customer,
            auth_name=auth_name,
            tariff=by_itself.tariff if by_itself else None,
            **values,
        )
        if by_itself is not None:
            balance = _open_balance(account, by_itself)
            post_opening(actor=actor, balance=balance, amount=by_itself.opening_balance)
        if login is not None:
            create_user(
                actor=actor,
                customer=customer,
                login=login.login,
                password=login.password,
                name=login.name,
                account_id=account.pk,
            )
    return account


def _check_by_itself(actor: Actor, customer: Customer, terms: AccountTariff) -> None:
    if terms.tariff.owner_id != customer.pk:
        raise DomainError("tariff", "Choose a tariff of the customer.", field="tariff")
    if customer.pk != actor.customer_id or not actor.can("money.manage"):
        raise PermissionDenied


def _open_balance(account: Account, terms: AccountTariff) -> Balance:
    """The account's balance, in its customer's currency (Root's accounts: the tariff's)."""
    own = Balance.objects.of_customers().filter(customer=account.customer).first()
    return Balance.objects.create(
        customer=account.customer,
        issuer=account.customer,
        account=account,
        currency_id=own.currency_id if own else terms.tariff.currency_id,
        mode=terms.mode,
        credit_limit=terms.credit_limit,
        period_timezone=str(account.customer.timezone),
        opened_at=account.opened_at,
    )
