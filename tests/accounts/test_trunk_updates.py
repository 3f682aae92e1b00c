"""The letter that a trunk was changed: what of it, once per saved change, where it is asked for."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Host, Trunk
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from customers.models import Customer
from customers.services.parameters import set_parameters
from notifications.models import Message, Notice
from softswitch.core.errors import DomainError
from tests.accounts.browsing import browser
from tests.world import OPENED, World

NOC = "noc@shop.example"


@pytest.fixture
def trunk(world: World) -> Trunk:
    """A trunk of the shop, whose owner wants it told of changes."""
    values = {"notifications": True, "trunk_update_notice": True}
    set_parameters(actor=world.actor("sub_reseller"), customer=world.shop, values=values)
    addresses = {"noc_email": NOC, "main_email": "main@shop.example"}
    Customer.objects.filter(pk=world.shop.pk).update(**addresses)
    return create_trunk(
        actor=world.actor("sub_reseller"),
        customer=Customer.objects.get(pk=world.shop.pk),
        name="Office",
        hosts=[NewHost("192.0.2.10", call_limit=5), NewHost("198.51.100.0/28", "77")],
        opened_at=OPENED,
        call_limit=20,
    )


def host_of(trunk: Trunk) -> Host:
    found: Host = trunk.hosts.get(network="192.0.2.10/32", valid_till=None)
    return found


def send(world: World, page: str, row: Any, who: str = "sub_reseller", **data: Any) -> None:
    """Send a form of the portal; it is taken."""
    answer = browser(world, who).post(reverse(f"accounts:{page}", args=[row.pk]), data)
    assert answer.status_code in (200, 302), answer.content.decode()
    if answer.status_code == 200:
        assert b"is-invalid" not in answer.content


def lines_of(letter: Message) -> list[list[str]]:
    """The rows of the table in a letter, without its head."""
    lines = [line.split("  ") for line in letter.text.splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    start = rows.index(["Field", "Before", "Now"]) + 1
    return rows[start : rows.index([], start)]


def trunk_form(**changes: Any) -> dict[str, Any]:
    usual = {"name": "Office", "status": "active", "call_limit": "20", "cps_limit": ""}
    return usual | changes


def host_form(**changes: Any) -> dict[str, Any]:
    usual = {"network": "192.0.2.10", "tech_prefix": "", "port": "", "status": "active"}
    return usual | {"call_limit": "5", "cps_limit": ""} | changes


def test_a_new_trunk_is_no_change(trunk: Trunk) -> None:
    assert not Message.objects.exists()


@pytest.mark.parametrize("who", ["sub_reseller", "shop"])
def test_what_changed_of_a_trunk_is_told_to_the_noc(world: World, trunk: Trunk, who: str) -> None:
    changes = {"name": "Office 2", "call_limit": "", "cps_limit": "1200", "status": "inactive"}
    send(world, "trunk_edit", trunk, who, **trunk_form(**changes))
    letter = Message.objects.get()
    assert (letter.event, letter.recipient) == ("trunk_update", NOC)
    assert (letter.owner, letter.customer) == (world.sub_reseller, world.shop)
    assert letter.subject == "Trunk Office 2 was changed"
    assert lines_of(letter) == [
        ["Name", "Office", "Office 2"],
        ["Status", "Active", "Inactive"],
        ["Call limit", "20", "Unlimited"],
        ["CPS limit", "Unlimited", "1,200"],
    ]
    notice = Notice.objects.get()
    assert (notice.recipient, notice.right) == (world.shop, "trunks.view")
    assert notice.path == reverse("accounts:trunk_detail", args=[trunk.pk])


def test_a_host_and_its_trunk_in_one_row_are_one_letter(world: World, trunk: Trunk) -> None:
    limits = {"call_limit": "6", "cps_limit": "1", "trunk_calls": "30", "trunk_cps": ""}
    send(world, "host_limits", host_of(trunk), **limits)
    assert lines_of(Message.objects.get()) == [
        ["Call limit", "20", "30"],
        ["Host 192.0.2.10/32: Call limit", "5", "6"],
        ["Host 192.0.2.10/32: CPS limit", "Unlimited", "1"],
    ]


def test_hosts_that_come_change_and_go(world: World, trunk: Trunk) -> None:
    send(world, "host_create", trunk, network="203.0.113.0/28", tech_prefix="88", port="",
         call_limit="", cps_limit="")  # fmt: skip
    host = host_of(trunk)
    send(world, "host_edit", host, **host_form(network="192.0.2.11", port="5070"))
    send(world, "host_remove", trunk.hosts.get(network="192.0.2.11/32", valid_till=None))
    told = [lines_of(letter) for letter in Message.objects.order_by("pk")]
    assert told == [
        [["Host", "–", "203.0.113.0/28 88"]],
        [
            ["Host 192.0.2.10/32: IP or network", "192.0.2.10/32", "192.0.2.11/32"],
            ["Host 192.0.2.10/32: Port", "–", "5070"],
        ],
        [["Host", "192.0.2.11/32", "–"]],
    ]


def test_the_end_of_a_trunk_is_told(world: World, trunk: Trunk) -> None:
    send(world, "trunk_archive", trunk)
    assert lines_of(Message.objects.get()) == [["Trunk", "Office", "–"]]
    assert Notice.objects.get().path == reverse("accounts:trunk_list")
    send_again = browser(world, "sub_reseller")
    send_again.post(reverse("accounts:trunk_archive", args=[trunk.pk]))
    assert Message.objects.count() == 1


def test_what_is_saved_as_it_was_is_not_told(world: World, trunk: Trunk) -> None:
    send(world, "trunk_edit", trunk, **trunk_form())
    send(world, "host_edit", host_of(trunk), **host_form())
    limits = {"call_limit": "5", "cps_limit": "", "trunk_calls": "20", "trunk_cps": ""}
    send(world, "host_limits", host_of(trunk), **limits)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_a_change_that_is_refused_is_not_told(world: World, trunk: Trunk) -> None:
    """The trunk's limit would do, the host's does not: neither is saved, neither is told."""
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=25)
    limits = {"call_limit": "26", "cps_limit": "", "trunk_calls": "21", "trunk_cps": ""}
    url = reverse("accounts:host_limits", args=[host_of(trunk).pk])
    answer = browser(world, "shop").post(url, limits)
    assert b"at most 25" in answer.content
    trunk.refresh_from_db()
    assert trunk.call_limit == 20
    assert not Message.objects.exists()


@pytest.mark.parametrize("off", ["notifications", "trunk_update_notice"])
def test_nobody_is_told_who_is_not_to_be(world: World, trunk: Trunk, off: str) -> None:
    values = {"notifications": True, "trunk_update_notice": True, "zero_balance_notice": True}
    owner = world.actor("sub_reseller")
    set_parameters(actor=owner, customer=world.shop, values=values | {off: False})
    send(world, "trunk_edit", trunk, **trunk_form(call_limit="30"))
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_the_main_address_serves_where_there_is_no_other(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(noc_email="")
    send(world, "trunk_deactivate", trunk)
    assert Message.objects.get().recipient == "main@shop.example"


def test_without_an_address_the_bell_tells_it(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(noc_email="", main_email="")
    send(world, "trunk_deactivate", trunk)
    assert not Message.objects.exists()
    assert Notice.objects.get().event == "trunk_update"


def test_root_changes_its_own_and_tells_nobody(world: World) -> None:
    own = create_trunk(actor=world.actor("operator"), customer=world.root, name="Own", hosts=[])
    send(world, "trunk_deactivate", own, "operator")
    assert not Message.objects.exists()


def test_a_letter_that_cannot_be_written_keeps_the_change_back(
    world: World, trunk: Trunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are one transaction: no change without its letter."""

    def fail(**_values: Any) -> None:
        raise DomainError("broken", "The outbox is broken.")

    monkeypatch.setattr("accounts.services.trunk_updates.tell", fail)
    url = reverse("accounts:trunk_deactivate", args=[trunk.pk])
    browser(world, "sub_reseller").post(url)
    trunk.refresh_from_db()
    assert trunk.status == "active"
