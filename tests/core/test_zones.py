"""Time zones: every door takes the same names, those that Python and the database both know."""

import struct
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.urls import reverse
from timezone_field import TimeZoneField

from billing.services.alerts import run_alerts
from billing.services.calendars import change_calendar
from calls.services.switches import create_switch, edit_switch
from customers.models import Customer
from customers.services.classes import create_class
from customers.services.customers import create_root
from customers.services.parameters import set_parameters
from customers.services.session import edit_own_profile
from customers.services.users import add_login, edit_user
from softswitch.core.errors import DomainError
from softswitch.core.fields import ZoneColumn
from softswitch.core.zones import zone_choices, zone_names
from tests.api import Api
from tests.billing.alerted import LOW, fund, rule, tell_at
from tests.billing.browsing import browser
from tests.world import World

# Names that Python's own list has: a Debian's link, an offset without a place, an old alias.
NO_PLACES = ("localtime", "Etc/GMT+5", "CET")
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def mars(tmp_path: Path) -> Iterator[str]:
    """A zone that Python knows and the database does not, as the newest ones are."""
    place = tmp_path / "Mars" / "Base"
    place.parent.mkdir()
    head = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    place.write_bytes(head + struct.pack(">lbb", 7200, 0, 0) + b"MST\0")
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(tmp_path), *before])
    yield "Mars/Base"
    zoneinfo.reset_tzpath(to=before)
    ZoneInfo.clear_cache(only_keys=["Mars/Base"])


def doors(world: World, zone: Any) -> dict[str, Callable[[], Any]]:
    """Every service that keeps a zone which somebody names."""
    owner, shop, operator = (
        world.actor("sub_reseller"),
        world.actor("shop"),
        world.actor("operator"),
    )
    switch, _token = create_switch(actor=operator, name="core-1")
    parameters = ("report_timezone", "invoice_timezone", "low_balance_timezone")
    of_a_customer: dict[str, Callable[[], Any]] = {
        name: lambda name=name: set_parameters(  # type: ignore[misc]
            actor=owner, customer=world.shop, values={name: zone}
        )
        for name in parameters
    }
    return of_a_customer | {
        "class": lambda: create_class(
            actor=owner, name="Far", parameters={"low_balance_timezone": zone}
        ),
        "calendar": lambda: change_calendar(
            actor=owner,
            balance=world.balance("shop"),
            period_type="daily",
            period_timezone=str(zone),
        ),
        "login": lambda: add_login(
            actor=shop, customer=world.shop, login="far", password=None, timezone=zone
        ),
        "user": lambda: edit_user(actor=shop, user=world.user("shop"), values={"timezone": zone}),
        "profile": lambda: edit_own_profile(actor=shop, values={"timezone": zone}),
        "switch": lambda: edit_switch(
            actor=operator, switch=switch, values={"timezone": str(zone)}
        ),
        "root": lambda: create_root(name="Another", timezone=str(zone)),
    }


@pytest.mark.parametrize("name", NO_PLACES)
def test_no_service_keeps_what_is_no_place(world: World, name: str) -> None:
    zone = ZoneInfo(name) if name in zoneinfo.available_timezones() else name
    for door, keep in doors(world, zone).items():
        with pytest.raises(DomainError) as error:
            keep()
        assert error.value.code == "invalid", door


def test_no_service_keeps_what_the_database_does_not_know(world: World, mars: str) -> None:
    for door, keep in doors(world, ZoneInfo(mars)).items():
        with pytest.raises(DomainError) as error:
            keep()
        assert error.value.code == "invalid", door


@pytest.mark.parametrize("name", NO_PLACES)
def test_no_customer_names_one_by_the_api(world: World, name: str) -> None:
    ask = Api(world, "shop")
    status, answer = ask("PATCH", f"/customers/{world.shop.pk}", {"timezone": name})
    assert (status, answer["field"]) == (422, "timezone")
    status, _answer = ask("PATCH", f"/customers/{world.shop.pk}", {"timezone": "Asia/Tokyo"})
    assert status == 200


def test_forms_offer_what_is_taken(world: World, mars: str) -> None:
    assert mars in zoneinfo.available_timezones()
    assert {name for name, _label in zone_choices()} == zone_names()
    assert {"UTC", "Asia/Tokyo"} <= zone_names()
    assert not zone_names() & {mars, *NO_PLACES}
    offered = browser(world, "sub_reseller").get(reverse("tariffs:tariff_create")).context["form"]
    names = {name for name, _label in offered.fields["timezone"].choices}
    assert names == zone_names()


def test_every_column_checks_its_zone() -> None:
    columns = [field for model in apps.get_models() for field in model._meta.get_fields()]
    zones = [field for field in columns if isinstance(field, TimeZoneField)]
    assert len(zones) >= 10
    assert [field for field in zones if not isinstance(field, ZoneColumn)] == []


def test_a_zone_that_the_database_does_not_know_stops_no_alert(world: World, mars: str) -> None:
    """One that stands already, by another door or a database with older zones, counts as UTC."""
    Customer.objects.filter(pk=world.shop.pk).update(timezone=ZoneInfo(mars))
    for who in ("shop", "sub_customer"):
        rule(getattr(world, who), **LOW)
        fund(world.balance(who), 1)
    run_alerts(moment=NINE.replace(hour=3))
    assert tell_at(world.shop, NINE.replace(hour=8), NINE) == ["low_balance"]
    assert tell_at(world.sub_customer, NINE) == []  # told with the other
