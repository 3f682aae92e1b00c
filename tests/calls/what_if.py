"""Asks what-ifs, and answers them once more by looking at each call by itself."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Q

from billing.models import Charge
from calls.choices import REASONS
from calls.models import Call, Destination, WhatIf
from calls.services.what_if.asking import Question, ask_what_if
from calls.services.what_if.computing import SUMS
from calls.services.what_if.questions import Change, changes_of
from calls.services.what_if.running import run_what_if
from customers.models import Customer
from customers.tenancy import Actor
from tariffs.models import ExchangeRate, Rate, Tariff, TariffVersion
from tariffs.rating.formula import charge as charge_one
from tariffs.rating.match import find_rate
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms
from tests.calls.stored import START

SPAN = (START - timedelta(days=60), START + timedelta(days=300))
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


def asked(actor: Actor, *changes: Change, seller: Customer | None = None, **asked: Any) -> WhatIf:
    """A what-if of ``actor``'s, answered."""
    question = Question(
        name="What if",
        seller=seller or actor.customer,
        changes=changes,
        **({"since": SPAN[0], "until": SPAN[1]} | asked),
    )
    what_if = ask_what_if(actor=actor, question=question, by_job=False)
    assert run_what_if(what_if_id=what_if.pk)
    what_if.refresh_from_db()
    assert (what_if.state, what_if.failure) == ("done", "")
    return what_if


def answer_of(what_if: WhatIf) -> Rows:
    """The kept rows: parties, destination and reason to the sums."""
    names = dict(Destination.objects.values_list("pk", "name"))
    rows = [
        (
            (row.seller_id, row.customer_id, row.balance_id, row.issuer_balance_id,
             names.get(row.destination_id, ""), REASONS[row.reason]),
            tuple(getattr(row, name) for name in SUMS),
        )
        for row in what_if.rows.all()
    ]  # fmt: skip
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def naive_answer(what_if: WhatIf, sellers: Sequence[int]) -> Rows:
    """The same rows by the scalar formula and plain queries, one call after the other."""
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0] * len(SUMS))
    for call in Call.objects.filter(setup_at__gte=what_if.since, setup_at__lt=what_if.until):
        levels = _levels_of(call)
        if not levels or not _is_asked(what_if, levels):
            continue
        after, reason = _after(what_if, call, levels)
        for seller, sale, cost in _pairs(levels, sellers):
            if not _is_told(what_if, seller, call):
                continue
            some = sale if sale is not None else cost
            assert some is not None
            one = levels[some][0]
            place = one.rate.destination if one.rate else ""
            key = (
                seller, one.customer_id,
                0 if sale is None else one.balance_id,
                0 if cost is None else levels[cost][0].balance_id, place, reason,
            )  # fmt: skip
            before = [0 if at is None else levels[at][1] for at in (sale, cost)]
            later = [0 if at is None else after[at] for at in (sale, cost)]
            values = (1, call.duration_ms, before[0], later[0], before[1], later[1])
            found[key] = [a + b for a, b in zip(found[key], values, strict=True)]
    return {key: tuple(values) for key, values in found.items()}


Level = tuple[Charge, Decimal]


def _levels_of(call: Call) -> list[Level]:
    """The last revision of each level with the sum of all; none of calls that were not answered."""
    if call.answered_at is None or not call.duration_ms or call.customer_id is None:
        return []
    charges = Charge.objects.filter(call_id=call.id).select_related("rate", "tariff_version")
    found: dict[int, list[Charge]] = defaultdict(list)
    for one in charges.order_by("level", "revision"):
        found[one.level].append(one)
    return [(rows[-1], sum((r.amount for r in rows), Decimal(0))) for rows in found.values()]


def _is_asked(what_if: WhatIf, levels: list[Level]) -> bool:
    payers = {one.customer_id for one, _amount in levels if one.account_id is None}
    if what_if.customer_id and what_if.customer_id not in payers:
        return False
    if not what_if.customer_id and not what_if.seller.is_root and what_if.seller_id not in payers:
        return False
    return what_if.tariff_id is None or any(
        one.issuer_id == what_if.seller_id
        and one.tariff_version is not None
        and one.tariff_version.tariff_id == what_if.tariff_id
        for one, _amount in levels
    )


def _is_told(what_if: WhatIf, seller: int, call: Call) -> bool:
    """Whether the seller was the asking customer, or stood below it, when the call began."""
    customer: Customer | None = Customer.objects.get(pk=seller)
    while customer is not None and customer.pk != what_if.owner_id:
        if customer.is_root:
            return False
        owners = customer.ownerships.filter(_in_force(call.setup_at))
        customer = owners.get().owner
    return True


