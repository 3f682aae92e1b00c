"""Whose call it is that a switch asks about: by account or address, with which number."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account, Host, Trunk
from accounts.services.hosts import NewHost
from billing.models import Balance
from calls.models import Call, Switch
from calls.services.ingest import store_calls
from tests.calls.authorized import CAP, DIGITS, ask, denied, trunk_of
from tests.calls.deliveries import make_call
from tests.calls.stored import START
from tests.world import OPENED, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def switch(world: World) -> Switch:
    """It may ask; everybody has 1000 of its currency."""
    Balance.objects.update(amount=1000)
    made: Switch = Switch.objects.create(name="core-1")
    return made


def test_by_address_the_tech_prefix_says_whose_call_it_is(world: World):
    trunk_of(world, "sub_customer", "wide", NewHost("192.0.2.0/24"))
    wide = trunk_of(world, "shop", "prefixed", NewHost("192.0.2.0/24", "77"))
    shop = {"auth_name": "", "source_ip": "192.0.2.7", "called": "7700442079460000"}
    decision = ask(**shop)
    assert decision.owner == (world.shop.pk, None, wide.pk, DIGITS, "77")
    plain = ask(auth_name="nobody", source_ip="192.0.2.7")
    assert (plain.owner.customer_id, plain.owner.tech_prefix) == (world.sub_customer.pk, "")
    Balance.objects.filter(customer=world.shop).update(amount="0.30")
    assert (ask(**shop).max_seconds, plain.max_seconds) == (396, CAP)


@pytest.mark.parametrize(
    ("trunk", "host", "cause"),
    [
        ({"status": "inactive"}, {}, "inactive_trunk"),
        ({"status": "inactive", "disabled_by_alert_at": START}, {}, "low_balance_trunk"),
        ({"call_limit": 0}, {}, "none_allowed"),
        ({"cps_limit": 0}, {}, "none_allowed"),
        ({}, {"status": "inactive"}, "inactive_host"),
        ({}, {"call_limit": 0}, "none_allowed"),
        ({}, {"cps_limit": 0}, "none_allowed"),
    ],
)
def test_each_cause_of_a_trunk(
    world: World, trunk: dict[str, Any], host: dict[str, Any], cause: str
):
    made = trunk_of(world, "shop", "in", NewHost("192.0.2.1"))
    assert ask(auth_name="", source_ip="192.0.2.1").is_allowed
    Trunk.objects.filter(pk=made.pk).update(**{"name": "in"} | trunk)
    Host.objects.filter(trunk=made).update(**{"port": 5060} | host)
    assert denied(ask(auth_name="", source_ip="192.0.2.1")) == [("Shop in", cause)]


def test_nobody_and_no_number(world: World):
    decision = ask(auth_name="nobody", source_ip="203.0.113.9")
    assert (denied(decision), decision.sip_code) == ([("", "unknown")], 403)
    decision = ask(called="sip:reception@192.0.2.1")
    assert (denied(decision), decision.sip_code) == ([("Shop shop-1", "invalid_number")], 484)
    Account.objects.filter(pk=world.account.pk).update(archived_at=START)
    assert denied(ask()) == [("", "unknown")]


def test_who_was_not_in_service_has_no_tariff(world: World):
    early = OPENED - timedelta(days=1)
    Account.objects.filter(pk=world.account.pk).update(opened_at=early)
    assert denied(ask(setup_at=early)) == [("Shop", "no_tariff")]


def test_the_numbers_are_cleaned_by_the_switch_s_rules_as_those_of_its_cdrs(world: World):
    Switch.objects.update(default_country_code="44", national_prefix="0")
    for number, called in enumerate(("020 7946 0000", "00442079460000", "55#+442079460000")):
        decision = ask(called=called)
        store_calls(switch=Switch.objects.get(), calls=[make_call(number, called=called)])
        cdr = Call.objects.get(native_id=f"call-{number}")
        assert decision.owner == (
            cdr.customer_id,
            cdr.account_id,
            cdr.trunk_id,
            cdr.called_number,
            cdr.tech_prefix,
        )
        assert decision.owner.called_number == DIGITS
