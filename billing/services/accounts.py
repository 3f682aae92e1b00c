"""Opens accounts with balance and web login, changes how they are charged, archives them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import AccountKind, Charging
from accounts.models import Account, AccountTerms
from accounts.selectors.charging import is_by_itself, may_charge, may_manage_charging
from accounts.services.accounts import archive_account, create_account
from accounts.services.editing import check_editor
from billing.choices import FinalInvoice, Mode, PeriodType
from billing.models import Balance, BillingPeriod
from billing.selectors.balances import account_balance
from billing.services.closing import close_ended
from billing.services.customers import Login
from billing.services.final_invoices import (
    Ending,
    bill_rest,
    check_final_invoice,
    settle_rest,
)
from billing.services.maintenance import post_opening
from billing.services.periods import open_until
from billing.services.suspensions import end_dunning
from customers.models import Customer
from customers.selectors import may_see_logins
from customers.services.audit import changed, record
from customers.services.holding import hold
from customers.services.users import create_user
from customers.tenancy import Actor
from notifications.services.letters import send_first_link
from softswitch.core.display import amount_text
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns
from tariffs.models import Tariff


@dataclass(frozen=True, slots=True)
class AccountTariff:
    """How an account is charged by itself: at a tariff of its customer, on a balance of its own.

    An empty ``period_timezone`` is the customer's zone.
    """

    tariff: Tariff
    mode: str = Mode.PREPAID
    credit_limit: Decimal = Decimal(0)
    opening_balance: Decimal = Decimal(0)
    period_type: str = PeriodType.MONTHLY
    period_timezone: str = ""


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
    not the customer's, ``credit_limit``, those of ``create_account`` and ``create_user``, and
    PermissionDenied where the actor may not move money, or may not see the customer's logins.
    Holds the customer, so that the tariff is one of its own to the end.
    """
    if login is not None and not may_see_logins(actor, customer):
        raise PermissionDenied
    with transaction.atomic():
        hold(actor=actor, customers=[customer])
        if by_itself is not None:
            check_by_itself(actor, customer, by_itself)
        account = create_account(
            actor=actor,
            customer=customer,
            auth_name=auth_name,
            tariff=by_itself.tariff if by_itself else None,
            **values,
        )
        if by_itself is not None:
            _open_balance(actor, account, by_itself)
        if login is not None:
            _open_login(actor, account, login)
    return account


def _open_balance(actor: Actor, account: Account, terms: AccountTariff) -> None:
    currency = account_currency(account.customer, terms.tariff)
    balance = new_balance(account, terms, currency, account.opened_at)
    balance.save(force_insert=True)
    post_opening(actor=actor, balance=balance, amount=terms.opening_balance)


def _open_login(actor: Actor, account: Account, login: Login) -> None:
    """Create the login; without a password it is mailed the link that sets one."""
    user = create_user(
        actor=actor,
        customer=account.customer,
        login=login.login,
        password=login.password,
        name=login.name,
        email=login.email,
        account_id=account.pk,
    )
    if login.password is None:
        send_first_link(actor=actor, user=user)


def set_charging(*, actor: Actor, account: Account, by_itself: AccountTariff | None) -> None:
    """Charge calls that start from now on ``by_itself``, or (None) with the customer.

    For the customer itself. A change of the way needs a zero balance (DomainError
    ``balance_not_zero``, which names it); by itself the account gets a balance, or its old one
    again. Another tariff is dated, mode and credit limit count at once, another calendar at the
    next close where a period is open. A card stays by itself (``card``). ``opening_balance`` is
    for new accounts only. Atomic; holds the customer, locks the account, then its balance.
    """
    check_editor(actor, account.customer, "accounts.edit")
    if not may_manage_charging(actor, account.customer):
        raise PermissionDenied
    if by_itself is None and account.kind == AccountKind.CARD:
        raise DomainError("card", _("A card is charged by itself."), field="charging")
    with transaction.atomic():
        hold(actor=actor, customers=[account.customer])
        if by_itself is not None:
            check_by_itself(actor, account.customer, by_itself)
        locked = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if locked.archived_at is not None:
            raise DomainError("archived", _("This account is archived."))
        current = AccountTerms.objects.filter(account=account, valid_till=None).first()
        balance = Balance.objects.select_for_update(no_key=True).filter(account=account).first()
        if is_by_itself(current) is (by_itself is None):
            _check_zero(balance)
        _edit_money(actor, account, balance, by_itself)
        _date_terms(actor, account, current, by_itself.tariff if by_itself else None)


def close_account(
    *,
    actor: Actor,
    account: Account,
    surplus: str = "",
    reason: str = "",
    final_invoice: str = FinalInvoice.ISSUE,
) -> None:
    """Archive an account and its logins; it ends with a balance of 0.

    Its open period closes at that instant; its drafts are issued or discarded (``final_invoice``:
    issue or discard), and left to the customer where somebody else archives it. Then what it owes
    is written off, what it has left is paid out or forfeited (``surplus``), by an entry with
    ``reason``. Only the customer itself settles a balance that is not 0 (else DomainError
    ``balance_not_zero``). Raises DomainError ``surplus``, ``final_invoice``, ``reason``,
    ``live_calls``, or what issuing refuses, PermissionDenied. Archiving twice changes nothing.
    """
    check_final_invoice(final_invoice)
    ending = Ending(final_invoice, surplus, reason)
    with transaction.atomic():
        at, balance = now(), account_balance(account)
        chosen = final_invoice if balance is not None else ""
        if not archive_account(
            actor=actor, account=account, at=at, reason=reason, final_invoice=chosen
        ):
            return
        if balance is not None:
            _settle(actor, balance, ending, at)


