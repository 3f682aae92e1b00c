"""The page of alert rules: what is in force for whom, and what was told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.services.alerts import run_alerts
from customers.models import CustomerParameters, User
from tests.billing.alerted import LOW, fund, rule, trunk
from tests.billing.test_dunning_pages import browser
from tests.world import World

URL = reverse("billing:alert_list")
RULES: dict[str, Any] = LOW | {
    "low_balance_timezone": ZoneInfo("Asia/Tokyo"),
    "disable_trunks_after_days": 0,
    "zero_balance_notice": True,
    "credit_thresholds": [80, 95],
}


@pytest.fixture(autouse=True)
def low(world: World) -> None:
    """The shop is low, and its trunks are disabled for it."""
    rule(world.shop, **RULES)
    trunk(world, "One")
    fund(world.balance("shop"), -90, credit_limit=100)
    run_alerts(moment=now() - timedelta(hours=1))


def listed(client: Client, **query: str) -> list[Any]:
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return [item.record for item in answer.context["page"].object_list]


def test_an_owner_reads_rules_and_what_was_told(world: World) -> None:
    client = browser(world, "sub_reseller")
    (row,) = listed(client)
    assert (row.pk, row.alert_level, row.low_limit) == (world.shop.pk, "low", Decimal(100))
    assert row.credit_step == 80
    text = client.get(URL).content.decode()
    for part in (
        "Daily at 09:00, Asia/Tokyo, at most 7 days",
        "Disabled after 0 days",
        "80%, 95% (80% passed)",
        reverse("customers:customer_edit_notifications", args=[world.shop.pk]),
    ):
        assert part in text
    assert "80% passed" in b"".join(client.get(URL, {"export": "csv"})).decode()


def test_its_lists_have_the_commas_of_the_reader(world: World) -> None:
    User.objects.filter(customer=world.sub_reseller).update(language="ar")
    text = browser(world, "sub_reseller").get(URL).content.decode()
    assert "80%، 95%" in text
    assert "09:00، Asia/Tokyo، " in text


def test_it_is_searched_by_state_and_name(world: World) -> None:
    client = browser(world, "sub_reseller")
    for query, count in (
        ({"level": "low"}, 1),
        ({"level": "empty"}, 0),
        ({"level": "ok"}, 0),
        ({"trunks": "off"}, 1),
        ({"name": "sho"}, 1),
        ({"name": "nobody"}, 0),
    ):
        assert len(listed(client, **query)) == count, query
    fund(world.balance("shop"), -100)
    run_alerts(moment=now())
    assert len(listed(client, level="empty")) == 1


def test_above_it_is_read_and_not_edited(world: World) -> None:
    client = browser(world, "reseller")
    assert listed(client) == []
    assert len(listed(client, show="all")) == 1
    text = client.get(URL, {"show": "all"}).content.decode()
    assert reverse("customers:customer_edit_notifications", args=[world.shop.pk]) not in text


@pytest.mark.parametrize("who", ["shop", "other_reseller", "sub_customer"])
def test_nobody_else_reads_it(world: World, who: str) -> None:
    client = browser(world, who)
    answer = client.get(URL, {"show": "all"})
    if answer.status_code == 200:
        assert not list(answer.context["page"].object_list)
        export = client.get(URL, {"show": "all", "export": "csv"})
        assert "Shop" not in b"".join(export).decode()
    else:
        assert answer.status_code == 403


def test_without_the_right_it_is_refused(world: World) -> None:
    User.objects.filter(pk=world.user("sub_reseller").pk).update(role="read_only")
    assert browser(world, "sub_reseller").get(URL).status_code == 403


def test_customers_without_alerts_are_not_listed(world: World) -> None:
    rule(world.shop, notifications=False)
    client = browser(world, "sub_reseller")
    assert len(listed(client)) == 1  # what was told of it still stands
    run_alerts(moment=now())
    assert listed(client) == []


def test_thresholds_are_typed_with_commas(world: World) -> None:
    client = browser(world, "sub_reseller")
    page = reverse("customers:customer_edit_notifications", args=[world.shop.pk])
    assert client.get(page).context["form"]["credit_thresholds"].value() == "80, 95"
    sent = {"notifications": "true", "low_balance_amount": "5"}
    for text, stored in (("90 , 50%,90", [50, 90]), ("", None)):
        assert client.post(page, sent | {"credit_thresholds": text}).status_code == 302
        assert CustomerParameters.objects.get(customer=world.shop).credit_thresholds == stored
    for wrong in ("0", "101", "8.5", "-1", "a", "80;90", "9" * 5000):
        answer = client.post(page, sent | {"credit_thresholds": wrong})
        assert answer.status_code == 422, wrong
        assert "whole percentages" in answer.content.decode()
    ticked = {"no_credit_thresholds": "on"}
    assert client.post(page, sent | ticked).status_code == 302
    own = CustomerParameters.objects.get(customer=world.shop)
    assert (own.credit_thresholds, own.nothing) == (None, ["credit_thresholds"])
