"""What alerts tell, once, and what they do to trunks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Trunk
from accounts.services.trunks import archive_trunk, create_trunk, edit_trunk, set_status
from billing.models import AlertState, Balance
from billing.selectors.alerts import due_alerts, recovery_of
from billing.services.alerts import MOST, run_alerts
from billing.services.move import NewTerms, move_customer
from customers.choices import Standing
from customers.models import AuditEvent, Customer
from customers.selectors.parameters import NOTHING
from customers.services.classes import create_class
from notifications.models import Message, Notice
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.alerted import LOW, fund, rule, state, tell_at, told, trunk
from tests.billing.test_standing import badge
from tests.sql import count_queries
from tests.world import World, actor_of

DAY = timedelta(days=1)
NIGHT = datetime(2026, 3, 10, 3, tzinfo=UTC)  # before the hour of daily alerts
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def balance(world: World) -> Balance:
    """The shop's, with 99 of its own, where 100 are warned about."""
    Customer.objects.filter(pk=world.shop.pk).update(billing_email="pay@shop.example")
    rule(world.shop, **LOW)
    found = world.balance("shop")
    fund(found, 99)
    return found


def test_a_low_balance_is_told_daily_at_its_hour(world: World, balance: Balance) -> None:
    assert tell_at(world.shop, NIGHT, NINE - timedelta(seconds=1)) == []
    assert state(balance).low_since == NIGHT
    assert tell_at(world.shop, NINE, NINE + timedelta(hours=5), NIGHT + DAY) == ["low_balance"]
    assert tell_at(world.shop, NINE + DAY) == ["low_balance"]
    row = state(balance)
    assert (row.low_told_at, row.low_told_days) == (NINE + DAY, 2)
    first, second = Message.objects.filter(customer=world.shop).order_by("pk")
    assert first.recipient == second.recipient == "pay@shop.example"
    assert first.owner == world.sub_reseller
    assert "99.00" in first.subject


def test_what_becomes_low_after_the_hour_is_told_the_next_day(
    world: World, balance: Balance
) -> None:
    assert tell_at(world.shop, NINE + timedelta(minutes=1), NINE + timedelta(hours=10)) == []
    assert tell_at(world.shop, NINE + DAY) == ["low_balance"]


def test_the_letter_says_the_limit_and_the_days(world: World, balance: Balance) -> None:
    tell_at(world.shop, NIGHT, NINE, NINE + 3 * DAY)
    notice = Notice.objects.filter(recipient=world.shop).latest("pk")
    assert notice.values["alert.below"] == {"amount": "100.000000", "currency": "GBP"}
    assert notice.values["alert.days"] == 3
    assert notice.values["available"]["amount"] == "99.000000"


def test_of_days_without_a_run_the_latest_is_told(world: World, balance: Balance) -> None:
    tell_at(world.shop, NIGHT, NINE)
    assert tell_at(world.shop, NIGHT + 6 * DAY, NINE + 6 * DAY) == ["low_balance"] * 2
    assert state(balance).low_told_days == 3


def test_it_is_told_on_so_many_days_at_most(world: World, balance: Balance) -> None:
    rule(world.shop, low_balance_days=2)
    days = [NINE + n * DAY for n in range(6)]
    assert tell_at(world.shop, NIGHT, *days) == ["low_balance"] * 2
    rule(world.shop, low_balance_days=NOTHING)
    assert tell_at(world.shop, *[day + 6 * DAY for day in days]) == ["low_balance"] * 6
    rule(world.shop, low_balance_days=0)
    assert tell_at(world.shop, NINE + 20 * DAY) == []


def test_hourly_is_told_at_the_minute_of_each_hour(world: World, balance: Balance) -> None:
    half = datetime(2026, 3, 10, 9, 30, tzinfo=UTC).time()
    rule(world.shop, low_balance_frequency="hourly", low_balance_at=half, low_balance_days=1)
    minutes = [NIGHT + timedelta(minutes=10 * n) for n in range(18)]  # three hours
    assert tell_at(world.shop, *minutes) == ["low_balance"] * 3
    assert state(balance).low_told_at == NIGHT + timedelta(hours=2, minutes=30)
    assert state(balance).low_told_days == 1
    assert tell_at(world.shop, NIGHT + DAY) == []  # the second day is too many


