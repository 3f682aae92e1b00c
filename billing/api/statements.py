"""Statements, payments and billing periods in the API."""

from dataclasses import asdict
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from billing.api.balances import ledger_key, readable
from billing.api.schemas import (
    PaymentIn,
    PaymentOut,
    PaymentPage,
    PaymentSearch,
    PeriodPage,
    PeriodSearch,
    StatementOut,
    StatementSearch,
)
from billing.choices import EntryKind
from billing.models import Balance, BillingPeriod, LedgerEntry
from billing.selectors.closing import periods_shown_to
from billing.selectors.statements import default_days, payments_in, statement
from billing.services.maintenance import maintain
from calls.selectors.re_rating import re_ratings_of
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, actor_of, visible, visible_or_404
from softswitch.core.errors import DomainError

router = Router(tags=["Money"])
LONGEST = 366  # days of one statement


def balance_asked(actor: Actor, search: StatementSearch) -> Balance:
    """The balance in use of the customer or account that was asked for, else the own one."""
    wanted: dict[str, int | None] = {"account_id": search.account_id}
    if search.account_id is None:
        wanted["customer_id"] = search.customer_id or actor.customer_id
    rows = readable(actor).filter(closed_at=None, **wanted)
    found: Balance = visible_or_404(rows, rows.values_list("pk", flat=True).first() or 0)
    return found


@router.get("/statements", response={200: StatementOut, REFUSALS: ErrorOut})
def get_statement(request: HttpRequest, search: Query[StatementSearch]) -> Any:
    """The ledger of one balance by days, calls added up per local day."""
    actor = actor_of(request)
    balance = balance_asked(actor, search)
    first, last = default_days(balance)
    until = search.until or last
    since = search.since or min(first, until)
    if not 0 <= (until - since).days < LONGEST:
        raise DomainError("days", f"Ask for 1 to {LONGEST} days.", field="until")
    found = statement(actor=actor, balance=balance, since=since, until=until)
    made = re_ratings_of(actor, [pk for line in found.lines for pk in line.corrections])
    return {
        "balance_id": balance.pk,
        "currency": found.currency,
        "timezone": found.zone,
        "since": found.since,
        "until": found.until,
        "opening": found.opening,
        "credits": found.credits,
        "debits": found.debits,
        "closing": found.closing,
        "lines": [
            asdict(line)
            | {"re_ratings": sorted({made[pk] for pk in line.corrections if pk in made})}
            for line in found.lines
        ],
    }


def payments(actor: Actor) -> QuerySet[Any]:
    """The payments on the balances that the actor reads."""
    readable(actor)  # refuses who may see no balances
    return payments_in(visible(LedgerEntry, actor)).select_related("balance")


@router.get("/payments", response={200: PaymentPage, REFUSALS: ErrorOut})
def list_payments(request: HttpRequest, search: Query[PaymentSearch]) -> Any:
    """Money that came in or went out: Add Funds, vouchers, transfers, and what reverses them."""
    return search.page(search.narrow(payments(actor_of(request))))


@router.post("/payments", response={201: PaymentOut, REFUSALS: ErrorOut})
def post_payment(
    request: HttpRequest,
    body: PaymentIn,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=80)],
) -> Any:
    """A payment received: Add Funds on a balance that the token's customer bills.

    It settles the oldest open invoices. Sent again with the same ``Idempotency-Key``, it posts
    nothing and is answered the same.
    """
    actor = actor_of(request, "money.manage")
    balance = visible_or_404(readable(actor), body.balance_id)
    if balance.closed_at is not None:
        raise DomainError("closed", "The customer has left: this balance is closed.")
    entry = maintain(
        actor=actor,
        balance=balance,
        action=EntryKind.ADD_FUNDS.value,
        amount=body.amount,
        currency=body.currency,
        notes=body.notes,
        key=ledger_key(actor, idempotency_key),
    )
    return Status(201, visible_or_404(payments(actor), entry.pk))


@router.get("/periods", response={200: PeriodPage, REFUSALS: ErrorOut})
def list_periods(request: HttpRequest, search: Query[PeriodSearch]) -> Any:
    """Billing periods, of the own customer and of those below, in the order they were opened."""
    actor = actor_of(request)
    readable(actor)
    return search.page(search.narrow(periods_shown_to(visible(BillingPeriod, actor), actor)))
