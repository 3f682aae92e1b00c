"""Two at once: the same address on two trunks, the PINs of one batch, the end of one account."""

from decimal import Decimal
from functools import partial

import pytest

from accounts.models import Host
from accounts.services.cards import NewCards, Pin, take_pins
from accounts.services.hosts import NewHost, add_host
from accounts.services.trunks import create_trunk
from billing.models import LedgerEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.cards import open_cards
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.concurrency.threads import at_once
from tests.world import build_world, tariff_with_rates

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_address_asked_for_at_once_goes_to_one_trunk() -> None:
    world = build_world()
    trunks = [
        create_trunk(actor=world.actor(who), customer=getattr(world, who), name=who, hosts=[])
        for who in ("reseller", "other_reseller", "sub_reseller")
    ]

    def take(number: int) -> str:
        trunk = trunks[number]
        actor = world.actor(trunk.name)
        try:
            add_host(actor=actor, trunk=trunk, host=NewHost("192.0.2.0/28", "7"))
        except DomainError as error:
            return error.code
        return "got it"

    answers = at_once(*[partial(take, number) for number in range(3)])
    assert sorted(answers) == ["got it", "taken", "taken"]
    assert Host.objects.count() == 1


def test_the_pins_of_a_batch_leave_once() -> None:
    world = build_world()
    tariff = tariff_with_rates(world.reseller, "Cards", "EUR")
    actor = world.actor("reseller")
    batch = open_cards(
        actor=actor, customer=world.reseller, new=NewCards("Once", 5, Decimal(1), tariff)
    )

    def take() -> list[Pin]:
        try:
            return take_pins(actor=actor, batch=batch)
        except DomainError as error:
            if error.code != "exported":
                raise
            return []

    assert sorted(len(pins) for pins in at_once(*[take] * 4)) == [0, 0, 0, 5]
    assert AuditEvent.objects.filter(action="card_pins_exported").count() == 1


def test_an_account_ended_twice_at_once_is_settled_once() -> None:
    world = build_world()
    tariff = tariff_with_rates(world.reseller, "Desks", "EUR")
    actor = world.actor("reseller")
    account = open_account(
        actor=actor,
        customer=world.reseller,
        auth_name="desk",
        by_itself=AccountTariff(tariff, opening_balance=Decimal(9)),
    )
    end = partial(close_account, actor=actor, account=account, surplus="pay_out", reason="left")
    at_once(*[end] * 3)
    assert LedgerEntry.objects.filter(account=account, kind="pay_out").count() == 1
    assert AuditEvent.objects.filter(action="account_archived").count() == 1
    assert [*verify.differences()] == []
