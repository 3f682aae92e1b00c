"""Stores calls that wait to be charged, and recomputes what they must cost, one by one."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.db.models import Q

from accounts.models import Account
from billing.models import Balance, Charge
from calls.models import Call, PendingCall, Switch
from customers.models import Customer, CustomerOwnership
from softswitch.core.partitions import ensure_months
from tariffs.models import ExchangeRate, Rate, Tariff, TariffAssignment, TariffVersion
from tariffs.rating.formula import charge
from tariffs.rating.match import find_rate
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
_ids = count(1)


def store_call(
    customer: Customer | None,
    number: str,
    seconds: float = 60,
    *,
    at: datetime = START,
    account: Account | None = None,
    answered: bool = True,
    **facts: Any,
) -> Call:
    """One call as ingestion leaves it: stored, and waiting to be charged; ``facts`` are columns."""
    switch, _created = Switch.objects.get_or_create(name="sw-1")
    duration = timedelta(seconds=seconds)
    ensure_months(["calls_call"], [date(at.year, at.month, 1)])
    call = Call.objects.create(
        id=next(_ids),
        setup_at=at,
        answered_at=at + timedelta(seconds=3) if answered else None,
        ended_at=at + timedelta(seconds=3) + duration,
        duration_ms=round(seconds * 1000) if answered else 0,
        switch=switch,
        native_id=str(uuid4()),
        customer=customer,
        account=account,
        called_number=number,
        called_raw=number,
        content_hash=uuid4(),
        **facts,
    )
    PendingCall.objects.create(call_id=call.id, setup_at=at)
    return call


def charges_of(call: Call) -> list[Charge]:
    return list(Charge.objects.filter(call_id=call.id).order_by("level"))


def amounts_of(call: Call) -> list[Decimal]:
    return [charge.amount for charge in charges_of(call)]


def expected_charges(call: Call) -> list[tuple[int, int | None, Decimal, Decimal]]:
    """(level, customer, cost, amount) of each level, by the scalar formula and plain queries."""
    rows: list[tuple[int, int | None, Decimal, Decimal]] = []
    customer_id, level = call.customer_id, 1
    terms = call.account and call.account.terms.filter(_in_force_of(call)).first()
    if terms and terms.tariff:
        balance = Balance.objects.get(account=call.account)
        rows.append((0, customer_id, *_cost(call, terms.tariff, balance)))
    while not Customer.objects.get(pk=customer_id).is_root:
        tariff = (
            TariffAssignment.objects.filter(_in_force_of(call)).get(customer=customer_id).tariff
        )
        taking = Q(closed_at=None) | Q(closed_at__gt=call.setup_at)
        pairs = Balance.objects.filter(taking, customer=customer_id, account=None)
        balance = pairs.earliest("opened_at")
        rows.append((level, customer_id, *_cost(call, tariff, balance)))
        ownership = CustomerOwnership.objects.filter(_in_force_of(call)).get(customer=customer_id)
        customer_id, level = ownership.owner_id, level + 1
    return rows


def stored_charges(call: Call) -> list[tuple[int, int | None, Decimal, Decimal]]:
    return [(c.level, c.customer_id, c.cost, c.amount) for c in charges_of(call)]


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _in_force_of(call: Call) -> Q:
    at = call.setup_at
    return Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at))


def _cost(call: Call, tariff: Tariff, balance: Balance) -> tuple[Decimal, Decimal]:
    if call.answered_at is None or not call.duration_ms:
        return Decimal(0), Decimal(0)
    version = TariffVersion.objects.filter(_in_force_of(call)).get(tariff=tariff)
    terms = TariffTerms(
        connect_fee=version.connect_fee,
        free_seconds=version.free_seconds,
        grace_period=version.grace_period,
        post_call_surcharge=version.post_call_surcharge,
        duration_rounding=Rounding(version.duration_rounding),
        cost_rounding=Rounding(version.cost_rounding),
        decimals=version.decimals,
        not_billed=version.is_not_billed,
    )
    rates = [
        RateTerms(
            r.prefix,
            r.price_1,
            r.price_n,
            r.interval_1,
            r.interval_n,
            r.is_forbidden,
            r.grace_enabled,
            r.valid_from,
            r.valid_till,
        )
        for r in Rate.objects.filter(tariff=tariff)
    ]
    rate = find_rate(rates, call.called_number, call.setup_at)
    assert rate is not None
    cost = charge(terms, rate, Decimal(call.duration_ms) / 1000).cost
    day = call.ended_at.astimezone(UTC).date()
    by_from, by_to = _to_base(tariff.currency_id, day), _to_base(balance.currency_id, day)
    amount = cost * by_from / by_to if by_from != by_to else cost
    return cost, amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _to_base(currency: str, day: date) -> Decimal:
    if currency == "USD":
        return Decimal(1)
    rows = ExchangeRate.objects.filter(currency=currency, valid_on__lte=day)
    rate: Decimal = rows.latest("valid_on", "id").rate
    return rate
