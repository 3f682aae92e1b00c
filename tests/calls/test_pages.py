"""The pages of calls, as each viewer gets them: own rows, 404 for strangers, no price above."""

from contextlib import closing
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Charge
from calls.models import Call, UnratedCall
from calls.services.charging import charge_pending
from customers.models import User
from softswitch.core.display import price_text
from tariffs.models import Rate
from tests.calls.stored import START, store_call
from tests.world import World

pytestmark = pytest.mark.django_db
MARCH = {"since": "2026-03-01T00:00", "until": "2026-04-01T00:00"}
VIEWERS = ("operator", "reseller", "sub_reseller", "shop")


@pytest.fixture
def call(world: World) -> Call:
    """A charged call of the shop: four levels deep from Root."""
    stored = store_call(world.shop, "442079460000", 61, account=world.account)
    charge_pending()
    return stored


def login(client: Client, world: World, who: str) -> Client:
    user = User.objects.get(account=world.account) if who == "account" else world.user(who)
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> Any:
    return client.get(reverse(f"calls:{name}", args=args), MARCH | query)


@pytest.mark.parametrize("who", [*VIEWERS, "account"])
def test_list_and_drawer_show_no_price_above_the_viewer(
    client: Client, world: World, call: Call, who: str
) -> None:
    login(client, world, who)
    charges = {c.customer_id: price_text(c.amount) for c in Charge.objects.filter(call_id=call.id)}
    order = [world.shop, world.sub_reseller, world.reseller]
    above = {"operator": [], "reseller": [], "sub_reseller": order[2:], "shop": order[1:]}
    for name, args in (("call_list", ()), ("call_detail", (call.id,))):
        response = page(client, name, *args)
        assert response.status_code == 200
        text = response.content.decode()
        assert "442079460000" in text
        for customer in above.get(who, order):
            assert charges[customer.pk] not in text
        if who in ("shop", "sub_reseller", "reseller"):
            assert charges[getattr(world, who).pk] in text


def test_a_search_by_number_counts_less_far(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(2):
        store_call(world.shop, "442079460000", 61, account=world.account)
    monkeypatch.setattr("calls.views.calls.NUMBER_COUNT_LIMIT", 1)
    login(client, world, "operator")
    for query, total in ({"called": "4420*"}, "1+"), ({"caller": "*"}, "1+"), ({}, "2"):
        assert page(client, "call_list", **query).context["page"].paginator.total == total


@pytest.mark.parametrize("who", ["other_reseller", "sub_customer"])
def test_a_strangers_call_is_not_there(client: Client, world: World, call: Call, who: str) -> None:
    login(client, world, who)
    assert page(client, "call_detail", call.id).status_code == 404
    assert b"442079460000" not in page(client, "call_list").content
    assert b"442079460000" not in page(client, "call_list", export="csv").getvalue()


def test_a_customer_is_found_by_name_only_in_the_own_subtree(
    client: Client, world: World, call: Call
) -> None:
    login(client, world, "reseller")
    found = page(client, "call_list", customer="shop").content.decode()
    assert "442079460000" in found
    stranger = page(client, "call_list", customer="Other reseller").content.decode()
    nobody = page(client, "call_list", customer="No such name").content.decode()
    for answer in (stranger, nobody):
        assert "Nothing here has this name." in answer
        assert "442079460000" not in answer


@pytest.mark.parametrize(("who", "heads"), [
    ("operator", {"Charge"}), ("reseller", {"You pay", "Charged"}), ("shop", {"Charge"}),
    ("account", set()),
])  # fmt: skip
def test_exports_hold_the_columns_of_the_viewer(
    client: Client, world: World, call: Call, who: str, heads: set[str]
) -> None:
    login(client, world, who)
    body = page(client, "call_list", export="csv").getvalue().decode("utf-8-sig")
    first, row, *rest = body.splitlines()
    assert rest == []
    columns = first.split(",")
    assert {"Charge", "You pay", "Charged"} & set(columns) == heads
    assert "Call ID" in columns
    assert call.native_id in row
    with closing(page(client, "call_list", export="xlsx")) as workbook:
        assert b"".join(workbook.streaming_content).startswith(b"PK")


def test_the_list_takes_the_same_statements_for_many_rows(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        store_call(world.shop, f"44207946{number:04}", account=world.account)
    charge_pending()
    login(client, world, "reseller")
    page(client, "call_list")
    with django_assert_max_num_queries(22) as few:
        page(client, "call_list")
    for number in range(20):
        store_call(world.shop, f"44207947{number:04}", account=world.account)
    charge_pending()
    with django_assert_max_num_queries(len(few.captured_queries)):
        page(client, "call_list")


def test_sums_of_the_list(client: Client, world: World, call: Call) -> None:
    login(client, world, "reseller")
    full = page(client, "call_totals").content.decode()
    assert "<html" in full
    part = client.get(reverse("calls:call_totals"), MARCH, headers={"HX-Request": "true"})
    text = part.content.decode()
    assert "<html" not in text
    assert "You pay" in text
    assert "100.0" in text


def test_neighbours_keep_the_search(client: Client, world: World, call: Call) -> None:
    later = store_call(world.shop, "442079460001", at=START.replace(hour=13))
    charge_pending()
    login(client, world, "shop")
    text = page(client, "call_detail", call.id).content.decode()
    assert f"/calls/{later.id}/?since=2026-03-01" in text
    assert "Previous call" in text
    assert "Next call" not in text


def test_an_unrated_call_names_no_level_above(client: Client, world: World) -> None:
    Rate.objects.filter(tariff__owner=world.root).delete()
    call = store_call(world.shop, "442079460000", account=world.account)
    charge_pending()
    assert UnratedCall.objects.get().level_customer == world.reseller
    texts = {}
    for who in VIEWERS:
        texts[who] = page(login(client, world, who), "unrated_list").content.decode()
        assert str(call.called_number) in texts[who]
    assert "No rate" in texts["operator"]
    assert "No rate" in texts["reseller"]
    for who in ("sub_reseller", "shop"):
        assert "Not available from your provider" in texts[who]
        assert "No rate" not in texts[who]
        assert ">Reseller<" not in texts[who]
    assert (
        b"442079460000" not in page(login(client, world, "other_reseller"), "unrated_list").content
    )


def test_only_who_sells_to_the_level_rates_again(client: Client, world: World) -> None:
    Rate.objects.filter(tariff__owner=world.root).delete()
    call = store_call(world.shop, "442079460000", account=world.account)
    charge_pending()
    url = reverse("calls:unrated_list")
    ticked = {"do": "rate_again", "pk": call.id}
    assert login(client, world, "shop").post(url, ticked).status_code == 404
    login(client, world, "reseller").post(url, ticked)
    assert UnratedCall.objects.count() == 1
    answer = login(client, world, "operator").post(url, ticked, follow=True)
    assert "1 call is rated again." in answer.content.decode()
    assert UnratedCall.objects.count() == 0
    charge_pending()
    assert login(client, world, "operator").post(reverse("calls:rate_all_again")).status_code == 302
    assert UnratedCall.objects.count() == 0
    assert login(client, world, "shop").post(reverse("calls:rate_all_again")).status_code == 403