def check_by_itself(actor: Actor, customer: Customer, terms: AccountTariff) -> None:
    """Refuse terms that are not the actor's to give, or not the customer's to have."""
    if not may_manage_charging(actor, customer):
        raise PermissionDenied
    if not may_charge(customer, terms.tariff):
        raise DomainError("tariff", _("Choose a tariff of the customer."), field="tariff")
    if terms.mode not in Mode.values:
        raise DomainError("mode", _("Choose prepaid or postpaid."), field="mode")
    if terms.credit_limit < 0:
        raise DomainError("credit_limit", _("Enter 0 or more."), field="credit_limit")
    calendar = {"period_type": terms.period_type, "period_timezone": terms.period_timezone}
    clean_columns(Balance, {name: value for name, value in calendar.items() if value})


def account_currency(customer: Customer, tariff: Tariff) -> str:
    """The customer's currency; Root has none, so its accounts have the tariff's."""
    own = Balance.objects.of_customers().filter(customer=customer).first()
    return str(own.currency_id if own else tariff.currency_id)


def new_balance(
    account: Account, terms: AccountTariff, currency: str, opened_at: datetime
) -> Balance:
    """The balance of an account, not stored yet."""
    return Balance(
        customer_id=account.customer_id,
        issuer_id=account.customer_id,
        account=account,
        currency_id=currency,
        mode=terms.mode,
        credit_limit=terms.credit_limit,
        period_type=terms.period_type,
        period_timezone=terms.period_timezone or str(account.customer.timezone),
        opened_at=opened_at,
    )


def _edit_money(
    actor: Actor, account: Account, balance: Balance | None, terms: AccountTariff | None
) -> None:
    """Open the balance of an account that is now charged by itself, or change its terms."""
    if terms is None:
        return
    if balance is None:
        currency = account_currency(account.customer, terms.tariff)
        new_balance(account, terms, currency, now()).save(force_insert=True)
        return
    values: dict[str, Any] = {"mode": terms.mode, "credit_limit": terms.credit_limit}
    zone = ZoneInfo(terms.period_timezone or str(account.customer.timezone))
    is_other = (terms.period_type, zone) != (balance.period_type, balance.period_timezone)
    has_period = BillingPeriod.objects.filter(balance=balance).exists()
    before = "next_" if has_period else ""
    if is_other:
        values |= {f"{before}period_type": terms.period_type, f"{before}period_timezone": zone}
    elif has_period:
        values |= {"next_period_type": "", "next_period_timezone": None}
    differences = changed(balance, values)
    if differences:
        if not has_period:
            balance.closes_at = None  # to be found anew
        balance.save(update_fields=[*sorted(differences), "closes_at"])
        record(
            actor=actor,
            customer=account.customer,
            action="account_terms_changed",
            subject=account,
            changes=differences,
        )


def _date_terms(
    actor: Actor, account: Account, current: AccountTerms | None, tariff: Tariff | None
) -> None:
    """Let ``tariff`` (None: with the customer) count from now on; the terms before end there."""
    if current is not None and current.tariff_id == (tariff.pk if tariff else None):
        return
    at = now()
    charging = Charging.BY_ITSELF if tariff else Charging.WITH_CUSTOMER
    rows = AccountTerms.objects.filter(account=account, valid_till=None)
    rows.filter(valid_from__gte=at).delete()
    rows.update(valid_till=at)
    AccountTerms.objects.create(account=account, charging=charging, tariff=tariff, valid_from=at)
    record(
        actor=actor,
        customer=account.customer,
        action="account_charging_changed",
        subject=account,
        changes={"charging": [current.charging if current else "", charging]},
    )


def _check_zero(balance: Balance | None) -> None:
    if balance is None or (not balance.amount and not balance.reserved):
        return
    raise DomainError("balance_not_zero", _not_zero(balance), field="charging")


def _not_zero(balance: Balance) -> str:
    shown = amount_text(balance.amount, balance.currency_id)
    if not balance.amount:
        return _("A call is going on. Try later.")
    return _("The balance of the account is %(amount)s: bring it to 0 first.") % {
        "amount": f"{shown} {balance.currency_id}"
    }


def _settle(actor: Actor, balance: Balance, ending: Ending, at: datetime) -> None:
    """Close its periods, bill them as far as that is the actor's, and bring the balance to 0."""
    open_until({balance.pk: balance}, at)
    locked = Balance.objects.select_for_update(no_key=True).get(pk=balance.pk)
    if locked.reserved:
        raise DomainError("live_calls", _("A call is going on. Try later."))
    end_dunning(actor=actor, balance=locked, at=at)
    close_ended(balances=[locked], at=at)
    if may_manage_charging(actor, locked.customer):
        bill_rest(actor=actor, balances=[locked], ending=ending)
    elif locked.amount:
        raise DomainError("balance_not_zero", _("Its balance is not 0: its customer settles it."))
    settle_rest(actor=actor, balance=locked, ending=ending, key=f"archive:{balance.pk}", at=at)
