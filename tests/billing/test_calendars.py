"""A change of billing period or zone: it waits for the next close, and one period bridges."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min, Sum

from billing.models import Balance, BillingPeriod, Fee, InvoiceLine
from billing.selectors.calendars import bridging_period
from billing.services import verify
from billing.services.accounts import AccountTariff, set_charging
from billing.services.archive import archive_customer
from billing.services.calendars import change_calendar
from billing.services.closing import close_due
from billing.services.customers import edit_customer
from billing.services.ledger import Posting, post_entry
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.calls.stored import store_call
from tests.world import OPENED, World

HOUR = timedelta(hours=1)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


FEBRUARY, MARCH = at(2, 1), at(3, 1)


def spans(balance: Balance) -> list[tuple[datetime, datetime, str, str]]:
    """The stored periods of a balance: start, end, type, zone."""
    rows = BillingPeriod.objects.filter(balance=balance).order_by("starts_at")
    return [(row.starts_at, row.ends_at, row.period_type, str(row.timezone)) for row in rows]


def post(world: World, moment: datetime, key: str) -> BillingPeriod:
    """A credit of 1 to the shop, posted at ``moment``; its period."""
    balance = world.balance("shop")
    posting = Posting("credit", Decimal(1), balance.currency_id, key)
    actor = world.actor("operator")
    entry = post_entry(actor=actor, balance_id=balance.pk, posting=posting, at=moment)
    return entry.period


def change(world: World, period_type: str, zone: str = "UTC") -> Balance:
    return change_calendar(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        period_type=period_type,
        period_timezone=zone,
    )


@pytest.fixture
def shop(world: World) -> Iterator[Balance]:
    """The shop's balance, monthly in UTC; whatever a test did, the ledger adds up."""
    yield world.balance("shop")
    assert [*verify.differences()] == []


def test_a_change_waits_for_the_next_close(world: World, shop: Balance) -> None:
    change(world, "daily", "Europe/Kyiv")
    waiting = world.balance("shop")
    assert (waiting.period_type, str(waiting.period_timezone)) == ("monthly", "UTC")
    assert post(world, at(1, 20), "a").ends_at == FEBRUARY
    close_due(moment=at(2, 1, 6))
    changed = world.balance("shop")
    assert (changed.period_type, str(changed.period_timezone)) == ("daily", "Europe/Kyiv")
    assert (changed.next_period_type, changed.next_period_timezone) == ("", None)
    first, bridge = spans(shop)
    assert first == (OPENED, FEBRUARY, "monthly", "UTC")
    assert bridge == (FEBRUARY, at(2, 1, 22), "daily", "Europe/Kyiv")
    assert changed.closes_at == at(2, 1, 22)


def test_one_period_bridges_and_the_new_calendar_follows(world: World, shop: Balance) -> None:
    change(world, "weekly")
    close_due(moment=at(2, 10))
    assert [span[:2] for span in spans(shop)] == [
        (OPENED, FEBRUARY),
        (FEBRUARY, at(2, 2)),  # a Monday
        (at(2, 2), at(2, 9)),
    ]


def test_a_following_period_that_is_open_ends_early(world: World, shop: Balance) -> None:
    change(world, "daily")
    post(world, at(2, 1, 3), "a")
    assert spans(shop)[1][:2] == (FEBRUARY, MARCH)
    close_due(moment=at(2, 1, 6))
    assert spans(shop)[1] == (FEBRUARY, at(2, 2), "daily", "UTC")


def test_it_ends_behind_what_was_posted_to_it(world: World, shop: Balance) -> None:
    """Entries and calls; of calls it is the local day that counts."""
    change(world, "daily")
    post(world, at(2, 3, 3), "a")
    store_call(world.shop, "442071234567", 60, at=at(2, 4, 1))
    charge_pending()
    close_due(moment=at(2, 4, 2))
    assert spans(shop)[1][:2] == (FEBRUARY, at(2, 5))
    assert post(world, at(2, 5), "b").ends_at == at(2, 6)


def test_a_following_period_that_is_open_grows(world: World, shop: Balance) -> None:
    change(world, "daily")
    close_due(moment=at(2, 1, 6))
    change(world, "monthly")
    post(world, at(2, 2, 1), "a")
    assert spans(shop)[2][:2] == (at(2, 2), at(2, 3))
    close_due(moment=at(2, 2, 6))
    assert [span[:3] for span in spans(shop)[1:]] == [
        (FEBRUARY, at(2, 2), "daily"),
        (at(2, 2), MARCH, "monthly"),
    ]
    assert world.balance("shop").closes_at == MARCH


def test_periods_that_have_entries_stay_and_the_last_one_bridges(
    world: World, shop: Balance
) -> None:
    """Closing is days behind while calls were charged and money was posted."""
    change(world, "daily")
    close_due(moment=at(2, 1, 6))
    change(world, "monthly")
    for day in (2, 3, 5):
        post(world, at(2, day, 1), f"of {day}")
    close_due(moment=at(2, 2, 6))
    assert world.balance("shop").next_period_type == "monthly"
    close_due(moment=at(2, 5, 6))
    assert [span[:2] for span in spans(shop)[1:]] == [
        (FEBRUARY, at(2, 2)),
        (at(2, 2), at(2, 3)),
        (at(2, 3), at(2, 4)),
        (at(2, 4), at(2, 5)),
        (at(2, 5), MARCH),
    ]
    assert world.balance("shop").next_period_type == ""


