"""What calls would cost at each level that their reader may see, and why they could not start."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Account
from accounts.selectors.charging import own_tariff_at
from billing.models import Balance
from billing.selectors.balances import may_see_balance, may_see_balances
from calls.choices import Refusal
from customers.models import Customer
from customers.selectors import chains
from customers.selectors.names import names_when_left
from customers.tenancy import Actor
from softswitch.core.money import half_up
from tariffs.models import Rate, TariffVersion
from tariffs.rating.explain import Step, explain
from tariffs.rating.formula import charge, max_duration
from tariffs.rating.match import find_rate
from tariffs.rating.profitability import ProfitUnit, Verdict
from tariffs.selectors import (
    LevelTerms,
    cross_rate,
    rate_terms_of,
    rates_at,
    rates_in_force,
    tariffs_at,
    terms_of,
    verdict_of,
    versions_at,
)

MAX_NUMBERS = 50
_FAR = datetime(9000, 1, 1, tzinfo=UTC)  # local times beyond might not exist
_VERDICTS = {Verdict.LOSS: Refusal.LOSS, Verdict.UNPROFITABLE: Refusal.UNPROFITABLE}


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
    chain = _chain_at(customer, at)
    if at >= _FAR or not (actor.is_root or actor.customer_id in chain):
        return []
    visible = len(chain) if actor.is_root else chain.index(actor.customer_id) + 1
    gone = names_when_left(actor, chain[:visible])
    desk = _Desk.of(_Question(customer, account, numbers, at, duration), chain, gone)
    if not desk.payers:
        return []
    visible += len(desk.payers) - len(chain)
    return [_simulated(actor, desk, visible, number) for number in numbers]


def simulated_accounts() -> QuerySet[Account]:
    """The accounts by which a call may be simulated, with their customers; a page scopes them."""
    accounts: QuerySet[Account] = Account.objects.live().select_related("customer")
    return accounts


def _chain_at(customer: Customer, at: datetime) -> tuple[int, ...]:
    segments = chains([customer.pk]).get(customer.pk, [])
    return next((s.customers for s in segments if s.valid_from <= at < (s.valid_till or _FAR)), ())


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, as simulate_calls takes it."""

    customer: Customer
    account: Account | None
    numbers: Sequence[str]
    at: datetime
    duration: Decimal


@dataclass(frozen=True, slots=True)
class _Payer:
    """A level before a number is known: who pays, by which version, from which balance."""

    customer: Customer
    account: Account | None
    version: TariffVersion | None
    balance: Balance | None


@dataclass(frozen=True, slots=True)
class _Desk:
    """All that the levels of any number need, read at once.

    ``exchange`` is in force when the call ends, which converts its charges, ``opening`` when it
    starts. ``gone`` are levels that the reader has no more below it, by the names it knew.
    """

    asked: _Question
    payers: list[_Payer]
    rates: dict[int, list[Rate]]
    exchange: Mapping[str, Decimal]
    opening: Mapping[str, Decimal]
    gone: Mapping[int, str]

    @classmethod
    def of(cls, asked: _Question, chain: Sequence[int], gone: Mapping[int, str]) -> "_Desk":
        customer, account, at = asked.customer, asked.account, asked.at
        known = Customer.objects.in_bulk([*chain, customer.pk])
        for pk, name in gone.items():
            known[pk].name = name  # to be read, never saved
        paid = tariffs_at(chain, at)
        own = own_tariff_at(account, at) if account else None
        versions = versions_at({*paid.values(), *([own] if own else [])}, at)
        rows = Balance.objects.filter(customer__in=known, closed_at=None)
        found = [row for row in rows if row.account_id in (None, account.pk if account else None)]
        balances = {(row.customer_id, row.account_id): row for row in found}
        payers = [
            _Payer(known[pk], None, versions.get(paid.get(pk, 0)), balances.get((pk, None)))
            for pk in chain
        ]
        if account and own:
            balance = balances.get((customer.pk, account.pk))
            payers.insert(0, _Payer(known[customer.pk], account, versions.get(own), balance))
        currencies = {version.tariff.currency_id for version in versions.values()}
        currencies |= {payer.balance.currency_id for payer in payers if payer.balance}
        rates = rates_at(versions, asked.numbers, at)
        opening = exchange = rates_in_force(currencies, at)
        end = at + timedelta(milliseconds=int(asked.duration * 1000))
        if end.astimezone(UTC).date() != at.astimezone(UTC).date():
            exchange = rates_in_force(currencies, end)
        return cls(asked, payers, rates, exchange, opening, gone)

    def rate_of(self, payer: _Payer, number: str) -> tuple[Rate, LevelTerms] | None:
        """The row that a number meets, as the rating core picks it, with the level's terms."""
        if payer.version is None:
            return None
        tariff = payer.version.tariff
        fitting = [r for r in self.rates.get(tariff.pk, ()) if number.startswith(r.prefix)]
        terms = [rate_terms_of(rate) for rate in fitting]
        found = find_rate(terms, number, self.asked.at, tariff.timezone)
        if found is None:
            return None
        place = next(place for place, row in enumerate(terms) if row is found)
        currency = payer.balance.currency_id if payer.balance else tariff.currency_id
        minimum = None if payer.account else payer.customer.min_profitability
        unit = ProfitUnit(payer.customer.min_profitability_unit)
        return fitting[place], LevelTerms(payer.version, found, currency, minimum, unit)