def test_it_is_low_by_the_rule_of_the_badge(world: World, balance: Balance) -> None:
    for who in ("reseller", "sub_reseller"):
        fund(world.balance(who), 100)  # who is exhausted blocks the badges below
    for amount, credit, percent, is_low in (
        (100, 0, NOTHING, False),
        ("99.999999", 0, NOTHING, True),
        (100, 500, Decimal(50), False),
        (100, 1000, NOTHING, False),
        (-700, 1000, Decimal(30), False),
        ("-700.01", 1000, Decimal(30), True),
    ):
        AlertState.objects.all().delete()
        rule(world.shop, low_balance_percent=percent)
        fund(balance, amount, credit_limit=credit)
        run_alerts(moment=NIGHT)
        assert (badge(world) == Standing.LOW) is is_low
        found = AlertState.objects.filter(low_since__isnull=False).exists()
        assert found is is_low, (amount, credit, percent)


def test_held_money_counts(world: World, balance: Balance) -> None:
    fund(balance, 150, reserved=60)
    run_alerts(moment=NIGHT)
    assert state(balance).low_since == NIGHT


def test_it_is_over_with_a_margin_above_the_limit(world: World, balance: Balance) -> None:
    rule(world.shop, low_balance_days=1)
    assert tell_at(world.shop, NIGHT, NINE) == ["low_balance"]
    fund(balance, "104.99")
    run_alerts(moment=NINE + DAY)
    assert state(balance).low_since == NIGHT
    fund(balance, 99)
    assert tell_at(world.shop, NINE + 2 * DAY) == []  # it never was over: no second series
    fund(balance, 105)
    run_alerts(moment=NINE + 3 * DAY)
    row = state(balance)
    assert (row.low_since, row.low_told_at, row.low_told_days) == (None, None, 0)
    fund(balance, 99)
    assert tell_at(world.shop, NIGHT + 4 * DAY, NINE + 4 * DAY) == ["low_balance"]


def test_between_limit_and_margin_nothing_is_told(world: World, balance: Balance) -> None:
    run_alerts(moment=NIGHT)
    fund(balance, 102)
    assert tell_at(world.shop, NINE) == []


def test_off_is_off(world: World, balance: Balance) -> None:
    run_alerts(moment=NIGHT)
    rule(world.shop, notifications=False, zero_balance_notice=True, credit_thresholds=[1])
    fund(balance, -50, credit_limit=50)
    assert tell_at(world.shop, NINE, NINE + DAY) == []
    row = state(balance)
    assert (row.low_since, row.empty_since, row.credit_step) == (None, None, 0)
    assert due_alerts(NINE + DAY, limit=9) == []


@pytest.mark.parametrize("gone", ["archived", "closed"])
def test_who_is_gone_is_not_told(world: World, balance: Balance, gone: str) -> None:
    run_alerts(moment=NIGHT)
    changes: dict[str, Any] = {"archived": {"archived_at": NIGHT}, "closed": {"status": "closed"}}
    Customer.objects.filter(pk=world.shop.pk).update(**changes[gone])
    assert tell_at(world.shop, NINE) == []


def test_the_rule_of_the_class_counts_where_there_is_no_own(world: World, balance: Balance) -> None:
    made = create_class(
        actor=world.actor("sub_reseller"),
        name="Warned",
        parameters=LOW | {"low_balance_frequency": "hourly"},
    )
    rule(world.shop, **dict.fromkeys(LOW))
    assert tell_at(world.shop, NIGHT, NINE) == []
    Customer.objects.filter(pk=world.shop.pk).update(customer_class=made)
    hours = [NINE + timedelta(hours=n) for n in range(3)]
    assert tell_at(world.shop, *hours) == ["low_balance"] * 3


def test_a_zero_balance_is_told_once(world: World, balance: Balance) -> None:
    rule(world.shop, zero_balance_notice=True, low_balance_amount=None)
    fund(balance, "0.000001")
    assert tell_at(world.shop, NIGHT) == []
    fund(balance, 0)
    assert tell_at(world.shop, NINE, NINE + DAY, NINE + 2 * DAY) == ["zero_balance"]
    assert state(balance).empty_since == NINE
    assert told(world.sub_reseller) == ["zero_balance"]
    fund(balance, -20)
    assert tell_at(world.shop, NINE + 3 * DAY) == []
    fund(balance, 10)
    assert tell_at(world.shop, NINE + 4 * DAY) == []
    fund(balance, 0)
    assert tell_at(world.shop, NINE + 5 * DAY) == ["zero_balance"]


