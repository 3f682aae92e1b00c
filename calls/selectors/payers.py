"""Who pays for a call, by which terms and from which balance: all levels of a customer at once."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from accounts.models import Account
from accounts.selectors.charging import own_tariff_at
from billing.models import Balance
from calls.choices import Refusal
from customers.models import Customer
from customers.selectors import chains
from tariffs.models import Rate, TariffVersion
from tariffs.rating.formula import max_duration
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

FAR = datetime(9000, 1, 1, tzinfo=UTC)  # local times beyond might not exist
Met = tuple[Rate, LevelTerms]  # the row that a number meets, and the level's terms
_VERDICTS = {Verdict.LOSS: Refusal.LOSS, Verdict.UNPROFITABLE: Refusal.UNPROFITABLE}


def chain_at(customer_id: int, at: datetime) -> tuple[int, ...]:
    """A customer first, its top owner below Root last; empty for Root, and out of service."""
    segments = chains([customer_id]).get(customer_id, [])
    return next((s.customers for s in segments if s.valid_from <= at < (s.valid_till or FAR)), ())


@dataclass(frozen=True, slots=True)
class Question:
    """Calls of a customer, by its account if there is one; ``duration`` in seconds."""

    customer_id: int
    account: Account | None
    numbers: Sequence[str]
    at: datetime
    duration: Decimal


@dataclass(frozen=True, slots=True)
class Payer:
    """A level before a number is known: who pays, by which version, from which balance."""

    customer: Customer
    account: Account | None
    version: TariffVersion | None
    balance: Balance | None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the levels of any number need, read at once, in as many statements for any tree.

    ``exchange`` is in force when the call ends, which converts its charges, ``opening`` when it
    starts. ``gone`` are levels that the reader has no more below it, by the names it knew.
    """

    asked: Question
    caller: Customer
    payers: list[Payer]
    rates: dict[int, list[Rate]]
    exchange: Mapping[str, Decimal]
    opening: Mapping[str, Decimal]
    gone: Mapping[int, str]

    @classmethod
    def of(cls, asked: Question, chain: Sequence[int], gone: Mapping[int, str]) -> "Desk":
        account, at = asked.account, asked.at
        known = Customer.objects.in_bulk([*chain, asked.customer_id])
        for pk, name in gone.items():
            known[pk].name = name  # to be read, never saved
        caller = known[asked.customer_id]
        paid = tariffs_at(chain, at)
        own = own_tariff_at(account, at) if account else None
        versions = versions_at({*paid.values(), *([own] if own else [])}, at)
        balances = _balances(list(known), account)
        payers = [
            Payer(known[pk], None, versions.get(paid.get(pk, 0)), balances.get((pk, None)))
            for pk in chain
        ]
        if account and own:
            balance = balances.get((caller.pk, account.pk))
            payers.insert(0, Payer(caller, account, versions.get(own), balance))
        currencies = {version.tariff.currency_id for version in versions.values()}
        currencies |= {payer.balance.currency_id for payer in payers if payer.balance}
        rates = rates_at(versions, asked.numbers, at)
        opening = exchange = rates_in_force(currencies, at)
        end = at + timedelta(milliseconds=int(asked.duration * 1000))
        if end.astimezone(UTC).date() != at.astimezone(UTC).date():
            exchange = rates_in_force(currencies, end)
        return cls(asked, caller, payers, rates, exchange, opening, gone)

    def meets(self, number: str) -> list[Met | None]:
        """Of each payer what the number meets."""
        return [self._rate_of(payer, number) for payer in self.payers]

    def _rate_of(self, payer: Payer, number: str) -> Met | None:
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


def _balances(
    customer_ids: Collection[int], account: Account | None
) -> dict[tuple[int, int | None], Balance]:
    """The open balances of customers and of one account, by the pair that has each."""
    whose = Q(account=None) | Q(account=account) if account else Q(account=None)
    rows = Balance.objects.filter(whose, customer__in=customer_ids, closed_at=None)
    return {(row.customer_id, row.account_id): row for row in rows}


def unrateable(payer: Payer, met: Met | None, exchange: Mapping[str, Decimal]) -> Refusal | None:
    """Why a level cannot be charged for a call; None where it can."""
    if met is None:
        return Refusal.NO_TARIFF if payer.version is None else Refusal.NO_RATE
    rate, terms = met
    if rate.is_forbidden:
        return Refusal.FORBIDDEN
    cross = cross_rate(terms.version.tariff.currency_id, terms.currency, exchange)
    return Refusal.NO_EXCHANGE_RATE if cross is None else None


def unprofitable(
    met: Sequence[Met | None], place: int, exchange: Mapping[str, Decimal]
) -> Refusal | None:
    """Whether the owner of a level earns what it must; None also where that cannot be told."""
    found = met[place]
    if found is None:
        return None
    above = met[place + 1] if place + 1 < len(met) else None
    if above is None and place + 1 < len(met):
        return None  # that level refuses the call itself
    return _VERDICTS.get(verdict_of(found[1], above[1] if above else None, exchange))


def payable_seconds(
    terms: LevelTerms, available: Decimal, exchange: Mapping[str, Decimal]
) -> int | None:
    """How many seconds are paid for by what a balance has; None: without a limit, or unknown.

    Where another currency is converted by ``exchange``, the funds count as never more than they
    are: their part below the tenth decimal of the tariff's currency is left out.
    """
    cross = cross_rate(terms.version.tariff.currency_id, terms.currency, exchange)
    if cross is None:
        return None
    funds = Decimal(f"{math.floor(Fraction(available) / cross * 10**10)}E-10")
    return max_duration(terms_of(terms.version), terms.rate, funds)
