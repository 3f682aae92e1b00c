"""Balances and their ledgers in the API; Maintenance, with a key; redeeming vouchers."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Header, Query, Router, Schema, Status

from billing.api.schemas import ReasonIn
from billing.models import Balance, LedgerEntry
from billing.selectors.balances import may_see_balances
from billing.selectors.statements import entries_shown_to
from billing.services.maintenance import maintain
from billing.services.reversals import reverse_entry
from billing.services.vouchers import redeem_voucher
from customers.tenancy import Actor
from softswitch.core.api import (
    REFUSALS,
    ErrorOut,
    In,
    Paging,
    actor_of,
    visible,
    visible_or_404,
)
from softswitch.core.errors import DomainError

router = Router(tags=["Money"])
KEY_SIZE = 40  # beside it the ledger's key names the entry
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]


class BalanceOut(Schema):
    """Positive is the payer's money; ``available`` = amount + credit limit - reserved."""

    id: int
    customer_id: int
    account_id: int | None
    currency: str = Field(alias="currency_id")
    mode: str
    amount: Decimal
    credit_limit: Decimal
    reserved: Decimal
    available: Decimal


class BalancePage(Schema):
    """One page of balances; ``next`` is what to ask ``after`` for more."""

    items: list[BalanceOut]
    next: int | None


class EntryOut(Schema):
    """One entry of a ledger: ``amount`` in the balance's currency, and what was entered."""

    id: int
    sequence: int
    kind: str
    amount: Decimal
    balance_after: Decimal
    original_amount: Decimal
    original_currency: str = Field(alias="original_currency_id")
    exchange_rate: Decimal
    notes: str
    posted_at: datetime


class EntryPage(Schema):
    """One page of entries; ``next`` is what to ask ``after`` for more."""

    items: list[EntryOut]
    next: int | None


class MaintenanceIn(In):
    """An amount above 0 in any currency of the system; the action gives the sign."""

    action: Literal["debit", "credit", "add_funds"]
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    notes: Annotated[str, Field(max_length=500)] = ""


class RedeemIn(In):
    """A PIN, and the balance to pay it into."""

    balance_id: Key
    pin: Annotated[str, Field(min_length=1, max_length=40)]


class RedeemedOut(Schema):
    """What was paid in, in the currency of the balance."""

    entry_id: int
    amount: Decimal
    balance_after: Decimal


class BalanceSearch(Paging):
    """Which balances: those of one customer, or of one account."""

    customer_id: Key | None = None
    account_id: Key | None = None

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of ``rows`` those that were asked for."""
        if self.customer_id is not None:
            rows = rows.filter(customer_id=self.customer_id)
        return rows if self.account_id is None else rows.filter(account_id=self.account_id)


def readable(actor: Actor) -> QuerySet[Any]:
    """The balances that the actor reads: all in its scope, with the right to see money."""
    if not may_see_balances(actor):
        raise PermissionDenied
    return visible(Balance, actor)


@router.get("/balances", response={200: BalancePage, REFUSALS: ErrorOut})
def list_balances(request: HttpRequest, search: Query[BalanceSearch]) -> Any:
    """The own balance, and those of the customers and accounts below."""
    return search.page(search.narrow(readable(actor_of(request))))


@router.get("/balances/{key}", response={200: BalanceOut, REFUSALS: ErrorOut})
def get_balance(request: HttpRequest, key: int) -> Any:
    """One balance."""
    return visible_or_404(readable(actor_of(request)), key)


@router.get("/balances/{key}/entries", response={200: EntryPage, REFUSALS: ErrorOut})
def list_entries(request: HttpRequest, key: int, paging: Query[Paging]) -> Any:
    """The entries of one balance that a person or a rule posted, oldest first, without usage."""
    actor = actor_of(request)
    balance = visible_or_404(readable(actor), key)
    entries = visible(LedgerEntry, actor).filter(balance=balance)
    return paging.page(entries_shown_to(entries, actor))


@router.post("/balances/{key}/maintenance", response={201: EntryOut, REFUSALS: ErrorOut})
def post_maintenance(
    request: HttpRequest,
    key: int,
    body: MaintenanceIn,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=80)],
) -> Any:
    """Post a Debit, a Credit or Add Funds to a balance that the token's customer bills.

    Sent again with the same ``Idempotency-Key``, it posts nothing and is answered the same.
    """
    actor = actor_of(request, "money.manage")
    balance = visible_or_404(readable(actor), key)
    if balance.closed_at is not None:
        raise DomainError("closed", "The customer has left: this balance is closed.")
    entry = maintain(
        actor=actor,
        balance=balance,
        action=body.action,
        amount=body.amount,
        currency=body.currency,
        notes=body.notes,
        key=ledger_key(actor, idempotency_key),
    )
    return Status(201, visible_or_404(visible(LedgerEntry, actor), entry.pk))


@router.post("/entries/{key}/reverse", response={201: EntryOut, REFUSALS: ErrorOut})
def reverse(
    request: HttpRequest,
    key: int,
    body: ReasonIn,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=80)],
) -> Any:
    """Take an entry back by one of the opposite amount: a payment that bounced, say.

    Invoices that it has settled are open again. Sent again with the same ``Idempotency-Key``, it
    posts nothing and is answered the same.
    """
    actor = actor_of(request, "money.manage")
    readable(actor)
    rows = visible(LedgerEntry, actor).select_related("balance", "customer")
    entry = reverse_entry(
        actor=actor,
        entry=visible_or_404(rows, key),
        reason=body.reason,
        key=ledger_key(actor, idempotency_key)[:KEY_SIZE],
    )
    return Status(201, visible_or_404(visible(LedgerEntry, actor), entry.pk))


@router.post("/vouchers/redeem", response={201: RedeemedOut, REFUSALS: ErrorOut})
def redeem(request: HttpRequest, body: RedeemIn) -> Any:
    """Pay a voucher into a balance. A PIN works once, and wrong ones are counted."""
    actor = actor_of(request)
    balance = visible_or_404(readable(actor), body.balance_id)
    entry = redeem_voucher(actor=actor, balance=balance, pin=body.pin)
    answer = {
        "entry_id": entry.pk,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
    }
    return Status(201, answer)


def ledger_key(actor: Actor, key: str) -> str:
    """The ledger's own key for a request's: another user's same key is another one."""
    user_id = actor.user.pk if actor.user else 0
    return "api:" + hashlib.sha256(f"{user_id}:{key}".encode()).hexdigest()
