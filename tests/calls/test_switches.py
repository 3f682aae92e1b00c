"""Switches: created and edited by Root alone, their tokens shown once."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from calls.models import Switch
from calls.services.switches import create_switch, edit_switch, rotate_token, switch_of_token
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_token_is_stored_as_its_hash_only(world: World) -> None:
    switch, token = create_switch(actor=world.actor("operator"), name=" core  1 ")
    assert switch.name == "core 1"
    assert token not in str(Switch.objects.values().get())
    assert switch_of_token(token=token, address="") == switch
    assert switch_of_token(token="", address="") is None


def test_what_is_done_to_a_switch_is_audited_without_its_token(world: World) -> None:
    operator = world.actor("operator")
    switch, _token = create_switch(actor=operator, name="core-1")
    edit_switch(actor=operator, switch=switch, values={"timezone": "Europe/Berlin"})
    edit_switch(actor=operator, switch=switch, values={"timezone": "Europe/Berlin"})
    token = rotate_token(actor=operator, switch=switch)
    events = AuditEvent.objects.filter(action__startswith="switch_").order_by("pk")
    assert list(events.values_list("action", flat=True)) == [
        "switch_created",
        "switch_edited",
        "switch_token_issued",
    ]
    assert events[1].changes == {"timezone": ["UTC", "Europe/Berlin"]}
    assert token not in str(list(events.values()))


@pytest.mark.parametrize("who", ["reseller", "shop"])
def test_only_root_keeps_switches(world: World, who: str) -> None:
    switch, _token = create_switch(actor=world.actor("operator"), name="core-1")
    actor = world.actor(who)
    with pytest.raises(PermissionDenied):
        create_switch(actor=actor, name="mine")
    with pytest.raises(PermissionDenied):
        edit_switch(actor=actor, switch=switch, values={})
    with pytest.raises(PermissionDenied):
        rotate_token(actor=actor, switch=switch)
    assert not Switch.objects.visible_to(actor).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "taken"}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"source_addresses": "192.0.2.1 nonsense"}, "source_addresses"),
        ({"source_addresses": "192.0.2.1/24"}, "source_addresses"),
        ({"international_prefixes": "00x"}, "international_prefixes"),
        ({"default_country_code": "+44"}, "default_country_code"),
        ({"national_prefix": "00000"}, "national_prefix"),
        ({"tech_prefix_separator": "1"}, "tech_prefix_separator"),
    ],
)
def test_wrong_values_name_their_field(world: World, values: dict, field: str) -> None:
    operator = world.actor("operator")
    create_switch(actor=operator, name="taken")
    with pytest.raises(DomainError) as refused:
        create_switch(actor=operator, **{"name": "new", **values})
    assert refused.value.field == field


def test_addresses_are_written_one_a_line(world: World) -> None:
    switch, token = create_switch(
        actor=world.actor("operator"), name="core-1", source_addresses="192.0.2.1, 2001:db8::/32"
    )
    assert switch.source_addresses == "192.0.2.1/32\n2001:db8::/32"
    assert switch_of_token(token=token, address="2001:db8::9") == switch
    for address in ("192.0.2.2", ""):
        with pytest.raises(PermissionDenied):
            switch_of_token(token=token, address=address)


def test_the_command_prints_the_token(world: World, capsys: pytest.CaptureFixture) -> None:
    call_command(
        "create_switch", "--name", "core-1", "--timezone", "Asia/Tokyo", "--national-prefix", "0"
    )
    token = capsys.readouterr().out.strip()
    switch = switch_of_token(token=token, address="")
    assert switch is not None
    assert (switch.timezone.key, switch.national_prefix) == ("Asia/Tokyo", "0")
    assert switch.international_prefixes == "+ 00 011"
    with pytest.raises(CommandError, match="A switch of this name exists"):
        call_command("create_switch", "--name", "core-1")
