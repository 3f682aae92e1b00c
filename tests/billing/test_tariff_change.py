"""Another tariff for a customer: its accounts at the customer's rates follow from that instant."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import Account, AccountTerms
from accounts.services.cards import NewCards
from billing.services import verify
from billing.services.accounts import AccountTariff, open_account
from billing.services.cards import open_cards
from billing.services.customers import edit_customer
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer
from tariffs.models import Tariff, TariffAssignment
from tests.billing.test_move import NUMBER
from tests.calls.stored import charges_of, store_call
from tests.world import World, tariff_with_rates


@pytest.fixture
def dear(world: World) -> Tariff:
    """Another tariff of the reseller's, five times the wholesale prices."""
    return tariff_with_rates(world.reseller, "Dear", "EUR", factor="5")


def change(world: World, customer: Customer, tariff: Tariff) -> datetime:
    """What the owner does on the customer's page; when the new tariff counts from."""
    edit_customer(actor=world.actor("reseller"), customer=customer, profile={}, tariff=tariff)
    return TariffAssignment.objects.get(customer=customer, valid_till=None).valid_from


def opened(world: World, who: str, name: str, tariff: Tariff | None) -> Account:
    terms = AccountTariff(tariff) if tariff else None
    customer = getattr(world, who)
    actor = world.actor(who)
    return open_account(actor=actor, customer=customer, auth_name=name, by_itself=terms)


def test_accounts_at_the_customers_rates_follow_at_the_same_instant(
    world: World, dear: Tariff
) -> None:
    retail = TariffAssignment.objects.get(customer=world.sub_customer).tariff
    desk = opened(world, "sub_customer", "desk", retail)
    hall = opened(world, "sub_customer", "hall", None)
    before = store_call(world.sub_customer, NUMBER, at=desk.opened_at, account=desk)
    at = change(world, world.sub_customer, dear)
    rows = AccountTerms.objects.filter(account=desk).order_by("valid_from")
    assert [(row.tariff, row.valid_from, row.valid_till) for row in rows] == [
        (retail, desk.opened_at, at),
        (dear, at, None),
    ]
    assert [row.valid_till for row in AccountTerms.objects.filter(account=hall)] == [None]
    after = store_call(world.sub_customer, NUMBER, at=datetime.now(UTC), account=desk)
    assert charge_pending().charged == 2
    for call, tariff in ((before, retail), (after, dear)):
        versions = [charge.tariff_version for charge in charges_of(call)[:2]]
        assert [version and version.tariff for version in versions] == [tariff, tariff]
    assert [*verify.differences(), *verify_calls.differences()] == []


def test_accounts_at_a_tariff_of_the_customers_own_stay(world: World, dear: Tariff) -> None:
    retail = TariffAssignment.objects.get(customer=world.sub_reseller).tariff
    own = Tariff.objects.get(owner=world.sub_reseller)
    ours, theirs = (
        opened(world, "sub_reseller", name, tariff)
        for name, tariff in (("ours", own), ("theirs", retail))
    )
    change(world, world.sub_reseller, dear)
    in_force = AccountTerms.objects.filter(valid_till=None)
    assert in_force.get(account=ours).tariff == own
    assert in_force.get(account=theirs).tariff == dear


def test_cards_follow_too(world: World, dear: Tariff) -> None:
    retail = TariffAssignment.objects.get(customer=world.sub_customer).tariff
    new = NewCards("Summer", 3, Decimal(5), retail)
    open_cards(actor=world.actor("sub_customer"), customer=world.sub_customer, new=new)
    change(world, world.sub_customer, dear)
    in_force = AccountTerms.objects.filter(account__customer=world.sub_customer, valid_till=None)
    assert [row.tariff for row in in_force] == [dear] * 3


def test_the_event_counts_the_accounts_and_names_no_tariff(world: World, dear: Tariff) -> None:
    retail = TariffAssignment.objects.get(customer=world.sub_customer).tariff
    opened(world, "sub_customer", "desk", retail)
    at = change(world, world.sub_customer, dear)
    told = AuditEvent.objects.visible_to(world.actor("sub_customer"))
    event = told.get(action="accounts_follow_tariff")
    assert (event.customer, event.at) == (world.sub_customer, at)
    assert event.changes == {"accounts": ["", "1"]}
    assert not told.filter(action="tariff_changed").exists()


def test_the_tariff_that_it_has_changes_nothing(world: World) -> None:
    assigned = TariffAssignment.objects.get(customer=world.sub_customer)
    desk = opened(world, "sub_customer", "desk", assigned.tariff)
    assert change(world, world.sub_customer, assigned.tariff) == assigned.valid_from
    assert AccountTerms.objects.get(account=desk).valid_from == desk.opened_at
    assert not AuditEvent.objects.filter(action="accounts_follow_tariff").exists()
