"""The simulator in the API: what calls would cost, before anybody makes them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from calls.selectors.simulate import (
    MAX_NUMBERS,
    SimulatedCall,
    SimulatedLevel,
    simulate_calls,
    simulated_accounts,
)
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, In, actor_of, visible, visible_or_404
from softswitch.core.errors import DomainError

router = Router(tags=["Rates"])
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]
Number = Annotated[str, Field(pattern="^[0-9]{3,15}$")]


class SimulationIn(In):
    """Calls that nobody makes: by an account, or by a customer; else by the token's own customer.

    ``numbers`` are E.164 digits without ``+``, ``duration`` is in seconds, ``at`` now if absent.
    """

    numbers: Annotated[list[Number], Field(min_length=1, max_length=MAX_NUMBERS)]
    customer_id: Key | None = None
    account_id: Key | None = None
    at: AwareDatetime | None = None
    duration: Annotated[Decimal, Field(ge=0, le=86_400, decimal_places=3)] = Decimal(60)


class StepOut(Schema):
    """One line of the formula with its numbers; the last one is the charge."""

    symbol: str
    expression: str
    value: str


class SimulatedRateOut(Schema):
    """The row of the tariff that the number meets; prices are per minute."""

    prefix: str
    destination: str
    valid_from: datetime
    profile: str | None
    price_1: Decimal
    price_n: Decimal
    interval_1: int
    interval_n: int


class SimulatedLevelOut(Schema):
    """What a level pays: ``cost`` in the tariff's currency, ``amount`` in its balance's.

    ``margin`` is what the level's owner keeps, in the balance's currency; null where the owner's
    own charge is not known. ``refusal`` is null, or why the call could not start.
    """

    customer_id: int
    account_id: int | None
    rate: SimulatedRateOut | None
    cost: Decimal | None
    tariff_currency: str | None
    amount: Decimal | None
    balance_currency: str | None
    billed_seconds: int
    formula: list[StepOut]
    margin: Decimal | None
    longest_seconds: int | None
    refusal: str | None


class SimulatedCallOut(Schema):
    """One number, from the bottom level up to the token's own customer.

    ``is_allowed`` asks rates and profits, ``longest_seconds`` the funds that the token may see.
    ``is_refused_above`` says that the provider refuses, not where or why.
    """

    number: str
    is_allowed: bool
    is_refused_above: bool
    levels: list[SimulatedLevelOut]
    margin: Decimal | None
    longest_seconds: int


@router.post("/simulations", response={200: list[SimulatedCallOut], REFUSALS: ErrorOut})
def simulate(request: HttpRequest, body: SimulationIn) -> Any:
    """The charge of calls to up to 50 numbers at each level that the token sees. Posts nothing."""
    actor = actor_of(request, "rates.view")
    customer, account = who_calls(actor, body)
    calls = simulate_calls(
        actor,
        customer=customer,
        account=account,
        numbers=body.numbers,
        at=body.at or now(),
        duration=body.duration,
    )
    if not calls:
        raise DomainError("not_in_service", "The customer was not in service then.")
    return [shown_call(call) for call in calls]


def who_calls(actor: Actor, body: SimulationIn) -> tuple[Customer, Any]:
    """The customer and account that are asked for: 404 for those out of scope."""
    if body.account_id is not None:
        rows = simulated_accounts()
        account = visible_or_404(rows & visible(rows.model, actor), body.account_id)
        if body.customer_id not in (None, account.customer_id):
            raise DomainError("account", "An account of another customer.", field="account_id")
        return account.customer, account
    if body.customer_id is None:
        return actor.customer, None
    return visible_or_404(visible(Customer, actor), body.customer_id), None


def shown_call(call: SimulatedCall) -> dict[str, Any]:
    """A call as the schema has it."""
    return {
        "number": call.number,
        "is_allowed": call.is_allowed,
        "is_refused_above": call.is_refused_above,
        "levels": [shown_level(level) for level in call.levels],
        "margin": call.margin,
        "longest_seconds": call.longest,
    }


def shown_level(level: SimulatedLevel) -> dict[str, Any]:
    """A level as the schema has it."""
    rate = level.rate
    return {
        "customer_id": level.customer.pk,
        "account_id": level.account.pk if level.account else None,
        "rate": SimulatedRateOut(
            prefix=rate.prefix,
            destination=rate.destination,
            valid_from=rate.valid_from,
            profile=rate.profile.name if rate.profile else None,
            price_1=rate.price_1,
            price_n=rate.price_n,
            interval_1=rate.interval_1,
            interval_n=rate.interval_n,
        )
        if rate
        else None,
        "cost": level.cost,
        "tariff_currency": level.version.tariff.currency_id if level.version else None,
        "amount": level.amount,
        "balance_currency": level.currency or None,
        "billed_seconds": level.billed_seconds,
        "formula": [
            {"symbol": step.symbol, "expression": step.expression, "value": step.value}
            for step in level.steps
        ],
        "margin": level.margin,
        "longest_seconds": level.longest,
        "refusal": level.refusal.value if level.refusal else None,
    }
