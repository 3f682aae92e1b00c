"""Reads of how accounts are charged: in force now, before, and at which tariffs they could be."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.timezone import now

from accounts.choices import AccountKind, Charging
from accounts.models import Account, AccountTerms
from customers.choices import Kind
from customers.models import Customer
from customers.permissions import allowed
from customers.tenancy import Actor
from tariffs.models import Tariff
from tariffs.selectors import tariff_of


def current_terms(account: Account) -> AccountTerms | None:
    """How calls of the account that start now are charged; None once it is archived."""
    rows = AccountTerms.objects.filter(account=account, valid_till=None)
    return rows.select_related("tariff").first()


def own_tariff_at(account: Account, at: datetime) -> int | None:
    """The tariff (its id) at which an account was charged by itself at ``at``; None: it was not."""
    rows = AccountTerms.objects.filter(account=account, charging=Charging.BY_ITSELF)
    in_force = Q(valid_till=None) | Q(valid_till__gt=at)
    found = rows.filter(in_force, valid_from__lte=at).values_list("tariff_id", flat=True)
    return found.first()


def charging_history(account: Account) -> QuerySet[AccountTerms]:
    """All terms of an account, the latest first."""
    rows = AccountTerms.objects.filter(account=account).select_related("tariff")
    return rows.order_by("-valid_from")


def own_tariffs(customer: Customer) -> QuerySet[Tariff]:
    """The live tariffs that belong to ``customer``, the default first."""
    rows: QuerySet[Tariff] = Tariff.objects.live().filter(owner=customer)
    return rows.order_by("-is_default", "name")


def may_charge(customer: Customer, tariff: Tariff) -> bool:
    """Whether accounts of ``customer`` may be charged at ``tariff``.

    One of its own, or the one by which it pays itself: kinds without tariffs have no other.
    """
    if tariff.owner_id == customer.pk:
        return tariff.archived_at is None
    paid = tariff_of(customer.pk, now())
    return paid is not None and paid.pk == tariff.pk


def tariff_names(actor: Actor, tariff_ids: Collection[int]) -> dict[int, str]:
    """The names of those of some tariffs that the actor may read: no tariff of somebody above."""
    rows = Tariff.objects.visible_to(actor).filter(pk__in=tariff_ids)
    return dict(rows.values_list("pk", "name"))


def may_manage_charging(actor: Actor, customer: Customer) -> bool:
    """Whether the actor decides how accounts of ``customer`` are charged, and so who pays.

    That money is between the customer and its accounts: the customer itself does. A virtual
    customer is a container without people of its own, so its owner does too.
    """
    is_own = customer.pk == actor.customer_id
    is_container = customer.kind == Kind.VIRTUAL and customer.is_direct_of(actor)
    return (is_own or is_container) and actor.can("money.manage")


def has_accounts(kind: str, account_kind: str) -> bool:
    """Whether a customer of ``kind`` can have such accounts (product.md section 1)."""
    if account_kind == AccountKind.CARD:
        return "vouchers.add" in allowed(kind)
    return "accounts.add" in allowed(kind) and kind != Kind.VIRTUAL


def is_by_itself(terms: AccountTerms | None) -> bool:
    """Whether calls that start now are charged to the account itself."""
    return terms is not None and terms.charging == Charging.BY_ITSELF
