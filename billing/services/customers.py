"""Opens customers (tree, login, tariff, balance in one transaction) and edits their terms."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now

from billing.choices import Mode, PeriodType
from billing.models import Balance
from billing.services.maintenance import post_opening
from customers.models import Customer
from customers.services.audit import changed, record
from customers.services.customers import create_customer, edit_profile
from customers.services.users import create_user
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.services.assignments import assign_tariff


@dataclass(frozen=True, slots=True)
class Terms:
    """The money side of a customer: ``credit_limit`` and ``opening_balance`` in ``currency``.

    An empty currency is the tariff's; an empty billing zone is the customer's time zone.
    """

    tariff: Tariff
    currency: str = ""
    mode: str = Mode.PREPAID
    credit_limit: Decimal = Decimal(0)
    opening_balance: Decimal = Decimal(0)
    period_type: str = PeriodType.MONTHLY
    period_timezone: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """The first administrator of a new customer."""

    login: str
    password: str = field(repr=False)
    name: str = ""
    email: str = ""


def open_customer(
    *,
    actor: Actor,
    name: str,
    kind: str,
    terms: Terms,
    login: Login | None = None,
    opened_at: datetime | None = None,
    **profile: Any,
) -> Customer:
    """A new direct customer of the actor's: row in the tree, rights, login, tariff, balance.

    All or nothing; locks the tree. ``opened_at`` (default now) may lie in the past, for calls that
    come in late. Raises DomainError naming the field: ``taken``, ``tariff``, ``credit_limit``,
    ``weak_password``, ``too_deep``.
    """
    _check_terms(terms)
    with transaction.atomic():
        customer = create_customer(
            actor=actor, name=name, kind=kind, opened_at=opened_at, **profile
        )
        start = customer.opened_at
        assign_tariff(actor=actor, customer=customer, tariff=terms.tariff, at=start, is_first=True)
        balance = _open_balance(customer, terms)
        post_opening(actor=actor, balance=balance, amount=terms.opening_balance)
        if login is not None:
            create_user(
                actor=actor,
                customer=customer,
                login=login.login,
                password=login.password,
                name=login.name,
                email=login.email,
                language=customer.language,
            )
    return customer


def _open_balance(customer: Customer, terms: Terms) -> Balance:
    return Balance.objects.create(
        customer=customer,
        issuer=customer.owner,
        currency_id=terms.currency or terms.tariff.currency_id,
        mode=terms.mode,
        credit_limit=terms.credit_limit,
        period_type=terms.period_type,
        period_timezone=terms.period_timezone or str(customer.timezone),
        opened_at=customer.opened_at,
    )


def edit_customer(
    *,
    actor: Actor,
    customer: Customer,
    profile: dict[str, Any],
    tariff: Tariff | None = None,
    money: dict[str, Any] | None = None,
) -> Customer:
    """Change the record, the tariff and the terms of a direct customer, all or nothing.

    ``money`` may hold currency_id, mode and credit_limit. The currency is fixed once money moved
    (DomainError ``currency``). A new tariff counts for calls that start from now on. Locks the
    balance only for the terms.
    """
    with transaction.atomic():
        edit_profile(actor=actor, customer=customer, values=profile)
        if tariff is not None:
            _must_own(actor, customer)
            assign_tariff(actor=actor, customer=customer, tariff=tariff, at=now())
        if money:
            _must_own(actor, customer)
            _edit_terms(actor, customer, money)
    return customer


def _edit_terms(actor: Actor, customer: Customer, money: dict[str, Any]) -> None:
    pair = Balance.objects.of_customers().filter(customer=customer, issuer=actor.customer_id)
    balance = pair.select_for_update(no_key=True).first()
    if balance is None:  # it moved away meanwhile
        raise PermissionDenied
    differences = changed(balance, money)
    if "currency_id" in differences and balance.last_sequence:
        raise DomainError(
            "currency", "The currency is fixed once money has moved.", field="currency"
        )
    if balance.credit_limit < 0:
        raise DomainError("credit_limit", "Enter 0 or more.", field="credit_limit")
    if differences:
        balance.save(update_fields=sorted(differences))
        record(
            actor=actor,
            customer=customer,
            action="terms_changed",
            subject=customer,
            changes=differences,
        )


def _check_terms(terms: Terms) -> None:
    if terms.credit_limit < 0:
        raise DomainError("credit_limit", "Enter 0 or more.", field="credit_limit")
    if terms.mode not in Mode.values:
        raise DomainError("mode", "Choose prepaid or postpaid.", field="mode")


def _must_own(actor: Actor, customer: Customer) -> None:
    if not customer.is_direct_of(actor) or not actor.can("customers.edit"):
        raise PermissionDenied