def _pairs(
    levels: list[Level], sellers: Sequence[int]
) -> Iterator[tuple[int, int | None, int | None]]:
    for place, (one, _amount) in enumerate(levels):
        if one.issuer_id in sellers:
            upper = place + 1 if place + 1 < len(levels) else None
            if upper is not None and levels[upper][0].customer_id != one.issuer_id:
                upper = None
            yield one.issuer_id, place, upper
        if place == 0 and one.level == 1 and one.customer_id in sellers:
            yield one.customer_id, None, 0


def _after(what_if: WhatIf, call: Call, levels: list[Level]) -> tuple[list[Decimal], str]:
    amounts, reason = [amount for _one, amount in levels], ""
    for change in changes_of(what_if):
        for place, (one, _amount) in enumerate(levels):
            if _is_meant(what_if, change, one):
                value = priced(what_if, change, call, one)
                reason = value if isinstance(value, str) else reason
                amounts[place] = amounts[place] if isinstance(value, str) else value
    return ([amount for _one, amount in levels] if reason else amounts), reason


def _is_meant(what_if: WhatIf, change: Change, one: Charge) -> bool:
    paid_by = one.tariff_version.tariff_id if one.tariff_version else None
    if paid_by is None:
        return False
    if change.side == "buy":
        return one.customer_id == what_if.seller_id and one.account_id is None
    replaces = change.replaces or (change.tariff if change.kind == "markup" else None)
    owner = Tariff.objects.get(pk=change.tariff or 0).owner_id
    return one.issuer_id == owner and replaces in (None, paid_by)


def priced(what_if: WhatIf, change: Change, call: Call, one: Charge) -> Decimal | str:
    """What one level comes to by the other terms, in its balance's currency, or why it cannot."""
    at: Any = {"now": what_if.terms_at, "date": change.at, "call": call.setup_at}[change.time]
    tariff = Tariff.objects.get(pk=change.tariff or 0)
    version = TariffVersion.objects.filter(_in_force(at), tariff=tariff).first()
    if version is None:
        return "no_tariff"
    rates = [_marked(change, rate) for rate in Rate.objects.filter(tariff=tariff)]
    rate = find_rate(rates, call.called_number, at)
    if rate is None:
        return "no_rate"
    if rate.is_forbidden:
        return "forbidden"
    cost = charge_one(_terms(change, version), rate, Decimal(call.duration_ms) / 1000).cost
    day = call.ended_at.astimezone(UTC).date()
    by_from, by_to = (_to_base(code, day) for code in (tariff.currency_id, one.balance.currency_id))
    if tariff.currency_id == one.balance.currency_id:
        return cost
    if by_from is None or by_to is None:
        return "no_exchange_rate"
    amount = Fraction(cost) * Fraction(by_from) / Fraction(by_to)
    units = (2 * amount * 10**6 + 1) // 2
    return Decimal(int(units)).scaleb(-6)


def _terms(change: Change, version: TariffVersion) -> TariffTerms:
    fee = version.connect_fee
    if change.kind == "markup" and change.on_connect_fee:
        fee = _price(change, fee)
    return TariffTerms(
        connect_fee=fee,
        free_seconds=version.free_seconds,
        grace_period=version.grace_period,
        post_call_surcharge=version.post_call_surcharge,
        duration_rounding=Rounding(version.duration_rounding),
        cost_rounding=Rounding(version.cost_rounding),
        decimals=version.decimals,
        not_billed=version.is_not_billed,
    )


def _marked(change: Change, r: Rate) -> RateTerms:
    terms = RateTerms(r.prefix, r.price_1, r.price_n, r.interval_1, r.interval_n, r.is_forbidden,
                      r.grace_enabled, r.valid_from, r.valid_till)  # fmt: skip
    if change.kind != "markup":
        return terms
    return replace(terms, price_1=_price(change, r.price_1), price_n=_price(change, r.price_n))


def _price(change: Change, old: Decimal) -> Decimal:
    """A price with its mark-up, by the words of the form."""
    is_percent = change.markup == "percent"
    marked = old * (1 + change.amount / 100) if is_percent else old + change.amount
    unit = Decimal(1).scaleb(-change.decimals)
    up = "ROUND_UP"
    price = marked.quantize(unit, up if change.rounding == "up" else ROUND_HALF_UP)
    if change.minimum is None:
        return price
    return max(price, (old + change.minimum).quantize(unit, up))


def _to_base(currency: str, day: Any) -> Decimal | None:
    if currency == "USD":
        return Decimal(1)
    rows = ExchangeRate.objects.filter(currency=currency, valid_on__lte=day)
    found = rows.order_by("-valid_on", "-id").first()
    return None if found is None else found.rate


def _in_force(at: datetime) -> Q:
    return Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at))
