"""Balances that take no more Maintenance: closed by a move, or of what is archived."""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.choices import DEBT, SURPLUS, EntryKind
from billing.models import Balance
from billing.querysets import BalanceQuerySet
from customers.choices import Kind
from customers.models import Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor

LABELS = {
    EntryKind.ADD_FUNDS: _("Paid: a payment was received"),
    EntryKind.WRITE_OFF: _("Written off"),
    EntryKind.PAY_OUT: _("Paid out"),
    EntryKind.FORFEIT: _("Forfeited"),
}


def ended_balances(rows: QuerySet[Balance], actor: Actor) -> QuerySet[Any]:
    """Those of ``rows`` that have ended, with ``customer_name`` and whom ``end_of`` asks."""
    ended = cast("BalanceQuerySet", rows).ended().select_related("customer", "account", "issuer")
    return ended.annotate(customer_name=shown_name(actor, then="closed_at"))


def end_of(balance: Balance) -> datetime | None:
    """When a balance was closed, or what it is of was archived; None while it is in use."""
    if balance.closed_at is not None:
        return balance.closed_at
    account = balance.account
    if account is not None and account.archived_at is not None:
        return account.archived_at
    archived_at: datetime | None = balance.customer.archived_at
    return archived_at


def may_settle(actor: Actor, balance: Balance) -> bool:
    """Whether the actor decides what becomes of what is left of a balance: its issuer does.

    Of an archived issuer the owner does, as nobody acts for it any more; of a container of cards,
    which has no people of its own, the owner too.
    """
    issuer = acting_for(balance.issuer)
    is_container = issuer.kind == Kind.VIRTUAL and issuer.is_direct_of(actor)
    return (issuer.pk == actor.customer_id or is_container) and actor.can("money.manage")


def may_bill_for(actor: Actor, issuer: Customer) -> bool:
    """Whether the actor's customer issues, voids and credits what ``issuer`` bills.

    That is the issuer itself; for an archived one, whose late calls are billed still, its owner.
    """
    is_its = issuer.pk == actor.customer_id or acting_for(issuer).pk == actor.customer_id
    return is_its and actor.can("money.manage")


def acting_for(issuer: Customer) -> Customer:
    """Who does what ``issuer`` would: itself, of an archived one the nearest owner that is not."""
    while issuer.archived_at is not None and issuer.owner is not None:
        issuer = issuer.owner
    return issuer


def settle_choices(amount: Decimal) -> list[tuple[str, Any]]:
    """What can become of ``amount``: of a debt, of a surplus; all of it where it is 0 by now."""
    kinds = (*(DEBT if amount <= 0 else ()), *(SURPLUS if amount >= 0 else ()))
    return [(kind.value, LABELS[kind]) for kind in kinds]
