"""Charging by what was in force at a call's start: tariffs, rates, owners, ways of charging."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from accounts.models import Account
from billing.models import Balance, BillingPeriod, UsageEntry
from billing.services.accounts import AccountTariff, open_account
from calls.models import UnratedCall
from calls.services.charging import charge_pending
from customers.selectors import system_actor
from customers.services.tree import move_node
from tariffs.models import Currency, Rate, Tariff, TariffVersion
from tariffs.services.assignments import assign_tariff
from tariffs.services.exchange import add_exchange_rate
from tests.calls.stored import (
    START,
    amounts_of,
    charges_of,
    expected_charges,
    store_call,
    stored_charges,
)
from tests.world import OPENED, World, actor_of, tariff_with_rates

LONDON = "442071234567"
DAY = timedelta(days=1)


def own_account(world: World, currency: str = "EUR") -> Account:
    """An account of the reseller that pays by itself."""
    tariff = tariff_with_rates(world.reseller, "Accounts", currency, factor="5")
    return open_account(
        actor=actor_of(world.reseller),
        customer=world.reseller,
        auth_name="own-1",
        by_itself=AccountTariff(tariff),
        opened_at=OPENED,
    )


def test_an_account_that_pays_by_itself_is_a_level_of_its_own(world: World) -> None:
    account = own_account(world)
    call = store_call(world.reseller, LONDON, 61, account=account)
    charge_pending()
    assert stored_charges(call) == expected_charges(call)
    own, customers = charges_of(call)
    assert (own.level, own.account_id, own.issuer_id) == (0, account.pk, world.reseller.pk)
    assert (customers.level, customers.account_id) == (1, None)
    assert customers.issuer_id == world.root.pk
    assert Balance.objects.get(account=account).amount == -own.amount
    entry = UsageEntry.objects.get(account=account)
    assert (entry.issuer_id, entry.amount) == (world.reseller.pk, -own.amount)


def test_an_account_of_root_leaves_no_charge(world: World) -> None:
    account = open_account(
        actor=actor_of(world.root), customer=world.root, auth_name="office", opened_at=OPENED
    )
    call = store_call(world.root, LONDON, account=account)
    assert charge_pending().charged == 1
    assert charges_of(call) == []
    assert not UnratedCall.objects.exists()


def test_a_changed_tariff_counts_for_calls_that_start_afterwards(world: World) -> None:
    dear = tariff_with_rates(world.sub_reseller, "Dear", "USD", factor="9")
    actor = actor_of(world.sub_reseller)
    assign_tariff(actor=actor, customer=world.shop, tariff=dear, at=START)
    calls = [store_call(world.shop, LONDON, at=START + shift) for shift in (-DAY, 0 * DAY, DAY)]
    charge_pending()
    assert [stored_charges(call) == expected_charges(call) for call in calls] == [True] * 3
    old, first, later = (charges_of(call)[0] for call in calls)
    assert old.cost != first.cost == later.cost


def test_a_changed_rate_and_version_count_from_their_start(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    Rate.objects.filter(tariff=street, prefix="4420").update(valid_till=START)
    Rate.objects.create(
        tariff=street, prefix="4420", price_1=1, price_n=2, interval_n=7, valid_from=START
    )
    TariffVersion.objects.filter(tariff=street).update(valid_till=START + DAY)
    TariffVersion.objects.create(
        tariff=street,
        valid_from=START + DAY,
        connect_fee=Decimal("0.5"),
        free_seconds=20,
        post_call_surcharge=Decimal("0.1"),
        duration_rounding="half_up",
        cost_rounding="up",
        decimals=2,
    )
    calls = [store_call(world.shop, LONDON, 61.4, at=START + n * DAY) for n in (-1, 0, 1)]
    charge_pending()
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    assert len({charges_of(call)[0].cost for call in calls}) == 3


def test_a_moved_customer_pays_through_the_owner_it_had(world: World) -> None:
    other = tariff_with_rates(world.other_reseller, "Other", "USD", factor="4")
    move_node(customer=world.shop, owner=world.other_reseller, at=START)
    Balance.objects.filter(customer=world.shop).update(closed_at=START)
    Balance.objects.create(
        customer=world.shop,
        issuer=world.other_reseller,
        currency_id="GBP",
        period_timezone="UTC",
        opened_at=START,
    )
    assign_tariff(actor=actor_of(world.other_reseller), customer=world.shop, tariff=other, at=START)
    before = store_call(world.shop, LONDON, at=START - timedelta(microseconds=1))
    after = store_call(world.shop, LONDON, at=START)
    charge_pending()
    for call in (before, after):
        assert stored_charges(call) == expected_charges(call)
    assert [c.customer_id for c in charges_of(before)] == [
        world.shop.pk,
        world.sub_reseller.pk,
        world.reseller.pk,
    ]
    assert [c.issuer_id for c in charges_of(after)] == [world.other_reseller.pk, world.root.pk]


def test_the_exchange_rate_is_that_of_the_utc_day_of_the_end(world: World) -> None:
    add_exchange_rate(
        actor=system_actor(),
        currency=Currency.objects.get(code="GBP"),
        valid_on=date(2026, 3, 11),
        rate=Decimal("1.7000000001"),
    )
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    before = store_call(world.sub_reseller, LONDON, 10, at=midnight - timedelta(seconds=30))
    across = store_call(world.sub_reseller, LONDON, 60, at=midnight - timedelta(seconds=30))
    charge_pending()
    for call in (before, across):
        assert stored_charges(call) == expected_charges(call)
    rates = [charges_of(call)[0].exchange_rate for call in (before, across)]
    assert rates == [Decimal("0.8333333333"), Decimal("0.7352941176")]


def test_grace_and_not_billed_cost_nothing_and_are_rated(world: World) -> None:
    TariffVersion.objects.filter(tariff__name="Street").update(grace_period=10, connect_fee=1)
    Rate.objects.filter(tariff__name="Street").update(grace_enabled=True)
    TariffVersion.objects.filter(tariff__name="Retail").update(is_not_billed=True)
    short, long = store_call(world.shop, LONDON, 10), store_call(world.shop, LONDON, 11)
    charge_pending()
    for call in (short, long):
        assert stored_charges(call) == expected_charges(call)
    assert [bool(amount) for amount in amounts_of(short)] == [False, False, True]
    assert [bool(amount) for amount in amounts_of(long)] == [True, False, True]
    assert all(charge.rate_id for charge in charges_of(short))


def test_usage_is_added_up_by_local_day_and_month(world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(period_timezone="Europe/Berlin")
    moments = [
        datetime(2026, 3, 28, 22, 58, tzinfo=UTC),  # ends on the 28th, 23:59 in Berlin
        datetime(2026, 3, 28, 23, 30, tzinfo=UTC),  # the 29th
        datetime(2026, 3, 29, 21, 30, tzinfo=UTC),  # 23:30 in summer time
        datetime(2026, 3, 29, 22, 30, tzinfo=UTC),  # the 30th
        datetime(2026, 3, 31, 23, 59, 30, tzinfo=UTC),  # begins in March (UTC), ends on 1 April
        datetime(2026, 4, 1, 0, 0, tzinfo=UTC),
    ]
    for moment in moments:
        store_call(world.shop, LONDON, 55, at=moment)
    charge_pending()
    rows = UsageEntry.objects.filter(balance=world.balance("shop")).order_by("sequence")
    assert [(r.usage_on.day, r.setup_month.month, r.calls) for r in rows] == [
        (28, 3, 1),
        (29, 3, 2),
        (30, 3, 1),
        (1, 3, 1),
        (1, 4, 1),
    ]
    assert [r.period.starts_at.month for r in rows] == [2, 2, 2, 3, 3]  # UTC


def test_a_late_call_belongs_to_the_open_period(world: World) -> None:
    march = store_call(world.shop, LONDON)
    charge_pending()
    closed = UsageEntry.objects.get(balance=world.balance("shop")).period
    BillingPeriod.objects.filter(pk=closed.pk).update(closed_at=closed.ends_at)
    late = store_call(world.shop, LONDON, at=march.setup_at + DAY)
    charge_pending()
    entry = UsageEntry.objects.get(id=charges_of(late)[0].usage_entry_id)
    assert entry.period.starts_at == closed.ends_at
    assert entry.usage_on == late.ended_at.date()
    assert charges_of(march)[0].usage_entry_id != entry.id


def test_a_customer_not_yet_in_service_has_no_tariff(world: World) -> None:
    before = OPENED - DAY
    early, silent = (store_call(world.shop, LONDON, at=before, answered=a) for a in (True, False))
    report = charge_pending()
    assert (report.charged, report.unrated) == (1, 1)
    row = UnratedCall.objects.get()
    assert (row.call_id, row.reason, row.level_customer) == (early.id, "no_tariff", world.shop)
    assert charges_of(early) == charges_of(silent) == []
