"""Reports equal sums over the raw rows for random questions, at every level of the tree."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.models import Balance, Charge
from calls.choices import ReportGroup
from calls.models import Call
from calls.selectors.reports import ReportSearch, minutes_over_time, report
from calls.selectors.sellers import SELLERS
from calls.services.charging import charge_pending
from calls.services.traffic import fold_traffic
from customers.models import Customer
from customers.tenancy import Actor
from tariffs.models import DestinationGroup
from tests.calls.stored import START, store_call
from tests.calls.traffic import COUNTRIES, Business, destination_of
from tests.world import World

ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York")
QUESTIONS = 70


@pytest.fixture
def business(world: World) -> Business:
    """A world with weeks of calls, some of whose sums are folded."""
    made = Business(world, 7)
    made.calls(90)
    made.move()
    fold_traffic(limit=100)
    for owner in (world.root, world.reseller, world.other_reseller, world.sub_reseller):
        DestinationGroup.objects.create(owner=owner, name="Fours", patterns=["prefix 4*"])
        DestinationGroup.objects.create(owner=owner, name="Britain", position=1, countries=["GB"])
    return made


class Raw:
    """Every charge with its call and the charge above it, looked at one by one."""

    def __init__(self) -> None:
        self.calls = {call.id: call for call in Call.objects.all()}
        self.charges = list(Charge.objects.select_related("tariff_version"))
        self.by_level = {(one.call_id, one.level): one for one in self.charges}
        self.currency = dict(Balance.objects.values_list("pk", "currency_id"))
        self.destinations = {
            one.pk: destination_of(one, self.calls[one.call_id]) for one in self.charges
        }

    def rows(self, customer: Customer, search: ReportSearch) -> dict[Any, dict[str, Counter[str]]]:
        """The sums of a search by what its rows are named after."""
        found: dict[Any, dict[str, Counter[str]]] = defaultdict(
            lambda: {"counts": Counter(), "earned": Counter(), "spent": Counter()}
        )
        for charge, is_sale in self._of(customer):
            call = self.calls[charge.call_id]
            if self._is_asked(charge, call, search):
                sums = found[self._key(charge, call, search)]
                self._add(sums, charge, call, is_sale=is_sale)
        return found

    def _of(self, customer: Customer) -> Iterator[tuple[Charge, bool]]:
        for charge in self.charges:
            is_own = charge.customer_id == customer.pk and charge.level == 1
            if customer.kind not in SELLERS:
                if is_own:
                    yield charge, False
            elif charge.issuer_id == customer.pk:
                yield charge, True
            elif is_own and (charge.call_id, 0) not in self.by_level:
                yield charge, False

    def _is_asked(self, charge: Charge, call: Call, search: ReportSearch) -> bool:
        name = self.destinations[charge.pk]
        return (
            search.since <= call.setup_at < search.until
            and search.customer_id in (None, charge.customer_id)
            and (not search.account or _near(charge, call.account) == search.account)
            and (not search.trunk or _near(charge, call.trunk) == search.trunk)
            and (not search.destination or search.destination.casefold() in name.casefold())
            and (not search.country or _country(name) == search.country)
            and search.destination_group in ("", _group(name))
        )

    def _key(self, charge: Charge, call: Call, search: ReportSearch) -> Any:
        local = call.setup_at.astimezone(ZoneInfo(search.zone)).replace(second=0, microsecond=0)
        name = self.destinations[charge.pk]
        return {
            ReportGroup.CUSTOMER: charge.customer.name,
            ReportGroup.DESTINATION: name,
            ReportGroup.DESTINATION_GROUP: _group(name),
            ReportGroup.COUNTRY: _country(name),
            ReportGroup.TRUNK: _near(charge, call.trunk),
            ReportGroup.ACCOUNT: _near(charge, call.account),
            ReportGroup.DAY: local.replace(hour=0, minute=0).astimezone(UTC),
            ReportGroup.HOUR: local.replace(minute=0).astimezone(UTC),
        }[search.group]

    def _add(
        self, sums: dict[str, Counter[Any]], charge: Charge, call: Call, *, is_sale: bool
    ) -> None:
        is_reached = call.sip_code in {480, 486, 487, 603} or call.hangup_cause in {17, 18, 19, 21}
        sums["counts"].update(
            attempts=1,
            answered=int(call.duration_ms > 0),
            reached=int(call.duration_ms > 0 or is_reached),
            pdd_calls=int(call.pdd_ms is not None),
            pdd_ms=call.pdd_ms or 0,
            duration_ms=call.duration_ms,
            billed_seconds=charge.billed_seconds,
        )
        above = self.by_level.get((charge.call_id, charge.level + 1))
        amount: Any = {self.currency[charge.balance_id]: charge.amount}
        cost: Any = {self.currency[above.balance_id]: above.amount} if above else {}
        sums["earned" if is_sale else "spent"].update(amount)
        sums["spent"].update(cost if is_sale else {})


def _near(charge: Charge, line: Any) -> str:
    return str(line) if line and charge.level <= 1 else ""


def _country(destination: str) -> str:
    digits = destination.removeprefix("Prefix ")
    return next((code for prefix, code in COUNTRIES.items() if digits.startswith(prefix)), "")


def _group(destination: str) -> str:
    if _country(destination) == "GB":
        return "Britain"
    return "Fours" if destination.startswith("Prefix 4") else ""


def question(chance: random.Random, world: World, customer: Customer) -> ReportSearch:
    """Any group, period, zone and filters."""
    start = START - timedelta(days=2) + timedelta(minutes=15) * chance.randrange(40 * 96)
    span = chance.choice([timedelta(hours=3), timedelta(days=2), timedelta(days=300)])
    is_narrow = chance.random() < 0.5
    return ReportSearch(
        group=chance.choice(list(ReportGroup)),
        since=start,
        until=start + span,
        zone=chance.choice(ZONES),
        customer_id=chance.choice([None, None, world.shop.pk, world.sub_reseller.pk]),
        account=chance.choice(["", "", str(world.account)]),
        trunk=chance.choice(["", "", "Trunk"]),
        destination=chance.choice(["Prefix 4", "anywhere", ""]) if is_narrow else "",
        country=chance.choice(["GB", "FR", "", ""]) if is_narrow else "",
        destination_group=chance.choice(["Fours", "Britain", *[""] * 6]) if is_narrow else "",
        level=customer,
    )


def told(row: Any) -> dict[str, dict[str, Any]]:
    """The sums of a row without what is 0."""
    parts = {"counts": row.counts, "earned": row.earned, "spent": row.spent}
    return {
        name: {key: value for key, value in part.items() if value and key}
        for name, part in parts.items()
    }


def assert_equal(actor: Actor, customer: Customer, search: ReportSearch, raw: Raw) -> int:
    """The report has the sums of the raw rows, row by row and below; how many rows."""
    expected = raw.rows(customer, search)
    found = report(actor, search)
    by_name = {
        row.key.astimezone(UTC) if isinstance(row.key, datetime) else row.label: told(row)
        for row in found.rows
    }
    assert by_name == {
        key: {
            name: {code: value for code, value in part.items() if value}
            for name, part in sums.items()
        }
        for key, sums in expected.items()
    }
    for name in ("counts", "earned", "spent"):
        total: Counter[str] = Counter()
        for sums in expected.values():
            for code, value in sums[name].items():
                total[code] += value
        assert told(found.total)[name] == {code: value for code, value in total.items() if value}
    return len(expected)


def test_reports_equal_sums_over_the_raw_rows(business: Business) -> None:
    world, chance, raw = business.world, random.Random(11), Raw()
    rows = 0
    for name in ("root", "reseller", "other_reseller", "sub_reseller", "sub_customer", "shop"):
        customer = Customer.objects.get(pk=getattr(world, name).pk)
        actor = world.actor("operator" if name == "root" else name)
        for _number in range(QUESTIONS):
            search = question(chance, world, customer)
            rows += assert_equal(actor, customer, search, raw)
    assert rows > 200


def test_minutes_over_time_are_those_of_the_raw_rows(business: Business) -> None:
    world, raw = business.world, Raw()
    actor = world.actor("sub_reseller")
    customer = Customer.objects.get(pk=world.sub_reseller.pk)
    kathmandu = datetime(2026, 3, 9, tzinfo=ZoneInfo("Asia/Kathmandu")).astimezone(UTC)
    for group, count in ((ReportGroup.DAY, 50), (ReportGroup.HOUR, 1200)):
        search = ReportSearch(
            group, kathmandu, kathmandu + timedelta(days=50), zone="Asia/Kathmandu"
        )
        expected = raw.rows(customer, search)
        minutes = minutes_over_time(actor, search, group)
        assert len(minutes) == count
        for moment, value in minutes:
            counts = expected[moment.astimezone(UTC)]["counts"]
            assert value == Decimal(counts["duration_ms"]) / 60_000


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_no_minute_is_lost_where_clocks_change(world: World, zone: str) -> None:
    """By an hour, by half of one, or not as the database believes."""
    local, actor = ZoneInfo(zone), world.actor("sub_reseller")
    for month, day in ((3, 28), (4, 4), (10, 3), (10, 24)):
        start = datetime(2026, month, day, tzinfo=local)
        since, until = start.astimezone(UTC), (start + timedelta(days=3)).astimezone(UTC)
        for number in range(int((until - since) / timedelta(minutes=45))):
            store_call(world.shop, "442071234567", at=since + timedelta(minutes=45) * number)
        charge_pending()
        for group in (ReportGroup.DAY, ReportGroup.HOUR):
            search = ReportSearch(group, since, until, zone=zone)
            found = report(actor, search)
            minutes = minutes_over_time(actor, search, group)
            assert sum(value for _moment, value in minutes) == found.total.attempts
            if group == ReportGroup.DAY:
                assert [row.key for row in sorted(found.rows, key=lambda row: row.key)] == [
                    moment for moment, _value in minutes
                ]
