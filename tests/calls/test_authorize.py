"""What a switch is told before a call: how long it may last, or which level denies it and why."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import now

from accounts.models import Account
from accounts.services.hosts import NewHost
from billing.models import Balance
from billing.services.accounts import AccountTariff, open_account
from billing.services.dunning_actions import suspend
from billing.services.maintenance import maintain
from billing.services.reservations import reserve
from calls.choices import Q850_CAUSES, UNAVAILABLE, Cause, Refusal
from calls.models import Switch
from calls.services.charging import charge_pending
from customers.models import Customer
from tariffs.models import Currency, ExchangeRate, Rate, Tariff, TariffAssignment
from tariffs.services.exchange import add_exchange_rate
from tests.calls.authorized import CAP, DIGITS, ask, denied, trunk_of
from tests.calls.stored import START, store_call
from tests.sql import count_queries
from tests.world import OPENED, World, actor_of, customer_of, tariff_with_rates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def switch(world: World) -> Switch:
    """It may ask; everybody has 1000 of its currency, so that nothing but the cap is in the way."""
    Balance.objects.update(amount=1000)
    made: Switch = Switch.objects.create(name="core-1")
    return made


def give(world: World, who: str, amount: str, **values: Any) -> Balance:
    balance = world.balance(who)
    Balance.objects.filter(pk=balance.pk).update(amount=Decimal(amount), **values)
    return world.balance(who)


def left_after(seconds: int, caller: Account, number: str = DIGITS) -> Decimal:
    """The least that a level has available once a call was charged; nothing of it stays."""
    with transaction.atomic():
        store_call(caller.customer, number, seconds, account=caller)
        assert charge_pending().charged == 1
        least = min(balance.available for balance in Balance.objects.all())
        transaction.set_rollback(True)
    return least


def own_account(world: World, amount: str = "1000", **values: Any) -> Account:
    """An account of the sub-reseller's that is charged by itself, at its tariff Street."""
    owner = world.sub_reseller
    account = open_account(
        actor=world.actor("sub_reseller"),
        customer=owner,
        auth_name="own-1",
        by_itself=AccountTariff(Tariff.objects.get(owner=owner)),
        opened_at=OPENED,
    )
    Balance.objects.filter(account=account).update(amount=Decimal(amount))
    Account.objects.filter(pk=account.pk).update(**values)
    return Account.objects.select_related("customer").get(pk=account.pk)


def test_a_call_that_all_can_pay_lasts_to_the_cap_of_the_system(world: World, settings: Any):
    decision = ask(caller="sip:+4420111222@192.0.2.1")
    assert (decision.is_allowed, decision.max_seconds, decision.sip_code) == (True, CAP, None)
    assert decision.owner == (world.shop.pk, world.account.pk, None, DIGITS, "")
    assert decision.caller_number == "4420111222"
    settings.MAX_CALL_SECONDS = 90
    assert ask().max_seconds == 90


@pytest.mark.parametrize(
    ("who", "amount", "seconds"),
    [
        ("shop", "0.30", 396),  # 0.045 GBP a minute: 60 + 56 * 6 s
        ("shop", "0.045", 60),
        ("sub_reseller", "0.05", 120),  # 0.03 EUR are 0.025 GBP a minute
        ("sub_reseller", "0.049999", 114),
        ("reseller", "0.0132", 66),  # 0.015 USD are 0.012 EUR a minute
        ("reseller", "0.012", 60),
    ],
)
def test_the_longest_call_is_what_the_poorest_level_pays_for(
    world: World, who: str, amount: str, seconds: int
):
    give(world, who, amount)
    assert ask().max_seconds == seconds
    assert left_after(seconds, world.account) >= 0
    assert left_after(seconds + 1, world.account) < 0


def test_a_credit_limit_pays_and_what_is_reserved_does_not(world: World):
    balance = give(world, "shop", "-0.70", credit_limit=Decimal(1))
    assert ask().max_seconds == 396
    reserve(holds=[(balance.pk, Decimal("0.255"))], key="live", expires_at=now() + timedelta(1))
    assert ask().max_seconds == 60
    reserve(holds=[(balance.pk, Decimal("0.045"))], key="more", expires_at=now() + timedelta(1))
    assert denied(ask()) == [("Shop", "exhausted")]


def test_prepaid_customers_pay_before_they_call(world: World):
    balance = give(world, "shop", "0", mode="prepaid", credit_limit=0)
    assert denied(ask()) == [("Shop", "exhausted")]
    assert (ask().sip_code, Q850_CAUSES[402]) == (402, 21)
    maintain(
        actor=world.actor("sub_reseller"),
        balance=balance,
        action="add_funds",
        amount=Decimal("0.045"),
        currency="GBP",
        key="paid",
    )
    assert ask().max_seconds == 60


