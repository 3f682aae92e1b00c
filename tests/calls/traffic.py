"""Random calls in a random world, and what the sums for the reports must be: one by one."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.timezone import now

from accounts.models import Account, Trunk
from accounts.services.trunks import create_trunk
from billing.models import Charge
from billing.services.accounts import AccountTariff, open_account
from billing.services.move import NewTerms, move_customer
from calls.models import Call, Destination, Traffic, TrafficDelta, UnratedCall
from calls.services.charging import charge_pending
from calls.services.traffic import KEYS, SUMS, fold_traffic
from calls.services.unrated import rate_again, settle_at_zero
from tariffs.models import Rate, Tariff
from tariffs.rating.match import find_rate
from tariffs.rating.terms import RateTerms
from tests.calls.stored import START, store_call
from tests.world import OPENED, World, tariff_with_rates

REACHED = ({480, 486, 487, 603}, {17, 18, 19, 21})
NUMBERS = ("442071234567", "447911123456", "12125550100", "33199990000", "8112345678")
COUNTRIES = {"44": "GB", "33": "FR", "1": "US"}
Sums = dict[tuple[Any, ...], tuple[Any, ...]]


def name_countries() -> None:
    """Give the rates of all tariffs their countries."""
    for prefix, country in COUNTRIES.items():
        Rate.objects.filter(prefix__startswith=prefix).update(country=country)


class Business:
    """A world in which much goes on at random, all of it by ``seed``."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        name_countries()
        self.own = open_account(
            actor=world.actor("shop"),
            customer=world.shop,
            auth_name="shop-own",
            by_itself=AccountTariff(Tariff.objects.get(name="Street")),
            opened_at=OPENED,
        )
        self.trunk = create_trunk(
            actor=world.actor("sub_reseller"),
            customer=world.shop,
            name="Trunk",
            hosts=[],
            opened_at=OPENED,
        )
        self.lines: list[tuple[Any, Account | None, Trunk | None]] = [
            (world.shop, world.account, None),
            (world.shop, self.own, None),
            (world.shop, None, self.trunk),
            (world.sub_customer, None, None),
            (world.sub_reseller, None, None),
            (world.other_reseller, None, None),
        ]

    def call(self, at: datetime) -> Call:
        """A call of anybody, answered or not for many reasons."""
        customer, account, trunk = self.chance.choice(self.lines)
        is_answered = self.chance.random() < 0.6
        return store_call(
            customer,
            self.chance.choice(NUMBERS),
            self.chance.choice([0.4, 6, 61.5, 3000 * self.chance.random()]),
            at=at,
            account=account,
            answered=is_answered,
            trunk=trunk,
            pdd_ms=self.chance.choice([None, 0, 850, 2500]),
            sip_code=200 if is_answered else self.chance.choice([None, 404, 480, 486, 503, 603]),
            hangup_cause=self.chance.choice([None, 16, 17, 19, 34]),
        )

    def calls(self, count: int, span: timedelta = timedelta(days=40)) -> None:
        """Calls of many weeks, late ones too, charged in batches and folded now and then."""
        for _number in range(count):
            self.call(START + span * self.chance.random())
            if self.chance.random() < 0.1:
                charge_pending(limit=self.chance.randrange(1, 9), batches=2)
            if self.chance.random() < 0.05:
                fold_traffic(limit=self.chance.randrange(1, 60))
        charge_pending()

    def hold_some_up(self) -> None:
        """Calls to a forbidden destination: rated later, or settled at 0."""
        street = Rate.objects.filter(tariff__name="Street", prefix__in=["", "33"])
        street.update(is_forbidden=True)
        Tariff.objects.filter(name="Street").update(rates_revision=901)
        self.calls(25)
        settled = UnratedCall.objects.filter(level_customer=self.world.shop)
        for row in settled.filter(is_account_level=False)[:3]:
            settle_at_zero(actor=self.world.actor("operator"), call_id=row.call_id, reason="Gift")
        charge_pending()
        street.update(is_forbidden=False)
        Tariff.objects.filter(name="Street").update(rates_revision=902)
        rate_again(actor=self.world.actor("operator"))
        charge_pending()

    def move(self) -> None:
        """The sub-reseller gets another owner between calls of one quarter of an hour."""
        tariff = tariff_with_rates(self.world.other_reseller, "Beside", "USD", factor="5")
        name_countries()
        for _number in range(5):
            self.call(now())
        move_customer(
            actor=self.world.actor("operator"),
            customer=self.world.sub_reseller,
            owner=self.world.other_reseller,
            terms=NewTerms(tariff),
            surplus="pay_out",
            reason="Sold on",
        )
        for _number in range(10):
            self.call(now())
        charge_pending()


