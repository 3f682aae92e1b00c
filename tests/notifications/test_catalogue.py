"""What the catalogue says of the events holds together."""

import pytest

from calls.choices import REPORT_RIGHTS
from customers.permissions import ALL, SCOPES
from notifications.catalogue import CATALOGUE, Kind
from notifications.choices import LINK_MARK, LINKED, UNHOOKED, Event
from notifications.services.letters import SECRET
from notifications.services.rendering import neutral_words
from notifications.services.texts import unused_fields
from notifications.values import Money, Table, Value


def test_every_event_has_one() -> None:
    assert CATALOGUE.keys() == set(Event)
    assert all(event == kind.event for event, kind in CATALOGUE.items())


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.event)
def test_names_of_fields_are_said_once_and_are_no_part_of_each_other(kind: Kind) -> None:
    names = [one.name for one in kind.all_fields]
    assert len(set(names)) == len(names)
    assert not [name for name in names for other in names if other.startswith(f"{name}.")]


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.event)
def test_bells_ask_for_rights_that_there_are(kind: Kind) -> None:
    assert {kind.bell, kind.owner_bell} <= ALL | {None, ""}


def amounts(value: Value) -> bool:
    """Whether a sample speaks of money."""
    if isinstance(value, Table):
        return any(amounts(cell) for row in value.rows for cell in row)
    return isinstance(value, Money)


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.event)
def test_what_webhooks_are_told_needs_a_right_that_a_token_can_have(kind: Kind) -> None:
    assert kind.rights <= frozenset().union(*SCOPES.values())
    if any(amounts(one.sample) for one in kind.fields):
        assert kind.rights & {"balance.view", "invoices.view", "reports.view"}


def test_a_report_needs_the_same_right_in_the_portal_and_by_a_webhook() -> None:
    for report, right in REPORT_RIGHTS.items():
        assert CATALOGUE[Event(report)].rights == {right}


def test_a_secret_is_told_by_letters_alone() -> None:
    with_link = {
        event
        for event, kind in CATALOGUE.items()
        if any(one.name == "set_password_link" for one in kind.fields)
    }
    assert with_link == LINKED
    assert LINKED < UNHOOKED
    for event in LINKED:
        assert (CATALOGUE[event].bell, CATALOGUE[event].owner_bell) == (None, None)
        assert not unused_fields(texts=neutral_words(event), among=("set_password_link",))
    assert SECRET.url == LINK_MARK
