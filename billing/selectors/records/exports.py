"""Direct customers and accounts in the columns of an import; passwords and balances stay empty."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.timezone import now

from accounts.choices import AccountKind, Charging
from accounts.models import Account, AccountTerms
from accounts.selectors.charging import may_manage_charging
from billing.models import Balance
from billing.selectors.balances import may_see_balance
from billing.selectors.records.columns import (
    FIELD_PREFIX,
    LIMITS,
    PROFILE,
    SAME_RATES,
    columns_of,
    login_of,
)
from customers.choices import RecordKind, Role
from customers.models import Customer, CustomFieldValue, User
from customers.selectors import may_see_logins
from customers.tenancy import Actor
from tariffs.models import TariffAssignment

CHUNK = 1_000
T = TypeVar("T")


def exported(actor: Actor, kind: str) -> Iterator[list[Any]]:
    """The cells of all records of ``kind`` that the actor could import, in the columns' order.

    Of customers the direct ones, of accounts those of the own customer and of direct ones. Terms of
    money are given to who may see balances, or decides how an account is charged; logins and
    personal data to who may see those.
    """
    names = [column.name for column in columns_of(actor, kind)]
    find = _customers if kind == RecordKind.CUSTOMER else _accounts
    for cells in find(actor):
        yield [cells.get(name, "") for name in names]


def _customers(actor: Actor) -> Iterator[dict[str, Any]]:
    rows = Customer.objects.direct_of(actor.customer_id).order_by("pk")
    for some in _pieces(rows.select_related("business_model", "customer_class").iterator()):
        ids = [row.pk for row in some]
        assigned = TariffAssignment.objects.valid_at(now()).filter(customer__in=ids)
        tariffs = dict(assigned.values_list("customer", "tariff__name"))
        balances = {
            row.customer_id: row for row in Balance.objects.of_customers().filter(customer__in=ids)
        }
        logins = _first_logins(ids)
        fields = _custom_values(actor, ids)
        for row in some:
            login = logins.get(row.pk) if may_see_logins(actor, row) else None
            balance = balances.get(row.pk) if may_see_balance(actor, row) else None
            yield (
                _record(row)
                | {"tariff": tariffs.get(row.pk, "")}
                | _terms(balance)
                | login_of(login)
                | fields.get(row.pk, {})
            )


def _record(row: Customer) -> dict[str, Any]:
    """The columns of the customer itself, as text or numbers."""
    names = ("name", "kind", *PROFILE, "status")
    values = {name: getattr(row, name) for name in names}
    return values | {
        "timezone": str(row.timezone),
        "business_model": str(row.business_model or ""),
        "customer_class": str(row.customer_class or ""),
        "opened_at": row.opened_at.isoformat(),
    }


def _terms(balance: Balance | None) -> dict[str, Any]:
    """What a customer with such a balance would be opened with; never the balance itself."""
    if balance is None:
        return {}
    return {
        "currency": balance.currency_id,
        "mode": balance.mode,
        "credit_limit": balance.credit_limit,
        "period_type": balance.next_period_type or balance.period_type,
        "period_timezone": str(balance.next_period_timezone or balance.period_timezone),
    }


def _first_logins(customer_ids: Sequence[int]) -> dict[int, User]:
    """The login that each customer was opened with, as far as it is an administrator still."""
    rows = User.objects.filter(
        customer__in=customer_ids, account=None, role=Role.ADMINISTRATOR, is_active=True
    )
    return {row.customer_id: row for row in rows.order_by("-pk")}


def _custom_values(actor: Actor, customer_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """What the custom fields of each customer's class hold, by column."""
    rows = CustomFieldValue.objects.filter(
        customer__in=customer_ids, field__archived_at=None
    ).select_related("field", "customer")
    if not actor.can("customers.edit"):
        rows = rows.filter(field__is_personal=False)
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        if row.field.customer_class_id == row.customer.customer_class_id:
            found.setdefault(row.customer_id, {})[FIELD_PREFIX + row.field.name] = row.value
    return found


def _accounts(actor: Actor) -> Iterator[dict[str, Any]]:
    near = Q(customer=actor.customer_id) | Q(
        customer__owner=actor.customer_id, customer__archived_at=None
    )
    rows = Account.objects.live().filter(near, kind=AccountKind.SIP).select_related("customer")
    for some in _pieces(rows.order_by("pk").iterator()):
        ids = [row.pk for row in some]
        asked = AccountTerms.objects.filter(account__in=ids, valid_till=None)
        terms = {row.account_id: row for row in asked.select_related("tariff")}
        balances = {row.account_id: row for row in Balance.objects.filter(account__in=ids)}
        users = User.objects.filter(account__in=ids, is_active=True).order_by("-pk")
        logins = {user.account_id: user for user in users}
        for row in some:
            login = logins.get(row.pk) if may_see_logins(actor, row.customer) else None
            own = may_manage_charging(actor, row.customer)
            money = _charging(actor, terms.get(row.pk), balances.get(row.pk)) if own else {}
            yield {
                "customer": "" if row.customer_id == actor.customer_id else row.customer.name,
                **{name: getattr(row, name) for name in ("auth_name", "name", *LIMITS, "status")},
                **money,
                **login_of(login),
            }


def _charging(actor: Actor, terms: AccountTerms | None, balance: Balance | None) -> dict[str, Any]:
    """How an account of the own customer is charged; the tariff it pays by itself has no name."""
    if terms is None or terms.tariff is None or balance is None:
        return {"charging": Charging.WITH_CUSTOMER.value}
    is_own = terms.tariff.owner_id == actor.customer_id
    return {
        "charging": terms.charging,
        "tariff": terms.tariff.name if is_own else SAME_RATES,
        "mode": balance.mode,
        "credit_limit": balance.credit_limit,
    }


def _pieces(rows: Iterable[T]) -> Iterator[list[T]]:
    source = iter(rows)
    while some := list(islice(source, CHUNK)):
        yield some
