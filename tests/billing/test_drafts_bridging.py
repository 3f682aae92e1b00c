"""What is billed by the day: every day once, whatever zone or type the calendar changes to."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing.models import Balance, BillingPeriod, InvoiceLine
from billing.selectors.calendars import natural_period
from billing.services.calendars import change_calendar
from billing.services.closing import close_due
from tests.billing.drafts import D, post, terms
from tests.billing.test_fees import add
from tests.world import World

APRIL = datetime(2026, 4, 3, tzinfo=UTC)
PRICE = D(280)


def billed(balance: Balance, kind: str) -> list[Any]:
    """What each closed period bills of ``kind``, in order."""
    rows = InvoiceLine.objects.filter(invoice__balance=balance, kind=kind)
    return list(rows.order_by("invoice__period__starts_at").values_list("amount", flat=True))


def change(world: World, zone: str, kind: str = "monthly") -> None:
    change_calendar(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        period_type=kind,
        period_timezone=zone,
    )


def in_zone(world: World, zone: str) -> Balance:
    """The shop's balance as if it had been opened in ``zone``; nothing has closed yet."""
    balance = world.balance("shop")
    BillingPeriod.objects.filter(balance=balance).update(timezone=zone)
    Balance.objects.filter(pk=balance.pk).update(period_timezone=zone)
    return world.balance("shop")


@pytest.mark.parametrize("is_prorated", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Europe/Kyiv", "America/New_York"),  # the bridge is an evening of 31 January
        ("UTC", "Europe/Kyiv"),  # it begins within 1 February
        ("Pacific/Kiritimati", "Pacific/Pago_Pago"),  # 25 hours: 30 and 31 January once more
        ("Pacific/Pago_Pago", "Pacific/Kiritimati"),  # 1 February is over before it begins
    ],
)
def test_every_day_is_billed_once(world: World, before: str, after: str, is_prorated: bool) -> None:
    balance = in_zone(world, before)
    BillingPeriod.objects.filter(balance=balance).update(ends_at=first_end(balance))
    add(world, price=PRICE, starts_on=date(2026, 1, 1), is_prorated=is_prorated)
    change(world, after)
    close_due(moment=APRIL)
    zones = [str(row.timezone) for row in balance.periods.order_by("starts_at")]
    assert zones[0] == before
    assert zones[-1] == after
    assert billed(balance, "fee") == [PRICE] * 3


def first_end(balance: Balance) -> datetime:
    """Where the opening entry's period ends in the zone that the balance has now."""
    return natural_period(balance, balance.opened_at).end


def test_the_minimum_is_committed_once_a_day_too(world: World) -> None:
    balance = in_zone(world, "Europe/Kyiv")
    BillingPeriod.objects.filter(balance=balance).update(ends_at=first_end(balance))
    terms(world, minimum_commitment=PRICE)
    change(world, "America/New_York")
    close_due(moment=APRIL)
    assert billed(balance, "minimum") == [PRICE] * 3


def test_a_bridge_over_several_shorter_periods_pays_for_each(world: World) -> None:
    """Something posted on the 3rd of February keeps the days from the 1st together."""
    balance = world.balance("shop")
    add(world, price=D(10), starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 5))
    post(world, "add_funds", "1", at=datetime(2026, 2, 3, 12, tzinfo=UTC))
    change(world, "UTC", "daily")
    close_due(moment=datetime(2026, 2, 10, tzinfo=UTC))
    assert billed(balance, "fee") == [D(10), D(30), D(10), D(10)]


def test_a_bridge_that_is_part_of_a_month_pays_that_part(world: World) -> None:
    """Weekly till Sunday 1 February, then the other 27 of its 28 days."""
    balance = world.balance("shop")
    Balance.objects.filter(pk=balance.pk).update(period_type="weekly")
    ends = first_end(world.balance("shop"))
    BillingPeriod.objects.filter(balance=balance).update(ends_at=ends, period_type="weekly")
    close_due(moment=datetime(2026, 1, 27, tzinfo=UTC))
    add(world, price=PRICE, starts_on=date(2026, 2, 1))
    change(world, "UTC", "monthly")
    close_due(moment=datetime(2026, 3, 3, tzinfo=UTC))
    assert billed(balance, "fee") == [D(40), D(270)]
