"""The tree page with a node of many children: shown part by part."""

from typing import Any

import pytest

from customers.models import Customer
from customers.views import tree
from customers.views.tree import starts_in
from tests.customers.test_customer_pages import browser, url
from tests.world import World, customer_of


@pytest.fixture
def crowd(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The sub-reseller has 8 customers, of whom the page shows 3 at once."""
    monkeypatch.setattr(tree, "SHOWN", 3)
    tariff = world.shop.tariff_assignments.get().tariff
    for number in range(7):
        customer_of(world.sub_reseller, f"Kiosk {number}", "business", tariff)
    return world


def lines(answer: Any) -> list[str]:
    """The names and links of the lines, in their order."""
    return [node.text or node.customer.name for node in answer.context["nodes"]]


def test_children_are_shown_part_by_part(crowd: World) -> None:
    client = browser(crowd, "reseller")
    first = client.get(url("customer_tree"), {"open": crowd.sub_reseller.pk})
    kiosks = ["Kiosk 0", "Kiosk 1", "Kiosk 2"]
    assert lines(first) == ["Sub customer", "Sub reseller", *kiosks, "Show 4–6 of 8"]
    second = client.get(url("customer_tree") + first.context["nodes"][-1].url)
    kiosks = ["Kiosk 3", "Kiosk 4", "Kiosk 5"]
    assert lines(second)[2:] == ["Show 1–3 of 8", *kiosks, "Show 7–8 of 8"]
    last = client.get(url("customer_tree") + second.context["nodes"][-1].url)
    assert lines(last)[2:] == ["Show 4–6 of 8", "Kiosk 6", "Shop"]
    assert lines(client.get(url("customer_tree") + last.context["nodes"][2].url)) == lines(second)


def test_a_start_beyond_the_end_shows_the_last(crowd: World) -> None:
    pk = crowd.sub_reseller.pk
    answer = browser(crowd, "reseller").get(
        url("customer_tree"), {"open": str(pk), "from": f"{pk}-999999"}
    )
    assert lines(answer)[-1] == "Shop"


def test_nothing_of_others_is_opened_or_counted(crowd: World) -> None:
    pk = crowd.sub_reseller.pk
    answer = browser(crowd, "other_reseller").get(
        url("customer_tree"), {"open": str(pk), "from": f"{pk}-3"}
    )
    assert lines(answer) == []
    assert Customer.objects.count() > 5


def test_odd_starts_are_left_out() -> None:
    assert starts_in(["7-200", "x-1", "5", "5-", "-3", "1-2-3", "9" * 30 + "-1"]) == {7: 200}
