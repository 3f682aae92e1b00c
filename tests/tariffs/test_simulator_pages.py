"""The simulator: each viewer sees its own level and those below, never one above."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tariffs.models import Rate
from tests.world import World

pytestmark = pytest.mark.django_db
LEVELS = {"operator": 3, "reseller": 3, "sub_reseller": 2, "shop": 1}


def ask(world: World, who: str, **changes: Any) -> Any:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    query: dict[str, str | int] = {
        "number": "+44 20 7946 0000",
        "customer": world.shop.pk,
        "at": "2026-03-01T12:00",
        "duration": "61",
    }
    return client.get(reverse("tariffs:simulator"), query | changes)


@pytest.mark.parametrize("who", LEVELS)
def test_each_viewer_sees_the_levels_up_to_its_own(world, who):
    answer = ask(world, who)
    levels = answer.context["levels"]
    names = ["Shop", "Sub reseller", "Reseller"][: LEVELS[who]]
    assert [level["title"] for level in levels] == names
    text = answer.content.decode()
    assert "Every level has a rate" in text
    # 61 s are billed as 66: 1.1 minutes of 0.045 GBP, 0.03 EUR and 0.015 USD
    for cost, depth in (("0.0495", 1), ("0.0330", 2), ("0.0165", 3)):
        assert (cost in text) == (LEVELS[who] >= depth)
    assert ("Street" in text) == (who != "shop")
    assert ("Retail" in text) == (LEVELS[who] == 3)
    assert ("Wholesale" in text) == (who == "operator")


def test_the_profit_of_an_owner_is_between_two_visible_levels(world):
    levels = ask(world, "sub_reseller").context["levels"]
    # 0.0495 GBP less 0.033 EUR at 1.25 / 1.5
    assert str(Decimal("0.0495") - Decimal("0.0275")) in levels[0]["right"]
    assert levels[1]["right"] == ""


def test_a_refusal_above_has_neither_level_nor_reason(world):
    Rate.objects.filter(tariff__name="Wholesale", prefix="4420").update(is_forbidden=True)
    assert "forbidden" in ask(world, "reseller").content.decode()
    text = ask(world, "shop").content.decode()
    assert "Not available from your provider" in text
    assert "forbidden" not in text


def test_wrong_questions_strangers_and_nobody(world):
    assert ask(world, "reseller", number="12").status_code == 422
    assert ask(world, "other_reseller").status_code == 422
    assert "Shop" not in ask(world, "other_reseller").content.decode()
    assert Client().get(reverse("tariffs:simulator")).status_code == 302
    early = ask(world, "reseller", at="2020-01-01T00:00")
    assert "not in service" in early.content.decode()
