"""What calls would cost at each level that their reader may see, and why they could not start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Account
from billing.selectors.balances import may_see_balance, may_see_balances
from calls.choices import Refusal
from calls.selectors.payers import (
    FAR,
    Desk,
    Met,
    Payer,
    Question,
    chain_at,
    payable_seconds,
    unprofitable,
    unrateable,
)
from customers.models import Customer
from customers.selectors.names import names_when_left
from customers.tenancy import Actor
from softswitch.core.money import half_up
from tariffs.models import Rate, TariffVersion
from tariffs.rating.explain import Step, explain
from tariffs.rating.formula import charge
from tariffs.selectors import cross_rate, terms_of

MAX_NUMBERS = 50


@dataclass(frozen=True, slots=True)
class SimulatedLevel:
    """What a customer, or an account by itself, would pay for one call.

    ``cost`` is in the tariff's currency, ``amount`` in the balance's ``currency``; ``margin`` is
    what the level's owner keeps of it: None where its own charge is hidden or not known.
    ``longest`` is how many seconds the funds pay for, None without a limit or where the balance is
    not the reader's to see (``available`` None). ``refusal`` may stand beside a charge.
    """

    customer: Customer
    account: Account | None = None
    version: TariffVersion | None = None
    rate: Rate | None = None
    currency: str = ""
    cost: Decimal | None = None
    amount: Decimal | None = None
    billed_seconds: int = 0
    steps: tuple[Step, ...] = ()
    margin: Decimal | None = None
    available: Decimal | None = None
    longest: int | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One number: the visible levels from the bottom up, and what they say together.

    ``is_refused_above`` says that a level above the reader's customer, or its provider's own terms
    for it, refuse: neither which nor why. ``margin`` is what all visible owners keep, in the bottom
    level's currency. ``longest`` is the smallest of the visible levels' and of the caps: 0 where
    their funds pay for no call, which ``is_allowed`` does not ask.
    """

    number: str
    levels: tuple[SimulatedLevel, ...]
    is_refused_above: bool
    margin: Decimal | None
    longest: int

    @property
    def is_allowed(self) -> bool:
        is_refused = self.is_refused_above or any(level.refusal for level in self.levels)
        return bool(self.levels) and not is_refused


def simulate_calls(
    actor: Actor,
    *,
    customer: Customer,
    numbers: Sequence[str],
    at: datetime,
    duration: Decimal,
    account: Account | None = None,
) -> list[SimulatedCall]:
    """What calls to ``numbers`` (digits) would cost at each level that the actor may see.

    ``account`` is one of ``customer``'s, if the call is by one; ``duration`` in seconds. The number
    of statements does not grow with the numbers. Empty where the customer was not in service at
    ``at``, or not below the actor's.
    """
    chain = chain_at(customer.pk, at)
    if at >= FAR or not (actor.is_root or actor.customer_id in chain):
        return []
    visible = len(chain) if actor.is_root else chain.index(actor.customer_id) + 1
    gone = names_when_left(actor, chain[:visible])
    desk = Desk.of(Question(customer.pk, account, numbers, at, duration), chain, gone)
    if not desk.payers:
        return []
    visible += len(desk.payers) - len(chain)
    return [_simulated(actor, desk, visible, number) for number in numbers]


def simulated_accounts() -> QuerySet[Account]:
    """The accounts by which a call may be simulated, with their customers; a page scopes them."""
    accounts: QuerySet[Account] = Account.objects.live().select_related("customer")
    return accounts


def _simulated(actor: Actor, desk: Desk, visible: int, number: str) -> SimulatedCall:
    met = desk.meets(number)
    levels = [_level(actor, desk, *pair) for pair in zip(desk.payers, met, strict=True)]
    own = visible if actor.is_root else visible - 1  # sold by the reader's customer or below it
    is_refused_above = any(level.refusal for level in levels[visible:])
    for place, level in enumerate(levels):
        refusal = level.refusal or unprofitable(met, place, desk.opening)
        is_refused_above |= bool(refusal) and place >= own and not level.refusal
        if place < own:
            margin = _margin(level, levels[place + 1 : place + 2], desk.exchange)
            levels[place] = replace(level, refusal=refusal, margin=margin)
    shown = tuple(levels[:visible])
    total = _margin(shown[0], shown[-1:], desk.exchange) if len(shown) > 1 else None
    return SimulatedCall(
        number, shown, is_refused_above, total, _longest(shown, desk.asked.account)
    )


def _level(actor: Actor, desk: Desk, payer: Payer, met: Met | None) -> SimulatedLevel:
    refusal = unrateable(payer, met, desk.exchange)
    level = SimulatedLevel(payer.customer, payer.account, payer.version, refusal=refusal)
    if met is None:
        return level
    rate, terms = met
    if rate.is_forbidden:
        return replace(level, rate=rate)
    tariff_terms = terms_of(terms.version)
    charged = charge(tariff_terms, terms.rate, desk.asked.duration)
    cross = cross_rate(terms.version.tariff.currency_id, terms.currency, desk.exchange)
    level = replace(
        level,
        rate=rate,
        currency=terms.currency,
        cost=charged.cost,
        billed_seconds=charged.billed_seconds,
        steps=explain(tariff_terms, terms.rate, desk.asked.duration),
    )
    if cross is None:
        return level
    level = replace(level, amount=half_up(Fraction(charged.cost) * cross, 6))
    is_hidden = payer.customer.pk in desk.gone or not _may_see(actor, payer)
    opening = cross_rate(terms.version.tariff.currency_id, terms.currency, desk.opening)
    if payer.balance is None or opening is None or is_hidden:
        return level
    available = payer.balance.available
    longest = payable_seconds(terms, available, desk.opening)
    return replace(level, available=available, longest=longest)


def _may_see(actor: Actor, payer: Payer) -> bool:
    return may_see_balances(actor) if payer.account else may_see_balance(actor, payer.customer)


def _margin(
    level: SimulatedLevel, sellers: Sequence[SimulatedLevel], exchange: Mapping[str, Decimal]
) -> Decimal | None:
    """What is left of a level's charge after its seller's own; None where one is not known."""
    if not sellers or level.amount is None or sellers[0].amount is None:
        return None
    cross = cross_rate(sellers[0].currency, level.currency, exchange)
    if cross is None:
        return None
    return level.amount - half_up(Fraction(sellers[0].amount) * cross, 6)


def _longest(levels: Sequence[SimulatedLevel], account: Account | None) -> int:
    limits = [level.longest for level in levels]
    limits.append(account.max_call_seconds if account else None)
    return min([settings.MAX_CALL_SECONDS, *(limit for limit in limits if limit is not None)])