def test_a_credit_limit_is_left_again_by_a_margin(world: World, balance: Balance) -> None:
    rule(world.shop, zero_balance_notice=True, low_balance_amount=None)
    fund(balance, -1000, credit_limit=1000)
    assert tell_at(world.shop, NIGHT) == ["zero_balance"]
    for amount in (-950, -1000):
        fund(balance, amount)
        assert tell_at(world.shop, NINE) == []
    for amount, found in ((-949, []), (-1001, ["zero_balance"])):
        fund(balance, amount)
        assert tell_at(world.shop, NINE + DAY) == found


def test_what_calls_hold_is_not_used_up(world: World, balance: Balance) -> None:
    rule(world.shop, zero_balance_notice=True, low_balance_amount=None)
    fund(balance, 10, reserved=10)
    assert tell_at(world.shop, NIGHT) == []


def test_thresholds_are_told_once_per_passing(world: World, balance: Balance) -> None:
    rule(world.shop, credit_thresholds=[80, 90, 100], low_balance_amount=None)
    steps = (
        (-799, None),
        (-800, 80),
        (-850, None),
        (-1000, 100),  # 90 was passed on the way
        (-1500, None),
        (-951, None),  # less than the margin below 100
        (-1000, None),
        (-950, None),
        (-1000, 100),
        (-860, None),  # 90 is left behind only below 85
        (-900, None),
        (-700, None),
        (-900, 90),
    )
    for used, step in steps:
        fund(balance, used, credit_limit=1000)
        events = tell_at(world.shop, NIGHT)
        assert events == ([] if step is None else ["credit_limit"]), (used, step)
        if step is not None:
            notice = Notice.objects.filter(recipient=world.shop).latest("pk")
            assert notice.values["threshold"] == step
            assert Decimal(notice.values["used_percent"]) == Decimal(-used) / 10


def test_without_a_credit_limit_no_threshold_is_passed(world: World, balance: Balance) -> None:
    rule(world.shop, credit_thresholds=[1], low_balance_amount=None)
    fund(balance, -10)
    assert tell_at(world.shop, NIGHT) == []


def test_trunks_are_disabled_after_days_and_enabled_on_recovery(
    world: World, balance: Balance
) -> None:
    rule(world.shop, disable_trunks_after_days=3)
    one, two, off = (trunk(world, name) for name in ("One", "Two", "Off"))
    set_status(actor=world.actor("shop"), trunk=off, status="inactive")
    early = [NIGHT + n * DAY for n in range(3)]
    assert "trunks_disabled" not in tell_at(world.shop, *early, NIGHT + 3 * DAY - DAY / 24)
    assert tell_at(world.shop, NIGHT + 3 * DAY, NIGHT + 3 * DAY + DAY / 24) == ["trunks_disabled"]
    assert set(Trunk.objects.filter(status="active")) == set()
    letter = Message.objects.get(event="trunks_disabled")
    assert "One" in letter.text
    assert "Two" in letter.text
    assert "Off" not in letter.text
    assert "low for 3 days" in letter.text
    assert "enabled again by themselves once 105.00 GBP is available" in letter.text
    row = AuditEvent.objects.filter(action="trunk_edited", subject="One").latest("pk")
    assert row.changes == {"status": ["active", "inactive"]}
    fund(balance, 105)
    assert tell_at(world.shop, NIGHT + 4 * DAY, NIGHT + 5 * DAY) == ["trunks_enabled"]
    assert set(Trunk.objects.filter(status="active")) == {one, two}
    assert state(balance).trunks_disabled_at is None
    assert not Trunk.objects.filter(disabled_by_alert_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("limit", "currency", "recovery"),
    [("100", "EUR", "105"), ("33.28", "EUR", "34.95"), ("33", "JPY", "35"), ("0", "EUR", "0")],
)
def test_the_sum_that_enables_is_told_in_units_that_can_be_paid(
    limit: str, currency: str, recovery: str
) -> None:
    found = recovery_of(Decimal(limit), currency)
    assert found == Decimal(recovery)
    assert found >= Decimal(limit) * Decimal("1.05")


