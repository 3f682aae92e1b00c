"""Trunks and hosts: limits of every level, dated changes, the end of one, who may do what."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Host, Trunk, TrunkOwnership
from accounts.selectors.limits import host_limits
from accounts.services.hosts import NewHost, add_host, edit_host
from accounts.services.trunks import archive_trunk, create_trunk, set_limits
from billing.models import Balance
from billing.selectors.standing import standing_of
from customers.choices import Standing
from customers.models import Customer
from softswitch.core.errors import DomainError
from tariffs.selectors import tariff_of
from tests.accounts.browsing import browser
from tests.sql import count_queries
from tests.world import OPENED, World, actor_of, customer_of


@pytest.fixture
def trunk(world: World) -> Trunk:
    return create_trunk(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        name="Office",
        hosts=[NewHost("192.0.2.10", call_limit=5), NewHost("198.51.100.0/28", "77")],
        opened_at=OPENED,
        call_limit=20,
        cps_limit=4,
    )


def host_of(trunk: Trunk) -> Host:
    """The host of the trunk with the address 192.0.2.10."""
    found: Host = Host.objects.select_related("trunk__customer").get(
        trunk=trunk, network="192.0.2.10/32", valid_till=None
    )
    return found


# Limits -----------------------------------------------------------------------------------------
def test_the_smallest_limit_of_the_three_levels_is_the_effective_one(
    world: World, trunk: Trunk
) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=30, cps_limit=0)
    limits = host_limits(host_of(trunk), Standing.OK)
    assert (limits.calls.customer, limits.calls.trunk, limits.calls.host) == (30, 20, 5)
    assert (limits.calls.effective, limits.cps.effective) == (5, 0)
    Host.objects.update(call_limit=None)
    Trunk.objects.update(call_limit=None)
    Customer.objects.update(call_limit=None)
    assert host_limits(host_of(trunk), Standing.OK).calls.effective is None


def test_a_block_above_the_viewer_names_no_level(world: World, trunk: Trunk) -> None:
    Balance.objects.update(credit_limit=10)
    Customer.objects.filter(pk=world.reseller.pk).update(status="inactive")
    labels = {}
    for who in ("shop", "sub_reseller", "reseller"):
        actor = world.actor(who)
        block = host_limits(host_of(trunk), standing_of(actor, world.shop)).block
        assert block is not None
        labels[who] = str(block.label)
    assert labels["shop"] == labels["sub_reseller"] == "Not available from your provider"
    assert labels["reseller"] == "Customer: Blocked by owner"


def test_limits_are_edited_in_place_up_to_the_owners_ceiling(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=10)
    shop, owner = world.actor("shop"), world.actor("sub_reseller")
    for subject in (host_of(trunk), Trunk.objects.get(pk=trunk.pk)):
        with pytest.raises(DomainError) as refused:
            set_limits(actor=shop, subject=subject, call_limit=11, cps_limit=None)
        assert (refused.value.code, refused.value.field) == ("above_ceiling", "call_limit")
    set_limits(actor=shop, subject=host_of(trunk), call_limit=10, cps_limit=0)
    host = host_of(trunk)
    assert (host.call_limit, host.cps_limit) == (10, 0)
    set_limits(actor=owner, subject=host, call_limit=99, cps_limit=None)
    set_limits(actor=shop, subject=host_of(trunk), call_limit=99, cps_limit=3)  # only CPS changes
    assert (host_of(trunk).call_limit, host_of(trunk).cps_limit) == (99, 3)
    with pytest.raises(PermissionDenied):
        set_limits(actor=world.actor("reseller"), subject=host, call_limit=1, cps_limit=1)


# Hosts ------------------------------------------------------------------------------------------
def test_another_address_closes_the_row_and_opens_another(world: World, trunk: Trunk) -> None:
    old = host_of(trunk)
    new = edit_host(actor=world.actor("shop"), host=old, values={"network": "203.0.113.9"})
    old.refresh_from_db()
    assert new.pk != old.pk
    assert old.valid_till == new.valid_from
    assert (new.network, new.call_limit, new.valid_till) == ("203.0.113.9/32", 5, None)
    other = create_trunk(
        actor=world.actor("other_reseller"),
        customer=world.other_reseller,
        name="Other",
        hosts=[NewHost("192.0.2.10")],  # free from now on
    )
    assert other.hosts.count() == 1
    with pytest.raises(DomainError) as refused:
        edit_host(actor=world.actor("shop"), host=new, values={"network": "192.0.2.10"})
    assert (refused.value.code, refused.value.message) == ("taken", "This address is taken.")
    assert Host.objects.get(pk=new.pk).valid_till is None
    with pytest.raises(DomainError, match="removed"):
        edit_host(actor=world.actor("shop"), host=old, values={"port": 5060})


def test_port_and_status_change_in_place(world: World, trunk: Trunk) -> None:
    host = host_of(trunk)
    values = {"network": "192.0.2.10", "tech_prefix": "", "port": 5080, "status": "inactive"}
    row = edit_host(actor=world.actor("shop"), host=host, values=values)
    assert (row.pk, row.port, row.status) == (host.pk, 5080, "inactive")


@pytest.mark.parametrize(
    ("network", "prefix", "is_taken"),
    [
        ("192.0.2.10", "", True),
        ("192.0.2.0/28", "", True),
        ("192.0.2.10", "99", False),
        ("198.51.100.3", "77", True),
        ("198.51.100.3", "", False),
        ("2001:db8::1", "", False),
    ],
)
def test_an_address_with_a_tech_prefix_leads_to_one_trunk_in_the_system(
    world: World, trunk: Trunk, network: str, prefix: str, is_taken: bool
) -> None:
    actor, host = world.actor("other_reseller"), NewHost(network, prefix)
    other = create_trunk(actor=actor, customer=world.other_reseller, name="Other", hosts=[])
    if is_taken:
        with pytest.raises(DomainError) as refused:
            add_host(actor=actor, trunk=other, host=host)
        assert (refused.value.code, refused.value.field) == ("taken", "network")
    else:
        add_host(actor=actor, trunk=other, host=host)


# Trunks -----------------------------------------------------------------------------------------
def test_an_archived_trunk_ends_with_its_hosts_and_frees_its_addresses(
    world: World, trunk: Trunk
) -> None:
    archive_trunk(actor=world.actor("shop"), trunk=trunk)
    stored = Trunk.objects.get(pk=trunk.pk)
    assert stored.archived_at is not None
    ends = {*Host.objects.values_list("valid_till", flat=True).filter(trunk=trunk)}
    ends |= {*TrunkOwnership.objects.values_list("valid_till", flat=True).filter(trunk=trunk)}
    assert ends == {stored.archived_at}
    again = create_trunk(
        actor=world.actor("shop"),
        customer=world.shop,
        name="Office",
        hosts=[NewHost("192.0.2.10")],
    )
    archive_trunk(actor=world.actor("shop"), trunk=stored)
    assert again.hosts.current().count() == 1


def test_kinds_without_trunks_get_none(world: World) -> None:
    retail = tariff_of(world.sub_customer.pk, now())
    assert retail is not None
    home = customer_of(world.reseller, "Home", "residential", retail)
    with pytest.raises(DomainError) as refused:
        create_trunk(actor=world.actor("reseller"), customer=home, name="None", hosts=[])
    assert refused.value.code == "kind"
    with pytest.raises(PermissionDenied):
        create_trunk(actor=actor_of(home), customer=home, name="None", hosts=[])


def test_nothing_is_in_service_before_it_begins_or_its_customer(world: World) -> None:
    for moment in (now() + timedelta(hours=1), OPENED - timedelta(days=1)):
        with pytest.raises(DomainError) as refused:
            create_trunk(
                actor=world.actor("shop"),
                customer=world.shop,
                name="When",
                hosts=[],
                opened_at=moment,
            )
        assert refused.value.field == "opened_at"


# Pages ------------------------------------------------------------------------------------------
def addresses(trunk: Trunk) -> dict[str, int]:
    """The pages about a trunk, and what whoever stands two levels above is answered."""
    host = host_of(trunk)
    return {
        reverse("accounts:trunk_detail", args=[trunk.pk]): 200,
        reverse("accounts:trunk_archive", args=[trunk.pk]): 403,
        reverse("accounts:host_edit", args=[host.pk]): 403,
        reverse("accounts:trunks_of", args=[trunk.customer_id]): 200,
    }


def test_pages_of_a_trunk_by_who_asks(world: World, trunk: Trunk) -> None:
    for url, above in addresses(trunk).items():
        assert browser(world, "shop").get(url).status_code == 200, url
        assert browser(world, "sub_reseller").get(url).status_code == 200, url
        assert browser(world, "reseller").get(url).status_code == above, url
        assert browser(world, "other_reseller").get(url).status_code == 404, url
        assert Client().get(url).status_code == 302, url


def test_without_the_right_a_trunk_is_only_read(world: World, trunk: Trunk) -> None:
    user = world.user("shop")
    user.role = "read_only"
    user.save(update_fields=["role"])
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for url in addresses(trunk):
        expected = 403 if url.endswith(("delete/", "edit/")) else 200
        assert client.get(url).status_code == expected, url
    status = reverse("accounts:trunk_deactivate", args=[trunk.pk])
    assert client.post(status).status_code == 403


def test_a_trunk_is_made_switched_off_and_archived_in_the_browser(world: World) -> None:
    client = browser(world, "shop")
    values = {
        "customer": world.shop.pk,
        "name": "Branch",
        "status": "active",
        "call_limit": "0",
        "hosts": "203.0.113.1\n203.0.113.2",
        "tech_prefix": "12#",
    }
    client.post(reverse("accounts:trunk_create"), values)
    trunk = Trunk.objects.get(name="Branch")
    assert (trunk.call_limit, trunk.cps_limit, trunk.hosts.count()) == (0, None, 2)
    client.post(reverse("accounts:trunk_deactivate", args=[trunk.pk]))
    trunk.refresh_from_db()
    assert trunk.status == "inactive"
    client.post(reverse("accounts:trunk_archive", args=[trunk.pk]))
    assert "Branch" not in client.get(reverse("accounts:trunk_list")).content.decode()


def test_bulk_actions_skip_what_is_not_the_actors(world: World, trunk: Trunk) -> None:
    own = create_trunk(
        actor=world.actor("reseller"), customer=world.reseller, name="Mine", hosts=[]
    )
    answer = browser(world, "reseller").post(
        reverse("accounts:trunk_list"), {"do": "deactivate", "pk": [own.pk, trunk.pk]}, follow=True
    )
    assert "1 done, 1 skipped: Office" in answer.content.decode()
    states = dict(Trunk.objects.values_list("name", "status"))
    assert states == {"Mine": "inactive", "Office": "active"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"network": "nowhere"}, "network"),
        ({"network": "10.0.0.0/8"}, "network"),
        ({"network": "192.0.2.10", "call_limit": "11"}, "call_limit"),
        ({"network": "192.0.2.10", "tech_prefix": "x"}, "tech_prefix"),
    ],
)
def test_an_edit_that_is_refused_names_its_field(
    world: World, trunk: Trunk, values: dict[str, Any], field: str
) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=10)
    url = reverse("accounts:host_edit", args=[host_of(trunk).pk])
    answer = browser(world, "shop").post(url, {"status": "active"} | values)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_lists_of_trunks_and_hosts_ask_the_same_for_more_rows(world: World, trunk: Trunk) -> None:
    client = browser(world, "shop")
    urls = [
        reverse("accounts:host_list"),
        reverse("accounts:trunk_list"),
        reverse("accounts:trunks_of", args=[world.shop.pk]),
    ]
    few = [count_queries(partial(client.get, url)) for url in urls]
    for number in range(20):
        create_trunk(
            actor=world.actor("shop"),
            customer=world.shop,
            name=f"More {number}",
            hosts=[NewHost(f"203.0.113.{number}")],
        )
    assert [count_queries(partial(client.get, url)) for url in urls] == few
