"""Alerts that cannot be told stop no other; who is told what of them."""

import json
import logging
from datetime import timedelta

import pytest

from accounts.models import Trunk
from billing.models import Balance
from billing.services.alerts import run_alerts
from customers.models import Customer
from notifications.models import Message, WebhookDelivery
from tests.api import Api
from tests.billing.alerted import LOW, fund, rule, told, trunk
from tests.billing.test_alerts import DAY, NIGHT, NINE
from tests.notifications.hooks import hook_of
from tests.plugins.hooks import Receiver
from tests.world import World


@pytest.fixture
def balance(world: World) -> Balance:
    """The shop's, low, as is the one of its owner's other customer."""
    Customer.objects.filter(pk=world.shop.pk).update(billing_email="pay@shop.example")
    for who in ("shop", "sub_customer"):
        rule(getattr(world, who), **LOW)
        fund(world.balance(who), 99)
    return world.balance("shop")


def test_one_that_cannot_be_told_stops_no_other(
    world: World, balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    run_alerts(moment=NIGHT)
    Customer.objects.filter(pk=world.shop.pk).update(language="xx")  # no letter can be in it
    with caplog.at_level(logging.ERROR, logger="billing.services.alerts"):
        assert run_alerts(moment=NINE) == 1
    assert f"balance {balance.pk}" in caplog.text
    assert (told(world.shop), told(world.sub_customer)) == ([], ["low_balance"])
    assert run_alerts(moment=NINE + timedelta(minutes=1)) == 0
    Customer.objects.filter(pk=world.shop.pk).update(language="es")
    assert run_alerts(moment=NINE + timedelta(minutes=2)) == 1
    assert (told(world.shop), told(world.sub_customer)) == (["low_balance"], ["low_balance"])


def test_thousands_of_trunks_are_told_in_a_table_of_some(world: World, balance: Balance) -> None:
    rule(world.shop, disable_trunks_after_days=0)
    names = [f"{number:04d}" + "x" * 116 for number in range(9_000)]
    Trunk.objects.bulk_create([Trunk(customer=world.shop, name=name) for name in names])
    run_alerts(moment=NIGHT)
    assert not Trunk.objects.filter(status="active").exists()
    letter = Message.objects.get(event="trunks_disabled")
    for part in (letter.text, letter.html):
        assert names[199] in part
        assert names[200] not in part
        assert "… and 8,800 more" in part


def test_the_customers_webhook_tells_no_rule_of_its_owner(
    world: World, balance: Balance, receiver: Receiver
) -> None:
    rule(world.shop, disable_trunks_after_days=1)
    trunk(world, "One")
    events = ["low_balance", "trunks_disabled"]
    theirs, _secret = hook_of(world, receiver, who="shop", events=events)
    mine, _secret = hook_of(world, receiver, who="sub_reseller", events=events)
    for moment in (NIGHT, NINE, NIGHT + DAY):
        run_alerts(moment=moment)
    for event in events:
        of_shop = {"event": event, "customer": world.shop}
        told_it = json.loads(WebhookDelivery.objects.get(webhook=theirs, **of_shop).payload)
        told_me = json.loads(WebhookDelivery.objects.get(webhook=mine, **of_shop).payload)
        assert told_me["data"].pop("alert")["below"] == {"amount": "100.000000", "currency": "GBP"}
        assert "alert" not in told_it["data"]
        assert told_it["data"] == told_me["data"]
        assert told_it["id"] == told_me["id"]
    status, listed = Api(world, "shop")("GET", f"/webhooks/{theirs.pk}/deliveries")
    assert status == 200
    assert "alert" not in json.dumps(listed)
