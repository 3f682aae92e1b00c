"""Input that no browser sends: it is refused in words, never with a server error."""

from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse

from softswitch.core.errors import DomainError
from tariffs.services.exchange import import_exchange_rates
from tests.architecture.samples import build_samples
from tests.security.portal import addresses, signed_in
from tests.world import World

HUGE = "9" * 30
LISTS = [
    "customers:customer_list",
    "customers:customer_tree",
    "customers:audit_list",
    "accounts:account_list",
    "accounts:trunk_list",
    "accounts:host_list",
    "tariffs:tariff_list",
    "tariffs:own_rates",
    "tariffs:exchange_list",
    "tariffs:simulator",
    "billing:entry_list",
    "billing:own_ledger",
    "calls:call_list",
    "calls:call_totals",
    "calls:unrated_list",
]
FIELDS = (
    "name", "customer", "account", "owner", "notes", "network", "number", "destination", "caller",
    "numbers", "sort", "page", "per_page", "kind", "status", "currency", "open", "more", "export",
)  # fmt: skip


@pytest.mark.parametrize(
    "value", ["\0", HUGE, "'\"%_\\", "٣"], ids=["nul", "huge", "signs", "other"]
)
def test_no_search_breaks_a_list(world: World, value: str) -> None:
    client = signed_in(world.user("reseller"))
    for name in LISTS:
        for field in FIELDS:
            assert client.get(reverse(name), {field: value}).status_code < 500, (name, field)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_no_date_is_too_far(world: World, day: str) -> None:
    client = signed_in(world.user("reseller"))
    moment = f"{day}T23:59"
    asked: list[tuple[str, dict[str, Any]]] = [
        ("billing:own_ledger", {"since": day, "until": day}),
        ("billing:own_ledger", {"since": "0001-01-01", "until": "9999-12-31"}),
        ("calls:call_list", {"since": moment}),
        ("calls:call_list", {"until": moment}),
        ("calls:call_totals", {"since": moment, "until": moment}),
        ("customers:audit_list", {"since": moment, "until": moment}),
        ("tariffs:own_rates", {"on": moment}),
        (
            "tariffs:simulator",
            {"numbers": "442071", "customer": "Shop", "duration": "60", "at": moment},
        ),
    ]
    for name, query in asked:
        assert client.get(reverse(name), query).status_code < 500, (name, query)


@pytest.mark.parametrize("key", [HUGE, "9" * 5000, "٣", "-1", "1 OR 1=1"])
def test_no_key_breaks_a_bulk_action(world: World, key: str) -> None:
    client = signed_in(world.user("operator"))
    for name, action in (
        ("customers:customer_list", "activate"),
        ("calls:unrated_list", "rate_again"),
    ):
        answer = client.post(reverse(name), {"do": action, "pk": [key, "0"]})
        assert answer.status_code == 302


def test_no_number_in_an_address_breaks_a_page(world: World) -> None:
    client = signed_in(world.user("operator"))
    for name, url in addresses(build_samples(world)):
        parts = [HUGE if part.isdecimal() else part for part in url.split("/")]
        if HUGE in parts:
            assert client.get("/".join(parts)).status_code in (404, 405), name


@pytest.mark.parametrize("code", ["ZZZ", "<b>", "€€€"])
def test_an_unknown_display_currency_is_refused_or_harmless(world: World, code: str) -> None:
    client = signed_in(world.user("reseller"))
    sent = {"name": "x", "display_currency": code, "theme": "light"}
    client.post(reverse("customers:profile"), sent)
    for name in ("dashboard", "customers:customer_list", "calls:call_list", "customers:company"):
        assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-1", "0", "1e400"])
def test_an_exchange_rate_is_a_number_above_zero(world: World, rate: str) -> None:
    file = BytesIO(f"currency,date,rate\nEUR,2026-02-01,{rate}\n".encode())
    with pytest.raises(DomainError, match="Line 2"):
        import_exchange_rates(actor=world.actor("operator"), file=file)