def test_a_rule_that_is_gone_enables_too(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    trunk(world, "One")
    assert tell_at(world.shop, NIGHT) == ["trunks_disabled"]
    rule(world.shop, disable_trunks_after_days=NOTHING)
    assert tell_at(world.shop, NIGHT + DAY / 24) == ["trunks_enabled"]
    assert state(balance).low_since == NIGHT


def test_what_a_person_has_decided_stays(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    one, two = trunk(world, "One"), trunk(world, "Two")
    run_alerts(moment=NIGHT)
    owner = world.actor("sub_reseller")
    for name in ("active", "inactive"):
        set_status(actor=owner, trunk=Trunk.objects.get(pk=one.pk), status=name)
    set_status(actor=owner, trunk=Trunk.objects.get(pk=two.pk), status="active")
    assert tell_at(world.shop, NIGHT + DAY / 24) == []  # not disabled a second time
    fund(balance, 500)
    assert tell_at(world.shop, NIGHT + DAY / 12) == []
    assert list(Trunk.objects.filter(status="active")) == [two]


def test_the_customer_goes_not_round_it(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    one = trunk(world, "One")
    run_alerts(moment=NIGHT)
    shop = world.actor("shop")
    with pytest.raises(DomainError, match="balance is low") as error:
        set_status(actor=shop, trunk=Trunk.objects.get(pk=one.pk), status="active")
    assert error.value.code == "low_balance"
    archive_trunk(actor=shop, trunk=Trunk.objects.get(pk=one.pk))
    with pytest.raises(DomainError, match="balance is low"):
        trunk(world, "Another")
    create_trunk(actor=world.actor("sub_reseller"), customer=world.shop, name="Allowed", hosts=[])
    fund(balance, 500)
    assert tell_at(world.shop, NIGHT + DAY / 24) == []  # the archived one stays so
    assert Trunk.objects.get(pk=one.pk).status == "inactive"
    trunk(world, "Another")


def test_an_edit_of_another_field_keeps_a_trunk_disabled(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    stale = trunk(world, "One")
    run_alerts(moment=NIGHT)
    edit_trunk(actor=world.actor("shop"), trunk=stale, values={"call_limit": 3})
    fresh = Trunk.objects.get(pk=stale.pk)
    assert (fresh.status, fresh.call_limit) == ("inactive", 3)
    assert fresh.disabled_by_alert_at == NIGHT


def test_a_move_enables_and_forgets(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    one = trunk(world, "One")
    run_alerts(moment=NIGHT)
    move_customer(
        actor=world.actor("reseller"),
        customer=Customer.objects.get(pk=world.shop.pk),
        owner=world.reseller,
        terms=NewTerms(tariff=Tariff.objects.get(owner=world.reseller)),
        final_invoice="discard",
        surplus="pay_out",
        reason="Taken over",
    )
    assert Trunk.objects.get(pk=one.pk).status == "active"
    assert not AlertState.objects.exists()


def test_a_batch_that_other_workers_have_is_left_to_them(world: World, balance: Balance) -> None:
    assert due_alerts(NIGHT, limit=9, balances=[]) == []
    assert len(due_alerts(NIGHT, limit=9, balances=[balance.pk])) == 1


def test_one_statement_looks_at_all(world: World, balance: Balance) -> None:
    assert count_queries(lambda: due_alerts(NINE, limit=MOST)) == 1
    rule(world.sub_customer, **LOW)
    fund(world.balance("sub_customer"), 1)
    assert count_queries(lambda: due_alerts(NINE, limit=MOST)) == 1
    assert len(due_alerts(NINE, limit=MOST)) == 2
    assert run_alerts(moment=NIGHT) == 2
    assert count_queries(lambda: run_alerts(moment=NIGHT)) == 2  # the look, and the system's actor


def test_a_run_does_with_so_many_and_the_next_with_the_rest(world: World, balance: Balance) -> None:
    rule(world.sub_customer, **LOW)
    fund(world.balance("sub_customer"), 1)
    assert [run_alerts(moment=NIGHT, limit=1) for _ in range(3)] == [1, 1, 0]


def test_the_letter_is_in_the_language_of_the_customer(world: World, balance: Balance) -> None:
    assert actor_of(world.shop).customer_id == world.shop.pk
    Customer.objects.filter(pk=world.shop.pk).update(language="es")
    tell_at(world.shop, NIGHT, NINE)
    assert Message.objects.get(event="low_balance").language == "es"
