"""The simulator: each viewer sees its own level and those below, never one above."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.models import Balance
from billing.services.accounts import AccountTariff, open_account
from calls.selectors.simulate import simulate_calls
from calls.services.charging import charge_pending
from customers.models import Customer
from customers.services.permissions import delegated_rights, set_rights
from tariffs.models import Currency, ExchangeRate, Rate, Tariff
from tariffs.services.exchange import add_exchange_rate
from tariffs.services.profiles import create_profile
from tariffs.services.tariffs import NewRate, set_rate
from tests.api import Api
from tests.calls.stored import charges_of, store_call
from tests.sql import count_queries
from tests.world import OPENED, World, actor_of

pytestmark = pytest.mark.django_db
LEVELS = {"operator": 3, "reseller": 3, "sub_reseller": 2, "shop": 1}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ask(world: World, who: str, **changes: Any) -> Any:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    query: dict[str, str | int] = {
        "numbers": "+44 20 7946 0000",
        "customer": "Shop",
        "at": "2026-03-01T12:00",
        "duration": "61",
    }
    return client.get(reverse("tariffs:simulator"), query | changes)


def calls_of(world: World, who: str, *numbers: str, **changes: Any) -> Any:
    asked: dict[str, Any] = {"customer": world.shop, "at": NOON, "duration": Decimal(61)}
    asked |= changes
    return simulate_calls(world.actor(who), numbers=numbers or ("442079460000",), **asked)


@pytest.mark.parametrize("who", LEVELS)
def test_each_viewer_sees_the_levels_up_to_its_own(world, who):
    Balance.objects.update(amount=Decimal(100))
    answer = ask(world, who)
    (call,) = answer.context["calls"]
    names = ["Shop", "Sub reseller", "Reseller"][: LEVELS[who]]
    assert [item["card"]["title"] for item in call["levels"]] == names
    text = answer.content.decode()
    assert "442079460000: allowed" in text
    # 61 s are billed as 66: 1.1 minutes of 0.045 GBP, 0.03 EUR and 0.015 USD
    for cost, depth in (("0.0495", 1), ("0.0330", 2), ("0.0165", 3)):
        assert (cost in text) == (LEVELS[who] >= depth)
    assert ("Street" in text) == (who != "shop")
    assert ("Retail" in text) == (LEVELS[who] == 3)
    assert ("Wholesale" in text) == (who == "operator")


def test_the_profit_of_an_owner_is_between_two_visible_levels(world):
    (call,) = calls_of(world, "sub_reseller")
    # 0.033 EUR of the tariff are 0.0275 GBP of the sub-reseller's balance (1.25 / 1.5)
    shop, sub = call.levels
    assert (shop.currency, sub.currency) == ("GBP", "GBP")
    assert (sub.cost, sub.version.tariff.currency_id) == (Decimal("0.03300"), "EUR")
    assert (shop.amount, sub.amount) == (Decimal("0.049500"), Decimal("0.027500"))
    assert shop.margin == call.margin == Decimal("0.022000")
    assert sub.margin is None
    text = ask(world, "shop").content.decode()
    assert "Total margin" not in text


def test_all_margins_add_up_and_roots_vendors_are_unknown(world):
    (call,) = calls_of(world, "operator")
    assert [level.margin is None for level in call.levels] == [False, False, True]
    # 0.0165 USD are 0.0132 EUR of the reseller's balance, and those 0.011 GBP
    assert call.levels[2].amount == Decimal("0.013200")
    assert call.margin == Decimal("0.049500") - Decimal("0.011000")


def test_a_refusal_above_has_neither_level_nor_reason(world):
    Rate.objects.filter(tariff__name="Wholesale", prefix="4420").update(is_forbidden=True)
    assert "forbidden" in ask(world, "reseller").content.decode()
    for text in (ask(world, "shop").content.decode(), export(world, "shop")):
        assert "Not available from your provider" in text
        assert "forbidden" not in text
        assert "Reseller" not in text


def export(world: World, who: str, **changes: Any) -> str:
    return b"".join(ask(world, who, export="csv", **changes)).decode("utf-8-sig")


def test_loss_protection_and_minimum_are_told_to_sellers_only(world):
    Tariff.objects.filter(name="Street").update(loss_protection="refuse")
    Rate.objects.filter(tariff__name="Street", prefix="4420").update(price_1=0, price_n=0)
    assert "Loss protection" in ask(world, "sub_reseller").content.decode()
    assert "Loss protection" in ask(world, "operator").content.decode()
    text = ask(world, "shop").content.decode()
    assert "Not available from your provider" in text
    assert "Loss" not in text
    Tariff.objects.filter(name="Street").update(loss_protection="off")
    assert "allowed" in ask(world, "shop").content.decode()
    Customer.objects.filter(pk=world.sub_reseller.pk).update(
        min_profitability=Decimal(99), min_profitability_unit="percent"
    )
    (call,) = calls_of(world, "reseller")
    assert [level.refusal for level in call.levels] == [None, "unprofitable", None]
    (call,) = calls_of(world, "sub_reseller")
    assert (call.is_refused_above, [level.refusal for level in call.levels]) == (True, [None, None])


def test_every_reason_of_a_refusal(world):
    Rate.objects.filter(tariff__name="Street", prefix="").delete()
    Rate.objects.filter(tariff__name="Street", prefix="447").update(is_forbidden=True)
    calls = calls_of(world, "sub_reseller", "447", "9999", "4420")
    assert [call.levels[0].refusal for call in calls] == ["forbidden", "no_rate", None]
    assert [call.is_allowed for call in calls] == [False, False, True]
    ExchangeRate.objects.filter(currency="GBP").delete()
    (call,) = calls_of(world, "sub_reseller")
    assert [level.refusal for level in call.levels] == [None, "no_exchange_rate"]
    assert (call.levels[1].amount, call.levels[0].margin) == (None, None)


def test_funds_limit_the_call_where_the_viewer_sees_them(world):
    Balance.objects.filter(customer=world.shop).update(amount=Decimal("0.30"), credit_limit=0)
    Balance.objects.exclude(customer=world.shop).update(amount=Decimal(1000))
    (call,) = calls_of(world, "sub_reseller")
    # 0.30 GBP at 0.045 a minute: 400 s, so 60 + 56 intervals of 6 s
    assert (call.levels[0].available, call.levels[0].longest, call.longest) == (
        Decimal("0.30"),
        396,
        396,
    )
    assert call.levels[1].longest > 396
    Balance.objects.filter(customer=world.shop).update(amount=0)
    (call,) = calls_of(world, "sub_reseller")
    assert (call.is_allowed, call.longest) == (True, 0)
    assert "funds pay for no call" in ask(world, "sub_reseller").content.decode()
    left = delegated_rights(world.shop) - {"balance.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=left)
    (call,) = calls_of(world, "shop")
    assert (call.levels[0].available, call.levels[0].longest) == (None, None)


def test_an_account_charged_by_itself_is_a_level_of_its_own(world):
    tariff = Tariff.objects.get(name="Street")
    account = open_account(
        actor=actor_of(world.sub_reseller),
        customer=world.sub_reseller,
        auth_name="own-1",
        by_itself=AccountTariff(tariff),
        opened_at=OPENED,
    )
    Account.objects.filter(pk=account.pk).update(max_call_seconds=30)
    (call,) = calls_of(
        world,
        "sub_reseller",
        customer=world.sub_reseller,
        account=Account.objects.get(pk=account.pk),
    )
    assert [level.account is None for level in call.levels] == [False, True]
    assert call.longest <= 30


def test_amounts_are_converted_as_those_of_the_real_call_are(world):
    """At the rates in force when it ends, here on the next day in UTC."""
    pounds = Currency.objects.get(code="GBP")
    add_exchange_rate(
        actor=world.actor("operator"), currency=pounds, valid_on=date(2026, 3, 11), rate=Decimal(3)
    )
    start = datetime(2026, 3, 10, 23, 59, 30, tzinfo=UTC)
    for begun in (start, start - timedelta(minutes=10)):
        real = store_call(world.shop, "442079460000", 120, at=begun)
        charge_pending()
        (found,) = calls_of(world, "operator", at=begun, duration=Decimal(120))
        assert [(level.cost, level.amount) for level in found.levels] == [
            (charge.cost, charge.amount) for charge in charges_of(real)
        ]


def test_a_profile_decides_and_is_shown(world):
    actor = world.actor("sub_reseller")
    night = create_profile(actor=actor, name="Night", windows=[[127, 0, 360]])
    tariff = Tariff.objects.get(name="Street")
    price = Decimal("0.6")
    new = NewRate("4420", price, price, valid_from=datetime(2030, 1, 1, tzinfo=UTC), profile=night)
    set_rate(actor=actor, tariff=tariff, rate=new)
    at = datetime(2030, 1, 2, 3, tzinfo=UTC)
    met = [calls_of(world, "sub_reseller", at=moment)[0].levels[0].rate for moment in (at, NOON)]
    assert [row.profile for row in met] == [night, None]
    assert "Night" in ask(world, "sub_reseller", at="2030-01-02T03:00").content.decode()


def test_a_list_is_answered_number_by_number_in_as_many_statements(world):
    numbers = "\n".join(f"+4420794600{n:02}" for n in range(50))
    answer = ask(world, "operator", numbers=numbers)
    assert len(answer.context["calls"]) == 50
    one = count_queries(lambda: ask(world, "operator"))
    assert count_queries(lambda: ask(world, "operator", numbers=numbers)) == one
    rows = list(csv.reader(io.StringIO(export(world, "operator", numbers=numbers))))
    assert len(rows) == 1 + 50 * 3
    assert rows[1][:5] == ["442079460000", "yes", "Shop", "", "4420"]
    assert ask(world, "operator", numbers=numbers + "\n4420").status_code == 422


def test_wrong_questions_strangers_and_nobody(world):
    for numbers in ("12", "", " , ", "abc"):
        assert ask(world, "reseller", numbers=numbers).status_code == 422
    assert ask(world, "other_reseller").status_code == 422
    assert "Shop" not in ask(world, "other_reseller", customer="").content.decode()
    assert ask(world, "operator", customer="").status_code == 422
    assert Client().get(reverse("tariffs:simulator")).status_code == 302
    early = ask(world, "reseller", at="2020-01-01T00:00")
    assert "not in service" in early.content.decode()
    by_account = ask(world, "shop", customer="", account="shop-1")
    assert len(by_account.context["calls"][0]["levels"]) == 1
    assert ask(world, "operator", customer="Reseller", account="shop-1").status_code == 422


def test_the_api_answers_the_same_within_its_scope(world):
    program = Api(world, "sub_reseller")
    body = {"numbers": ["442079460000"], "customer_id": world.shop.pk, "duration": "61"}
    status, (call,) = program("POST", "/simulations", body | {"at": NOON.isoformat()})
    assert (status, call["is_allowed"]) == (200, True)
    assert [level["customer_id"] for level in call["levels"]] == [
        world.shop.pk,
        world.sub_reseller.pk,
    ]
    assert call["levels"][0]["amount"] == "0.049500"
    assert call["levels"][0]["formula"][-1]["value"] == "0.04950"
    own = {"numbers": ["4420"], "account_id": world.account.pk}
    assert len(Api(world, "shop")("POST", "/simulations", own)[1][0]["levels"]) == 1
    assert program("POST", "/simulations", body | {"customer_id": world.reseller.pk})[0] == 404
    assert program("POST", "/simulations", body | {"account_id": 1, "numbers": ["1"]})[0] == 422
    assert program("POST", "/simulations", body | {"numbers": ["4420"] * 51})[0] == 422
    assert program("POST", "/simulations", body | {"at": "2020-01-01T00:00:00Z"})[0] == 422
    assert Api(world, "sub_reseller", "money:read")("POST", "/simulations", body)[0] == 403
