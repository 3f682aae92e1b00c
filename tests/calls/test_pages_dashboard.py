"""The dashboard of each kind of user, empty and busy."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, Charge
from billing.services.accounts import AccountTariff, open_account
from calls.selectors.dashboard import traffic_of_day
from calls.selectors.totals import plain_sum
from calls.services.charging import charge_pending
from calls.services.traffic import fold_traffic
from customers.models import User
from softswitch.core.display import price_text
from tests.calls.stored import START, store_call
from tests.world import OPENED, World, tariff_with_rates

pytestmark = pytest.mark.django_db


def dashboard(client: Client, world: World, who: str) -> Any:
    user = User.objects.get(account=world.account) if who == "account" else world.user(who)
    client.force_login(user)
    response = client.get(reverse("dashboard"))
    assert response.status_code == 200
    return response


def test_strangers_go_to_the_login_page(client: Client, db: None) -> None:
    assert client.get(reverse("dashboard")).status_code == 302


def test_an_operator_without_calls_is_led_to_the_first_ones(client: Client, world: World) -> None:
    text = dashboard(client, world, "operator").content.decode()
    assert "First steps" in text
    assert text.count(">Done<") == 3
    assert reverse("calls:import_create") in text
    reseller = dashboard(client, world, "other_reseller").content.decode()
    assert text.count(">Done<") > reseller.count(">Done<")
    assert reverse("calls:import_create") not in reseller


def test_each_dashboard_shows_own_calls_and_money(client: Client, world: World) -> None:
    call = store_call(world.shop, "442079460000", 120, at=now(), account=world.account)
    store_call(world.shop, "442079460001", 60, at=now() - timedelta(days=7), account=world.account)
    charge_pending()
    paid = {c.customer_id: price_text(c.amount) for c in Charge.objects.filter(call_id=call.id)}
    for who in ("operator", "reseller", "sub_reseller", "shop", "account"):
        response = dashboard(client, world, who)
        text = response.content.decode()
        assert "442079460000" in text, who
        if who == "shop":
            assert paid[world.shop.pk] in text
            assert paid[world.sub_reseller.pk] not in text
        if who == "account":
            assert not set(paid.values()) & set(text.split())
            assert "Available funds" not in text
            assert "Answered" in text
            assert "Not charged" not in text
    assert dashboard(client, world, "shop").context["tiles"][0].value == "1"
    assert "442079460000" not in dashboard(client, world, "other_reseller").content.decode()


def test_customers_without_funds_are_named_to_their_owner_alone(
    client: Client, world: World
) -> None:
    Balance.objects.filter(customer=world.shop).update(amount=Decimal(-5), credit_limit=0)
    assert "Shop" in [c.name for c in dashboard(client, world, "sub_reseller").context["low"]]
    for who in ("operator", "reseller", "other_reseller"):
        assert "Shop" not in [c.name for c in dashboard(client, world, who).context["low"]]
    assert "low" not in dashboard(client, world, "shop").context


def test_the_statements_do_not_grow_with_the_calls(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    store_call(world.shop, "442079460000", at=now(), account=world.account)
    charge_pending()
    dashboard(client, world, "reseller")
    with django_assert_max_num_queries(40) as few:
        dashboard(client, world, "reseller")
    for number in range(12):
        store_call(world.shop, f"44207947{number:04}", at=now(), account=world.account)
    charge_pending()
    with django_assert_max_num_queries(len(few.captured_queries)):
        dashboard(client, world, "reseller")


def test_the_money_of_a_seller_s_day_is_all_of_it(world: World) -> None:
    """Also of accounts by themselves and of its own calls, and of no other day."""
    zone = ZoneInfo("Asia/Kathmandu")
    tariff = tariff_with_rates(world.reseller, "Accounts", "EUR", factor="5")
    own = open_account(
        actor=world.actor("reseller"),
        customer=world.reseller,
        auth_name="own-1",
        by_itself=AccountTariff(tariff),
        opened_at=OPENED,
    )
    for number, customer in enumerate((world.shop, world.sub_customer, world.reseller)):
        account = own if customer == world.reseller else None
        for minutes in (-1, 0, 61, 24 * 60 - 1, 24 * 60):
            at = START.replace(hour=18, minute=15) + timedelta(minutes=minutes)
            store_call(customer, "442079460000", 60 + number, at=at, account=account)
    store_call(world.reseller, "442079460000", 7, at=START.replace(hour=19))
    charge_pending()
    fold_traffic()
    day = traffic_of_day(world.actor("reseller"), date(2026, 3, 11), zone)
    of_day = Charge.objects.filter(setup_at__gte=day.starts_at, setup_at__lt=day.ends_at)
    paid = of_day.filter(customer=world.reseller, account=None)
    charged = of_day.filter(issuer=world.reseller)
    assert (day.calls, day.answered) == (paid.count(), paid.count()) == (10, 10)
    assert [hour.calls for hour in day.hours] == [4, 3, *[0] * 21, 3]
    assert day.paid is not None
    assert day.charged is not None
    assert day.paid.amount == paid.aggregate(sum=Sum("amount"))["sum"]
    by_currency = charged.values_list("balance__currency").annotate(sum=Sum("amount"))
    assert len(by_currency) == 2
    assert day.charged == plain_sum(world.actor("reseller"), list(by_currency))
