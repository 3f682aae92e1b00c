"""The final invoice of a move: by the old owner's terms, and never the new owner's to see."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from billing.models import Balance, Invoice
from billing.services import verify
from billing.services.archive import archive_customer
from billing.services.maintenance import maintain
from billing.services.move import NewTerms, move_customer
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer
from customers.services.parameters import set_parameters
from tariffs.models import Tariff
from tests.billing.drafts import D, lines_of
from tests.billing.test_final_invoices import (
    DAY,
    LONDON,
    TODAY,
    archive,
    client_of,
    invoices,
    settled,
)
from tests.calls.stored import store_call
from tests.world import World, tariff_with_rates


@pytest.fixture(autouse=True)
def _clean(world: World) -> Iterator[None]:
    """It is 16 March; whatever a test did, everything adds up."""
    with time_machine.travel(TODAY):
        yield
        assert [*verify.differences(), *verify_calls.differences()] == []


@pytest.fixture
def beside(world: World) -> Tariff:
    return tariff_with_rates(world.other_reseller, "Beside", "USD", factor="5")


def move(world: World, tariff: Tariff, **values: Any) -> Balance:
    """The sub-reseller moves from the reseller to the other one; its balance with the old one."""
    old = world.balance("sub_reseller")
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(tariff),
        surplus="pay_out",
        reason="Sold on",
        **values,
    )
    return old


def seen(world: World, who: str, invoice: Invoice) -> bool:
    return bool(Invoice.objects.visible_to(world.actor(who)).filter(pk=invoice.pk).exists())


def told(world: World, who: str, action: str) -> bool:
    events = AuditEvent.objects.visible_to(world.actor(who)).filter(action=action)
    return bool(events.exists())


@pytest.fixture
def taxed(world: World) -> None:
    """What the old owner keeps about the customer, which the move forgets."""
    set_parameters(
        actor=world.actor("reseller"),
        customer=world.sub_reseller,
        values={"tax_percent": D(10), "minimum_commitment": D(31)},
    )


@pytest.mark.usefixtures("taxed")
def test_the_old_owner_bills_by_its_own_terms_and_the_new_one_never_sees_it(
    world: World, beside: Tariff
) -> None:
    store_call(world.shop, LONDON)
    charge_pending()
    old = move(world, beside)
    march = invoices(old)[-1]
    assert (march.issuer, march.customer) == (world.reseller, world.sub_reseller)
    kinds = lines_of(march, "kind", "amount")
    assert kinds == [("usage", D("0.03")), ("minimum", D("15.97"))]  # 16 of 31 days committed
    assert (march.total, march.open_amount) == (D("17.60"), D(0))
    total = sum(row.total for row in invoices(old))
    assert settled(old) == [("write_off", total)]
    old_sees = {who: seen(world, who, march) for who in ("reseller", "sub_reseller")}
    assert old_sees == {"reseller": True, "sub_reseller": True}
    assert not seen(world, "other_reseller", march)
    assert told(world, "reseller", "invoice_issued")
    assert not told(world, "other_reseller", "invoice_issued")
    event = AuditEvent.objects.get(action="customer_moved_away")
    assert event.changes["final_invoice"] == ["", "issue"]


def test_the_customer_sees_the_documents_of_both_owners(world: World, beside: Tariff) -> None:
    store_call(world.shop, LONDON)
    charge_pending()
    old = move(world, beside)
    store_call(world.shop, LONDON, at=TODAY + timedelta(hours=1))
    with time_machine.travel(TODAY + DAY):
        charge_pending()
        new = world.balance("sub_reseller")
        moved = Customer.objects.get(pk=world.sub_reseller.pk)
        archive(world)  # below it
        archive_customer(
            actor=world.actor("other_reseller"), customer=moved, surplus="pay_out", reason="Gone"
        )
    both = [*invoices(old), *invoices(new)]
    assert [row.issuer for row in both] == [world.reseller, world.other_reseller]
    assert [seen(world, "sub_reseller", row) for row in both] == [True, True]
    assert [seen(world, "other_reseller", row) for row in both] == [False, True]
    assert [seen(world, "reseller", row) for row in both] == [True, False]


@pytest.mark.usefixtures("taxed")
def test_what_a_move_discards_is_the_old_owners_affair(world: World, beside: Tariff) -> None:
    store_call(world.shop, LONDON)
    charge_pending()
    old = move(world, beside, final_invoice="discard")
    assert invoices(old) == []
    assert settled(old) == [("write_off", D("0.025"))]
    for who, is_told in (("reseller", True), ("other_reseller", False), ("sub_reseller", False)):
        assert told(world, who, "invoice_discarded") is is_told, who


def test_an_invoice_alone_can_bring_a_closed_balance_to_0(world: World, beside: Tariff) -> None:
    actor, balance = world.actor("reseller"), world.balance("sub_reseller")
    set_parameters(actor=actor, customer=world.sub_reseller, values={"tax_percent": D(10)})
    for action, amount in (("add_funds", "1.1"), ("debit", "1")):
        maintain(
            actor=actor,
            balance=balance,
            action=action,
            amount=D(amount),
            currency=balance.currency_id,
            key=action,
        )
    old = move(world, beside)
    assert [row.total for row in invoices(old)] == [D("1.10")]
    assert settled(old) == []


def test_the_move_says_who_bills_what(world: World, beside: Tariff) -> None:
    client = client_of(world, "operator")
    url = reverse("customers:customer_move", args=[world.sub_reseller.pk])
    asked: dict[str, Any] = {
        "owner": "Other reseller",
        "tariff": beside.pk,
        "credit_limit": "0",
        "step": 1,
    }
    page = client.get(url, asked).content.decode()
    assert "Reseller: Bills calls, adjustments, fees and taxes since 1 Jan 2026" in page
    given = asked | {"final_invoice": "discard", "surplus": "pay_out", "reason": "Sold on"}
    client.post(url, given)
    event = AuditEvent.objects.get(action="customer_moved_away")
    assert event.changes["final_invoice"] == ["", "discard"]