def test_at_the_credit_limit_calls_stop(world: World):
    give(world, "shop", "-10", mode="postpaid", credit_limit=Decimal(10))
    assert denied(ask()) == [("Shop", "exhausted")]
    give(world, "shop", "-9.955001", credit_limit=Decimal(10))
    assert denied(ask()) == [("Shop", "insufficient_funds")]
    give(world, "shop", "-9.955", credit_limit=Decimal(10))
    assert ask().max_seconds == 60


def test_no_grace_lets_anybody_live_on_short_calls(world: World):
    Rate.objects.filter(tariff__name="Street").update(grace_enabled=True)
    Tariff.objects.get(name="Street").versions.update(grace_period=30)
    give(world, "shop", "0.0449")
    assert denied(ask()) == [("Shop", "insufficient_funds")]


def test_a_minimum_profitability_that_is_not_reached_denies_at_its_level(world: World):
    # The sub-reseller sells a minute for 0.045 GBP and buys it for 0.025 GBP.
    rows = Customer.objects.filter(pk=world.shop.pk)
    rows.update(min_profitability=Decimal("0.0201"), min_profitability_unit="per_minute")
    decision = ask()
    assert denied(decision) == [("Shop", "unprofitable")]
    assert (decision.sip_code, Q850_CAUSES[503]) == (503, 41)
    rows.update(min_profitability=Decimal("0.02"))
    assert ask().is_allowed
    rows.update(min_profitability=Decimal(45), min_profitability_unit="percent")
    assert denied(ask()) == [("Shop", "unprofitable")]
    rows.update(min_profitability=Decimal(44))
    assert ask().is_allowed


def test_loss_protection_denies_what_costs_more_than_it_brings(world: World):
    rates = Rate.objects.filter(tariff__name="Street", prefix="4420")
    rates.update(price_1=Decimal("0.02"), price_n=Decimal("0.02"))
    assert ask().is_allowed
    Tariff.objects.filter(name="Street").update(loss_protection="refuse")
    assert denied(ask()) == [("Shop", "loss")]
    rates.update(price_1=Decimal("0.025"), price_n=Decimal("0.025"))
    assert ask().is_allowed


def forbid(world: World) -> None:
    Rate.objects.filter(tariff__name="Street", prefix="4420").update(is_forbidden=True)


def without_rate(world: World) -> None:
    Rate.objects.filter(tariff__name="Street", prefix__in=["", "44", "4420"]).delete()


def without_tariff(world: World) -> None:
    TariffAssignment.objects.filter(customer=world.shop).delete()


def close(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(status="closed")


def deactivate(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(status="inactive")


def archive(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(archived_at=now())


def suspend_shop(world: World) -> None:
    suspend(actor=world.actor("sub_reseller"), balance=world.balance("shop"), reason="x")


def limit_to_none(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=0)


@pytest.mark.parametrize(
    ("change", "cause", "sip_code"),
    [
        (forbid, "forbidden", 403),
        (without_rate, "no_rate", 404),
        (without_tariff, "no_tariff", 503),
        (close, "closed", 403),
        (deactivate, "inactive", 403),
        (archive, "archived", 403),
        (suspend_shop, "suspended", 402),
        (limit_to_none, "none_allowed", 403),
    ],
)
def test_each_cause_of_a_customer(
    world: World, change: Callable[[World], None], cause: str, sip_code: int
):
    change(world)
    decision = ask()
    assert denied(decision) == [("Shop", cause)]
    assert decision.sip_code == sip_code


def test_without_an_exchange_rate_nothing_can_be_charged(world: World):
    ExchangeRate.objects.filter(currency="GBP").delete()
    assert denied(ask()) == [("Sub reseller", "no_exchange_rate")]


def test_every_level_that_denies_is_named_from_the_bottom_up(world: World):
    forbid(world)
    give(world, "reseller", "0.001")
    suspend(actor=world.actor("reseller"), balance=world.balance("sub_reseller"), reason="x")
    decision = ask()
    assert denied(decision) == [
        ("Shop", "forbidden"),
        ("Sub reseller", "suspended"),
        ("Reseller", "insufficient_funds"),
    ]
    assert decision.sip_code == 403


def test_the_code_for_the_caller_does_not_tell_what_stands_above_it(world: World):
    suspend(actor=world.actor("operator"), balance=world.balance("reseller"), reason="x")
    decision = ask()
    assert denied(decision) == [("Reseller", "suspended")]
    assert decision.sip_code == UNAVAILABLE


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"status": "inactive"}, "inactive_account"),
        ({"expires_at": START}, "expired_account"),
        ({"max_sessions": 0}, "none_allowed"),
        ({"cps_limit": 0}, "none_allowed"),
        ({"max_call_seconds": 0}, "none_allowed"),
    ],
)
def test_each_cause_of_an_account(world: World, values: dict[str, Any], cause: str):
    Account.objects.filter(pk=world.account.pk).update(**values)
    assert denied(ask()) == [("Shop shop-1", cause)]