def test_nothing_is_opened_needlessly(shop: Balance) -> None:
    close_due(moment=at(2, 1, 6))
    assert [span[:2] for span in spans(shop)] == [(OPENED, FEBRUARY)]


@pytest.mark.parametrize(("kind", "zone"), [("weekly", "UTC"), ("monthly", "Asia/Tokyo")])
def test_the_bridging_period_is_told_before(
    world: World, shop: Balance, kind: str, zone: str
) -> None:
    told = bridging_period(shop, kind, zone)
    change(world, kind, zone)
    close_due(moment=at(2, 1, 6))
    assert (told.start, told.end) == spans(shop)[1][:2]


def test_the_present_calendar_takes_a_change_back(world: World, shop: Balance) -> None:
    change(world, "daily", "Asia/Tokyo")
    change(world, "monthly", "UTC")
    again = world.balance("shop")
    assert (again.next_period_type, again.next_period_timezone) == ("", None)
    events = AuditEvent.objects.filter(action="terms_changed", customer=world.shop)
    assert events.count() == 2
    change(world, "monthly", "UTC")
    assert events.count() == 2


def test_the_edit_of_a_customer_goes_the_same_way(world: World, shop: Balance) -> None:
    edit_customer(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        profile={},
        money={"period_type": "daily", "period_timezone": "UTC"},
    )
    close_due(moment=at(2, 1, 6))
    assert spans(shop)[1] == (FEBRUARY, at(2, 2), "daily", "UTC")


def test_an_account_without_a_period_gets_another_calendar_at_once(
    world: World, shop: Balance
) -> None:
    street = shop.issuer.tariffs.get()
    actor = world.actor("shop")

    def charge(kind: str) -> None:
        terms = AccountTariff(street, period_type=kind)
        set_charging(actor=actor, account=world.account, by_itself=terms)

    charge("monthly")
    own = Balance.objects.get(account=world.account)
    close_due(moment=own.opened_at)
    charge("daily")
    close_due(moment=own.opened_at + 31 * HOUR)
    own.refresh_from_db()
    first = BillingPeriod.objects.filter(balance=own).earliest("starts_at")
    assert (first.period_type, first.closed_at is None) == ("daily", False)


def test_only_who_bills_decides(world: World, shop: Balance) -> None:
    for who in ("reseller", "shop", "other_reseller"):
        with pytest.raises(PermissionDenied):
            change_calendar(
                actor=world.actor(who),
                balance=shop,
                period_type="daily",
                period_timezone="UTC",
            )


def test_what_is_no_calendar_is_refused(world: World, shop: Balance) -> None:
    with pytest.raises(DomainError):
        change(world, "yearly")
    with pytest.raises(DomainError):
        change(world, "daily", "Mars/Olympus")
    archive_customer(
        actor=world.actor("sub_reseller"), customer=world.shop, surplus="pay_out", reason="Gone"
    )
    with pytest.raises(DomainError, match="ended"):
        change_calendar(
            actor=world.actor("sub_reseller"),
            balance=shop,
            period_type="daily",
            period_timezone="UTC",
        )


@pytest.mark.parametrize(
    ("zones", "days"),
    [
        (("UTC", "America/Los_Angeles"), 30),  # April begins while it is still March there
        (("Pacific/Kiritimati", "Pacific/Pago_Pago"), 30),  # or 25 hours later
        (("Pacific/Pago_Pago", "Pacific/Kiritimati"), 30),  # or, the other way, on the 2nd
        (("America/Los_Angeles", "Asia/Tokyo"), 30),
    ],
)
def test_a_change_of_the_zone_bills_each_day_once(
    world: World, shop: Balance, zones: tuple[str, str], days: int
) -> None:
    """A prorated fee of 1 a day from 2 March to 30 April, and a minimum, over both zones."""
    Balance.objects.filter(pk=shop.pk).update(period_timezone=zones[0])
    for kind in ("recurring", "once"):
        Fee.objects.create(
            balance=shop, kind=kind, name=kind, price=Decimal(30), starts_on=date(2026, 4, 1)
        )
    set_parameters(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        values={"minimum_commitment": Decimal(60)},
    )
    close_due(moment=at(3, 3))
    change(world, "monthly", zones[1])
    close_due(moment=at(5, 3))
    billed = InvoiceLine.objects.filter(invoice__period__ends_at__lte=at(5, 2))
    of_april = billed.filter(invoice__period__starts_at__gte=at(3, 30))
    sums = {row["kind"]: row["sum"] for row in of_april.values("kind").annotate(sum=Sum("amount"))}
    assert sums == {"fee": 30 + days, "minimum": 60}
    billed_days = of_april.filter(kind="minimum").aggregate(Min("since"), Max("until"))
    assert [*billed_days.values()] == [date(2026, 4, 1), date(2026, 4, 30)]