def slots_of(moment: datetime) -> tuple[datetime, datetime]:
    """The quarter of an hour and the UTC day of a moment."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + (moment - day) // timedelta(minutes=15) * timedelta(minutes=15), day


def destination_of(charge: Charge, call: Call) -> str:
    """By the scalar match, whether the call was answered or not."""
    version = charge.tariff_version
    if version is None:
        return ""
    rows = list(Rate.objects.filter(tariff_id=version.tariff_id))
    terms = [
        RateTerms(r.prefix, r.price_1, r.price_n, r.interval_1, r.interval_n, r.is_forbidden,
                  r.grace_enabled, r.valid_from, r.valid_till)
        for r in rows
    ]  # fmt: skip
    found = find_rate(terms, call.called_number, call.setup_at)
    return rows[terms.index(found)].destination if found else ""


def expected_traffic() -> Sums:
    """The sums over all charges, by every key, each charge with its call looked at by itself."""
    calls = {call.id: call for call in Call.objects.all()}
    charges = list(Charge.objects.select_related("tariff_version"))
    by_level = {(charge.call_id, charge.level): charge for charge in charges}
    found: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for charge in charges:
        call = calls[charge.call_id]
        above = by_level.get((charge.call_id, charge.level + 1))
        is_near = charge.level <= 1
        parts = (
            (is_near and call.account_id) or 0,
            (is_near and call.trunk_id) or 0,
            destination_of(charge, call),
        )
        quarter, day = slots_of(call.setup_at)
        who = (charge.level, (charge.call_id, charge.level - 1) not in by_level, charge.issuer_id,
               charge.customer_id, charge.balance_id, above.balance_id if above else 0)  # fmt: skip
        plain = (2, quarter, *who, 0, 0, "")
        for key in ((0, quarter, *who, *parts), (1, day, *who, *parts), plain):
            found[key].update(_measures(charge, call, above))
    return {key: tuple(sums[name] for name in SUMS) for key, sums in found.items()}


def _measures(charge: Charge, call: Call, above: Charge | None) -> dict[str, Any]:
    is_answered = call.answered_at is not None and call.duration_ms > 0
    reached = call.sip_code in REACHED[0] or call.hangup_cause in REACHED[1]
    return {
        "attempts": 1,
        "answered": int(is_answered),
        "reached": int(is_answered or reached),
        "pdd_calls": int(call.pdd_ms is not None),
        "pdd_ms": call.pdd_ms or 0,
        "duration_ms": call.duration_ms,
        "billed_seconds": charge.billed_seconds,
        "amount": charge.amount,
        "issuer_amount": above.amount if above else Decimal(0),
    }


def stored_traffic() -> Sums:
    """What stands in both tables, by every key."""
    names = {0: "", **dict(Destination.objects.values_list("pk", "name"))}
    found: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    folded = list(Traffic.objects.values("grain", *KEYS, *SUMS))
    for row in TrafficDelta.objects.values(*KEYS, *SUMS):
        day = slots_of(row["slot"])[1]
        plain = dict.fromkeys(("account_id", "trunk_id", "destination_id"), 0)
        folded += [row | {"grain": 0}, row | {"grain": 1, "slot": day}, row | plain | {"grain": 2}]
    for row in folded:
        who = [row[name] for name in ("grain", *KEYS)][:-1]
        found[*who, names[row["destination_id"]]].update({name: row[name] for name in SUMS})
    return {key: tuple(sums[name] for name in SUMS) for key, sums in found.items()}