def test_an_account_has_a_cap_of_its_own(world: World):
    later = START + timedelta(seconds=1)
    Account.objects.filter(pk=world.account.pk).update(max_call_seconds=100, expires_at=later)
    assert ask().max_seconds == 100


def test_an_account_charged_by_itself_is_the_lowest_level(world: World):
    account = own_account(world, "0.30")
    decision = ask(auth_name="OWN-1")
    assert (decision.owner.account_id, decision.max_seconds) == (account.pk, 396)
    assert left_after(396, account) >= 0 > left_after(397, account)
    Balance.objects.filter(account=account).update(amount=Decimal("0.04"))
    assert denied(ask(auth_name="own-1")) == [("Sub reseller own-1", "insufficient_funds")]
    Balance.objects.filter(account=account).update(amount=0)
    give(world, "sub_reseller", "0")
    assert denied(ask(auth_name="own-1")) == [
        ("Sub reseller own-1", "exhausted"),
        ("Sub reseller", "exhausted"),
    ]
    own = Balance.objects.get(account=account)
    suspend(actor=world.actor("sub_reseller"), balance=own, reason="x")
    assert denied(ask(auth_name="own-1"))[0] == ("Sub reseller own-1", "suspended")
    Account.objects.filter(pk=account.pk).update(status="inactive")
    assert denied(ask(auth_name="own-1"))[0] == ("Sub reseller own-1", "inactive_account")


def test_an_account_of_root_pays_nobody(world: World):
    open_account(
        actor=world.actor("operator"), customer=world.root, auth_name="desk", opened_at=OPENED
    )
    assert ask(auth_name="desk").max_seconds == CAP


def test_the_terms_are_those_of_the_start_and_the_worse_exchange_rate_counts(world: World):
    """A call that may end on the next day in UTC is converted at that day's rate."""
    give(world, "sub_reseller", "0.05")
    pounds = Currency.objects.get(code="GBP")
    add_exchange_rate(
        actor=world.actor("operator"),
        currency=pounds,
        valid_on=date(2026, 3, 11),
        rate=Decimal("0.75"),
    )
    assert ask().max_seconds == 120
    assert ask(setup_at=datetime(2026, 3, 10, 23, tzinfo=UTC)).max_seconds == 60
    assert ask(setup_at=datetime(2026, 3, 11, 1, tzinfo=UTC)).max_seconds == 60
    add_exchange_rate(
        actor=world.actor("operator"), currency=pounds, valid_on=date(2026, 3, 11), rate=Decimal(3)
    )
    assert ask(setup_at=datetime(2026, 3, 10, 23, tzinfo=UTC)).max_seconds == 120


def test_without_a_moment_it_is_now(world: World):
    Account.objects.filter(pk=world.account.pk).update(expires_at=now() - timedelta(seconds=1))
    assert ask().is_allowed
    assert denied(ask(setup_at=None)) == [("Shop shop-1", "expired_account")]


def deeper(world: World) -> Account:
    """An account four levels below the shop's owner."""
    seller = world.sub_reseller
    for number in range(4):
        tariff = tariff_with_rates(seller, f"Deep {number}", "GBP", factor=str(number + 4))
        seller = customer_of(seller, f"Deep {number}", "reseller", tariff)
    Balance.objects.update(amount=1000)
    return open_account(actor=actor_of(seller), customer=seller, auth_name="deep", opened_at=OPENED)


def test_neither_depth_nor_hosts_nor_rates_ask_for_more_statements(world: World):
    trunk_of(world, "shop", "in", NewHost("192.0.2.1"))
    by_address = {"auth_name": "", "source_ip": "192.0.2.1"}
    asked = count_queries(ask), count_queries(lambda: ask(**by_address))
    assert asked == (13, 12)
    deeper(world)
    hosts = [NewHost(f"192.0.2.{n}", prefix) for n in range(1, 20) for prefix in ("5", "44")]
    trunk_of(world, "sub_customer", "many", *hosts)
    street = Tariff.objects.get(name="Street")
    for prefix in ("442", "44207", "442079", "44207946"):
        Rate.objects.create(tariff=street, prefix=prefix, price_1=1, price_n=1, valid_from=OPENED)
    assert ask(auth_name="deep").is_allowed
    assert count_queries(lambda: ask(auth_name="deep")) == asked[0]
    assert count_queries(lambda: ask(**by_address)) == asked[1]
    assert count_queries(ask) == asked[0]


def test_the_causes_hold_those_of_the_simulator(world: World):
    assert set(Refusal.values) <= set(Cause)
    assert {cause.sip_code for cause in Cause} | {UNAVAILABLE} == Q850_CAUSES.keys()
