"""Destination groups: what is in which, the pages, and the reports by them."""

from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest
from django.urls import reverse

from calls.choices import ReportGroup
from calls.services.charging import charge_pending
from softswitch.core.errors import DomainError
from tariffs.models import DestinationGroup
from tariffs.selectors.groups import GroupBook
from tariffs.services import groups as services
from tariffs.services.groups import create_group, edit_group
from tests.calls.stored import START, store_call
from tests.tariffs.test_pages import get, login, post
from tests.world import World

pytestmark = pytest.mark.django_db
MOBILE = {"name": "Mobile", "position": "5", "countries": "de, AT", "patterns": "*mobile*\r\n"}


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("Germany Mobile O2", "DE", "Mobile"),
        ("MOBILE", "AT", "Mobile"),
        ("Germany Mobile", "FR", "Rest"),  # by its country in no other
        ("Germany", "DE", "Fixed"),
        ("Germany (Special.)", "", "Dots"),
        ("Germany (Specials)", "", "Rest"),  # a dot is a dot
        ("", "", "Rest"),
    ],
)
def test_the_first_group_that_claims_a_destination_has_it(
    name: str, country: str, expected: str
) -> None:
    book = GroupBook(
        [
            DestinationGroup(name="Mobile", countries=["DE", "AT"], patterns=["*mobile*"]),
            DestinationGroup(name="Fixed", countries=["DE"]),
            DestinationGroup(name="Dots", patterns=["x", "germany (special.)"]),
            DestinationGroup(name="Rest", patterns=["*"]),
        ]
    )
    assert str(book.group_of(name, country)) == expected


@pytest.mark.parametrize("pattern", ["*a*a*b*ab*", "a*b", "*b*a", "**", "ab", "a**b*", "*a*b*b"])
def test_a_star_is_any_text(pattern: str) -> None:
    book = GroupBook([DestinationGroup(name="All", patterns=[pattern])])
    for size in range(7):
        for letters in product("ab", repeat=size):
            name = "".join(letters)
            assert (book.group_of(name, "") is not None) == fnmatchcase(name, pattern), name


def test_many_stars_are_read_as_fast_as_few() -> None:
    """Tried at every place, these would take longer than the sun has left."""
    book = GroupBook([DestinationGroup(name="All", patterns=["*a" * 59 + "*b"])])
    assert book.group_of("a" * 120, "") is None


def test_a_group_is_created_listed_edited_and_deleted(world: World) -> None:
    client = login(world, "reseller")
    answer = post(client, "group_create", **MOBILE, save_and_close="1")
    group = DestinationGroup.objects.get()
    assert answer["Location"] == reverse("tariffs:group_list")
    assert (group.owner, group.countries, group.patterns) == (
        world.reseller,
        ["DE", "AT"],
        ["*mobile*"],
    )
    assert "DE, AT" in get(client, "group_list").content.decode()
    post(client, "group_edit", group.pk, **MOBILE | {"countries": "", "position": "1"})
    group.refresh_from_db()
    assert (group.countries, group.position) == ([], 1)
    assert post(client, "group_delete", group.pk).status_code == 302
    assert not DestinationGroup.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"countries": "DEU"}, "countries", "“DEU” is no ISO code."),
        ({"countries": "", "patterns": " "}, "patterns", "Enter a country or a destination."),
        ({"patterns": "x" * 121}, "patterns", "is too long."),
        ({"patterns": "\n".join(map(str, range(501)))}, "patterns", "At most 500 lines."),
        ({"name": "mobile"}, "name", "You have a destination group of this name."),
        ({"position": "-1"}, "position", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, changes: dict[str, Any], field: str, said: str
) -> None:
    client = login(world, "reseller")
    create_group(actor=world.actor("reseller"), name="Mobile", patterns=["*"])
    answer = post(client, "group_create", **MOBILE | {"name": "Other"} | changes)
    assert any(said in error for error in answer.context["form"].errors[field])
    assert DestinationGroup.objects.count() == 1


def test_groups_have_a_limit_and_claim_something(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = world.actor("reseller")
    monkeypatch.setattr(services, "MAX_GROUPS", 1)
    group = create_group(actor=actor, name="All", patterns=["*"])
    with pytest.raises(DomainError, match="the most"):
        create_group(actor=actor, name="More", patterns=["*"])
    with pytest.raises(DomainError, match="Enter a country"):
        edit_group(actor=actor, group=group, values={"patterns": []})


def test_a_buyer_reads_by_its_providers_groups_a_seller_by_its_own(world: World) -> None:
    create_group(actor=world.actor("sub_reseller"), name="Near", patterns=["Prefix 44*"])
    create_group(actor=world.actor("reseller"), name="Whole world", patterns=["*"])
    store_call(world.shop, "442071234567")
    charge_pending()
    day = START.date().isoformat()
    for who, expected in (("shop", "Near"), ("sub_reseller", "Near"), ("reseller", "Whole world")):
        client = login(world, who)
        query = {"group": ReportGroup.DESTINATION_GROUP, "since": day, "until": day}
        response = client.get(reverse("calls:report"), query)
        (row,) = response.context["table"].data.data
        assert (row.label, row.attempts) == (expected, 1)
        down = client.get(reverse("calls:report") + response.context["table"].lead(row))
        assert [one.label for one in down.context["table"].data.data] == ["Prefix 4420"]
        other = query | {"destination_group": "Elsewhere"}
        assert not client.get(reverse("calls:report"), other).context["table"].data.data