def _simulated(actor: Actor, desk: _Desk, visible: int, number: str) -> SimulatedCall:
    met = [desk.rate_of(payer, number) for payer in desk.payers]
    levels = [_level(actor, desk, *pair) for pair in zip(desk.payers, met, strict=True)]
    terms = [pair[1] if pair else None for pair in met]
    own = visible if actor.is_root else visible - 1  # sold by the reader's customer or below it
    is_refused_above = any(level.refusal for level in levels[visible:])
    for place, level in enumerate(levels):
        refusal = level.refusal or _judge(terms, place, desk.opening)
        is_refused_above |= bool(refusal) and place >= own and not level.refusal
        if place < own:
            margin = _margin(level, levels[place + 1 : place + 2], desk.exchange)
            levels[place] = replace(level, refusal=refusal, margin=margin)
    shown = tuple(levels[:visible])
    total = _margin(shown[0], shown[-1:], desk.exchange) if len(shown) > 1 else None
    return SimulatedCall(
        number, shown, is_refused_above, total, _longest(shown, desk.asked.account)
    )


def _level(
    actor: Actor, desk: _Desk, payer: _Payer, met: tuple[Rate, LevelTerms] | None
) -> SimulatedLevel:
    level = SimulatedLevel(payer.customer, payer.account, payer.version)
    if met is None:
        missing = Refusal.NO_TARIFF if payer.version is None else Refusal.NO_RATE
        return replace(level, refusal=missing)
    rate, terms = met
    if rate.is_forbidden:
        return replace(level, rate=rate, refusal=Refusal.FORBIDDEN)
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
        return replace(level, refusal=Refusal.NO_EXCHANGE_RATE)
    level = replace(level, amount=half_up(Fraction(charged.cost) * cross, 6))
    opening = cross_rate(terms.version.tariff.currency_id, terms.currency, desk.opening)
    is_hidden = payer.customer.pk in desk.gone or not _may_see(actor, payer)
    if payer.balance is None or opening is None or is_hidden:
        return level
    funds = _floored(Fraction(payer.balance.available) / opening)
    longest = max_duration(tariff_terms, terms.rate, funds)
    return replace(level, available=payer.balance.available, longest=longest)


def _may_see(actor: Actor, payer: _Payer) -> bool:
    return may_see_balances(actor) if payer.account else may_see_balance(actor, payer.customer)


def _judge(
    terms: Sequence[LevelTerms | None], place: int, exchange: Mapping[str, Decimal]
) -> Refusal | None:
    """Whether the owner of a level earns what it must; None also where that cannot be told."""
    level = terms[place]
    if level is None:
        return None
    above = terms[place + 1] if place + 1 < len(terms) else None
    if above is None and place + 1 < len(terms):
        return None  # that level refuses the call itself
    return _VERDICTS.get(verdict_of(level, above, exchange))


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


def _floored(funds: Fraction) -> Decimal:
    """Funds in a tariff's currency, never more than they are."""
    return Decimal(f"{math.floor(funds * 10**10)}E-10")
