"""Dunning in the API: who is overdue or suspended, the log, and what its owner decides."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from billing.api.schemas import Day, Key, PartySearch, ReasonIn
from billing.choices import DunningState
from billing.models import Balance
from billing.selectors.dunning import dunned, issued_below, may_dun, next_steps, steps_of
from billing.services.dunning_actions import lift, promise, suspend
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, In, actor_of, visible, visible_or_404

router = Router(tags=["Dunning"])
Notes = Annotated[str, Field(max_length=300)]


class DunnedOut(Schema):
    """A balance that is overdue, suspended or put off by a promise; amounts in its currency."""

    balance_id: int = Field(alias="pk")
    customer_id: int
    customer_name: str = Field(alias="customer.name")
    account_id: int | None
    currency: str = Field(alias="currency_id")
    state: str
    overdue_amount: Decimal
    overdue_count: int
    overdue_since: date | None
    suspended_since: datetime | None = Field(alias="since")
    promised_until: date | None


class DunnedPage(Schema):
    """One page of balances; ``next`` is what to ask ``after`` for more."""

    items: list[DunnedOut]
    next: int | None


class StepOut(Schema):
    """One step of the log; ``who`` is empty for the system and for users above the token's."""

    id: int
    kind: str
    days: int
    on_day: date
    at: datetime
    invoice_id: int | None
    recipient: str
    notes: str
    who: str
    undone_at: datetime | None


class PlannedOut(Schema):
    """What happens next if nothing is paid, and on which local day."""

    kind: str
    on: date


class DunningOut(Schema):
    """The dunning of one balance: ``state`` is null where nothing is overdue or suspended."""

    balance_id: int
    state: str | None
    dunned: DunnedOut | None
    next: PlannedOut | None
    steps: list[StepOut]


class PromiseIn(In):
    """The last local day on which calls go on, and internal notes."""

    until: Day
    notes: Notes = ""


class LiftIn(In):
    """Internal notes."""

    notes: Notes = ""


class DunningSearch(PartySearch):
    """Which balances; ``issuer_id`` of the token's customer leaves out those below it."""

    issuer_id: Key | None = None
    state: DunningState | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "") -> QuerySet[Any]:
        wanted = {"issuer_id": self.issuer_id, "state": self.state}
        asked = {name: value for name, value in wanted.items() if value is not None}
        return super().narrow(rows, path).filter(**asked)


def readable(actor: Actor) -> QuerySet[Any]:
    """The balances in use that the actor's customer issues or stands above."""
    return issued_below(visible(Balance, actor), actor)


def decided_by(actor: Actor, key: int) -> Balance:
    """A balance that the actor's customer issues; 403 for one that somebody below it does."""
    balance: Balance = visible_or_404(readable(actor), key)
    if not may_dun(actor, balance):
        raise PermissionDenied
    return balance


def told(actor: Actor, key: int) -> dict[str, Any]:
    """The dunning of one balance as it stands."""
    balance: Balance = visible_or_404(readable(actor), key)
    found = dunned(visible(Balance, actor).filter(pk=key), actor).first()
    planned = next_steps([balance]).get(balance.pk)
    return {
        "balance_id": balance.pk,
        "state": None if found is None else found.state,
        "dunned": found,
        "next": planned,
        "steps": steps_of(actor, balance),
    }


@router.get("/dunning", response={200: DunnedPage, REFUSALS: ErrorOut})
def list_dunned(request: HttpRequest, search: Query[DunningSearch]) -> Any:
    """Balances below the token's customer that are overdue, suspended or put off by a promise."""
    actor = actor_of(request, "money.manage")
    return search.page(search.narrow(dunned(visible(Balance, actor), actor)))


@router.get("/balances/{key}/dunning", response={200: DunningOut, REFUSALS: ErrorOut})
def get_dunning(request: HttpRequest, key: int) -> Any:
    """The dunning of one balance: its state, what happens next, the latest steps of its log."""
    return told(actor_of(request, "money.manage"), key)


@router.post("/balances/{key}/dunning/promise", response={200: DunningOut, REFUSALS: ErrorOut})
def post_promise(request: HttpRequest, key: int, body: PromiseIn) -> Any:
    """Let calls go on up to a day, for a promise to pay; a later promise takes its place."""
    actor = actor_of(request, "money.manage")
    promise(actor=actor, balance=decided_by(actor, key), until=body.until, notes=body.notes)
    return told(actor, key)


@router.post("/balances/{key}/dunning/suspend", response={200: DunningOut, REFUSALS: ErrorOut})
def post_suspend(request: HttpRequest, key: int, body: ReasonIn) -> Any:
    """Stop the calls of a balance now."""
    actor = actor_of(request, "money.manage")
    suspend(actor=actor, balance=decided_by(actor, key), reason=body.reason)
    return told(actor, key)


@router.post("/balances/{key}/dunning/lift", response={200: DunningOut, REFUSALS: ErrorOut})
def post_lift(request: HttpRequest, key: int, body: LiftIn) -> Any:
    """Let calls go on; what is overdue now suspends no more until a person says so."""
    actor = actor_of(request, "money.manage")
    lift(actor=actor, balance=decided_by(actor, key), notes=body.notes)
    return told(actor, key)
