"""Whose call it is: auth name, then the most specific host, then the longest tech prefix."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts.models import Host, Trunk
from accounts.services.accounts import create_account
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.choices import HoldReason
from calls.models import Call, PendingCall, UnratedCall
from calls.parsers.fields import NumberRules
from calls.services.identify import (
    Owner,
    Owners,
    Sighting,
    called_through,
    identify_again,
)
from calls.services.ingest import store_calls
from softswitch.core.moments import to_microseconds
from tests.calls.deliveries import START, make_call, make_switch
from tests.world import OPENED, World

pytestmark = pytest.mark.django_db
RULES = NumberRules()


def make_trunk(world: World, who: str, *hosts: NewHost, name: str = "in") -> Trunk:
    customer = getattr(world, who)
    return create_trunk(
        actor=world.actor(who), customer=customer, name=name, hosts=list(hosts), opened_at=OPENED
    )


def find(auth_name: str = "", ip: str = "", called: str = "442079460000", at=START) -> Owner:
    sighting = Sighting(auth_name, ip, called, to_microseconds(at))
    return Owners([sighting], RULES).find(sighting)


def test_an_auth_name_in_any_case_comes_first(world: World) -> None:
    make_trunk(world, "sub_customer", NewHost("192.0.2.1"))
    owner = find("SHOP-1", "192.0.2.1")
    assert owner == (world.shop.pk, world.account.pk, None, "442079460000", "")


def test_an_unknown_auth_name_leaves_it_to_the_host(world: World) -> None:
    trunk = make_trunk(world, "sub_customer", NewHost("192.0.2.1"))
    assert find("nobody", "192.0.2.1")[:3] == (world.sub_customer.pk, None, trunk.pk)


def test_the_most_specific_host_wins(world: World) -> None:
    make_trunk(world, "sub_customer", NewHost("192.0.2.0/24", "777"), NewHost("192.0.2.0/24", "7"))
    narrow = make_trunk(world, "sub_customer", NewHost("192.0.2.0/28", "7771"), name="narrow")
    assert find(ip="192.0.2.5", called="7771442079460000").trunk_id == narrow.pk
    outside = find(ip="192.0.2.99", called="7771442079460000")
    assert outside[2:] != (None, "7771442079460000", "")
    assert outside.tech_prefix == "777"


def test_a_narrow_host_with_another_tech_prefix_is_passed_over(world: World) -> None:
    wide = make_trunk(world, "sub_customer", NewHost("192.0.2.0/24"))
    make_trunk(world, "sub_customer", NewHost("192.0.2.1", "888"), name="narrow")
    assert find(ip="192.0.2.1").trunk_id == wide.pk


def test_hosts_of_version_6(world: World) -> None:
    trunk = make_trunk(world, "sub_customer", NewHost("2001:db8::/32"))
    assert find(ip="2001:db8::17").trunk_id == trunk.pk
    assert find(ip="2001:db9::17").customer_id is None


def test_nobody_is_found_without_a_match(world: World) -> None:
    assert find("nobody", "203.0.113.9") == (None, None, None, "442079460000", "")
    assert find() == (None, None, None, "442079460000", "")


def test_owners_are_those_of_the_call_s_start(world: World) -> None:
    trunk = make_trunk(world, "sub_customer", NewHost("192.0.2.1"))
    Host.objects.filter(trunk=trunk).update(valid_till=START)
    assert find(ip="192.0.2.1", at=START).customer_id is None
    assert find(ip="192.0.2.1", at=START - timedelta(microseconds=1)).trunk_id == trunk.pk
    assert find(ip="192.0.2.1", at=OPENED - timedelta(seconds=1)).customer_id is None
    world.account.archived_at = START
    world.account.save()
    assert find("shop-1", at=START).account_id is None
    assert find("shop-1", at=START - timedelta(seconds=1)).account_id == world.account.pk


@pytest.mark.parametrize(
    ("called", "tech_prefix", "expected"),
    [
        ("442079460000", "", ("442079460000", "")),
        ("99#442079460000", "", ("442079460000", "99")),
        ("7771442079460000", "7771", ("442079460000", "7771")),
        ("777100442079460000", "7771", ("442079460000", "7771")),
        ("7771+442079460000", "7771", ("442079460000", "7771")),
        ("7771#442079460000", "7771", ("442079460000", "7771")),
        ("7771#442079460000", "7771#", ("442079460000", "7771#")),
        ("sip:7771442079460000@192.0.2.1:5060", "7771", ("442079460000", "7771")),
        ("+7771442079460000", "7771", None),
        ("442079460000", "7771", None),
    ],
)
def test_a_tech_prefix_leads_the_number_dialled(called, tech_prefix, expected) -> None:
    assert called_through(called, tech_prefix, RULES) == expected


def unknown_call(world: World, **values) -> Call:
    values = {"auth_name": "", "source_ip": "192.0.2.1", **values}
    store_calls(switch=make_switch(), calls=[make_call(1, **values)])
    call: Call = Call.objects.get()
    assert call.customer_id is None
    PendingCall.objects.all().delete()
    UnratedCall.objects.create(call_id=call.id, setup_at=call.setup_at, reason=HoldReason.UNKNOWN)
    return call


def test_a_host_added_later_is_found_again(world: World) -> None:
    call = unknown_call(world, called="777100442079460000")
    assert identify_again() == []
    trunk = make_trunk(world, "sub_customer", NewHost("192.0.2.1", "7771"))
    assert identify_again(call_ids=[call.id + 1]) == []
    assert identify_again() == [call.id]
    call = Call.objects.get()
    assert (call.customer, call.trunk, call.account) == (world.sub_customer, trunk, None)
    assert (call.called_number, call.tech_prefix) == ("442079460000", "7771")
    assert identify_again() == []


def test_an_account_opened_later_is_found_again(world: World) -> None:
    call = unknown_call(world, auth_name="Late-1")
    account = create_account(
        actor=world.actor("shop"), customer=world.shop, auth_name="late-1", opened_at=OPENED
    )
    assert identify_again(call_ids=[call.id]) == [call.id]
    assert Call.objects.get().account == account


def test_a_known_owner_is_never_changed(world: World) -> None:
    store_calls(switch=make_switch(), calls=[make_call(1)])
    for change in ("customer_id = 1", "called_number = '1'", "tech_prefix = '1'"):
        with (
            pytest.raises((InternalError, IntegrityError), match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE calls_call SET {change}")
