"""Fees: added, changed and ended by who bills; once, every period, and parts of periods."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import Balance, Fee, Invoice
from billing.services.drafts import discard_draft, refresh_draft
from billing.services.fees import add_fee, change_fee, end_fee
from customers.models import AuditEvent
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.billing.drafts import DAY, D, closed_period, draft_all, drafted, lines_of
from tests.calls.stored import START
from tests.world import World

MARCH: dict[str, Any] = {"starts_on": date(2026, 3, 1), "ends_on": None}
FACTS = ("description", "quantity", "rate", "since", "until", "exact", "amount")


def add(world: World, who: str = "shop", **values: Any) -> Fee:
    owner = {"shop": "sub_reseller", "sub_customer": "reseller"}[who]
    given: dict[str, Any] = {
        "kind": "recurring",
        "name": "Number",
        "price": D(10),
        "quantity": D(1),
        "is_prorated": True,
        "is_taxed": True,
        "key": uuid4(),
    }
    return add_fee(actor=world.actor(owner), balance=world.balance(who), **given | MARCH | values)


def opened(world: World, at: datetime, period_type: str = "monthly") -> Balance:
    """The sub-customer's balance as if it were of another calendar; it has no entries yet."""
    balance = world.balance("sub_customer")
    balance.opened_at, balance.period_type = at, period_type
    balance.save(update_fields=["opened_at", "period_type"])
    return balance


def test_a_whole_period_costs_the_price_times_the_quantity(world: World) -> None:
    add(world, price=D("3.335"), quantity=D("2.5"))
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, *FACTS) == [
        ("Number", D("2.5"), D("3.335"), date(2026, 3, 1), date(2026, 3, 31), D("8.34"), D("8.34"))
    ]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "amount"),
    [
        (date(2026, 3, 31), None, "0.32"),  # 1/31
        (date(2026, 3, 2), None, "9.68"),
        (date(2026, 1, 5), date(2026, 3, 15), "4.84"),
        (date(2026, 3, 10), date(2026, 3, 12), "0.97"),
        (date(2026, 1, 1), date(2026, 12, 31), "10.00"),
        (date(2026, 4, 1), None, None),
        (date(2026, 1, 1), date(2026, 2, 28), None),
    ],
)
def test_a_part_by_days(
    world: World, starts_on: date, ends_on: date | None, amount: str | None
) -> None:
    add(world, starts_on=starts_on, ends_on=ends_on)
    add(world, price=D(7), name="Whole", is_prorated=False, starts_on=starts_on, ends_on=ends_on)
    period = closed_period(world.balance("shop"))
    draft_all(period)
    lines = [
        line for one in Invoice.objects.all() for line in lines_of(one, "description", "amount")
    ]
    wanted = [] if amount is None else [("Number", D(amount)), ("Whole", D(7))]
    assert lines == wanted


@pytest.mark.parametrize(
    ("period_type", "opened_at", "amount"),
    [
        ("monthly", datetime(2026, 3, 10, 15, tzinfo=UTC), "7.10"),  # 22 of 31
        ("semimonthly", datetime(2026, 3, 10, 15, tzinfo=UTC), "4.00"),  # 6 of 15
        ("semimonthly", datetime(2026, 3, 20, 23, tzinfo=UTC), "7.50"),  # 12 of 16
        ("weekly", datetime(2026, 3, 13, 1, tzinfo=UTC), "4.29"),  # Friday: 3 of 7
        ("daily", datetime(2026, 3, 10, 23, tzinfo=UTC), "10.00"),
        ("30_days", datetime(2026, 3, 10, 15, tzinfo=UTC), "10.00"),
        ("anniversary", datetime(2026, 3, 10, 15, tzinfo=UTC), "10.00"),
        ("anniversary", datetime(2026, 3, 31, 15, tzinfo=UTC), "10.00"),
    ],
)
def test_the_first_period_is_a_part_of_its_calendar(
    world: World, period_type: str, opened_at: datetime, amount: str
) -> None:
    balance = opened(world, opened_at, period_type)
    add(world, "sub_customer")
    assert lines_of(drafted(balance, opened_at), "amount") == [(D(amount),)]


def test_a_period_that_was_ended_early_is_a_part(world: World) -> None:
    """A move or an archive ends it on the 10th, in the middle of the day."""
    balance = opened(world, datetime(2026, 2, 1, tzinfo=UTC))
    add(world, "sub_customer")
    period = closed_period(balance)
    period.ends_at = START
    period.save(update_fields=["ends_at"])
    draft_all(period)
    assert lines_of(Invoice.objects.get(), "amount", "until") == [(D("3.23"), date(2026, 3, 10))]


def test_days_are_those_of_the_billing_zone(world: World) -> None:
    """In Tokyo the 1st of April begins at 15:00 UTC of the 31st: a minute before, March goes on."""
    balance = opened(world, datetime(2026, 3, 31, 14, 59, tzinfo=UTC))
    balance.period_timezone = "Asia/Tokyo"
    balance.save(update_fields=["period_timezone"])
    add(world, "sub_customer")
    invoice = drafted(balance, balance.opened_at)
    assert lines_of(invoice, "amount", "since") == [(D("0.32"), date(2026, 3, 31))]


def test_a_day_of_23_hours_is_a_day(world: World) -> None:
    balance = opened(world, datetime(2026, 3, 29, 12, tzinfo=UTC))
    balance.period_timezone = "Europe/Berlin"
    balance.save(update_fields=["period_timezone"])
    add(world, "sub_customer", starts_on=date(2026, 3, 29), ends_on=date(2026, 3, 29))
    assert lines_of(drafted(balance, balance.opened_at), "amount") == [(D("0.32"),)]


def test_what_is_billed_once_is(world: World) -> None:
    fee = add(world, kind="once", name="Set-up", price=D("49.99"), starts_on=date(2026, 3, 20))
    balance = world.balance("shop")
    february = closed_period(balance, START - 20 * DAY)
    draft_all(february)
    assert not Invoice.objects.exists()  # it is not due yet
    invoice = drafted(balance)
    assert lines_of(invoice, "description", "amount", "fee") == [("Set-up", D("49.99"), fee.pk)]
    april = closed_period(balance, START + 31 * DAY)
    draft_all(april)
    assert Invoice.objects.count() == 1
    refreshed = refresh_draft(actor=world.actor("sub_reseller"), invoice=invoice)
    assert lines_of(refreshed, "fee") == [(fee.pk,)]
    Invoice.objects.filter(pk=invoice.pk).update(
        state="void", number="1", issued_at=START, voided_at=START
    )
    may = closed_period(balance, START + 62 * DAY)
    draft_all(may)
    assert lines_of(Invoice.objects.get(period=may), "fee") == [(fee.pk,)]


def test_what_is_due_once_waits_for_the_next_invoice(world: World) -> None:
    """A period was skipped, or its draft discarded."""
    add(world, kind="once", name="Set-up")
    balance = world.balance("shop")
    first = drafted(balance)
    discard_draft(actor=world.actor("sub_reseller"), invoice=first, reason="Not yet")
    assert lines_of(drafted(balance, START + 31 * DAY), "description") == [("Set-up",)]


def test_of_two_periods_at_once_the_first_bills_it(world: World) -> None:
    add(world, kind="once", name="Set-up")
    balance = world.balance("shop")
    later, earlier = closed_period(balance, START + 31 * DAY), closed_period(balance)
    draft_all(later, earlier)
    assert Invoice.objects.get().period == earlier


def test_a_fee_that_is_not_taxed(world: World) -> None:
    set_parameters(
        actor=world.actor("sub_reseller"), customer=world.shop, values={"tax_percent": D(20)}
    )
    add(world)
    add(world, name="Duty", price=D(5), is_taxed=False)
    invoice = drafted(world.balance("shop"))
    assert [invoice.net, invoice.tax, invoice.total] == [15, 2, 17]


def test_only_who_bills_the_balance_may(world: World) -> None:
    fee = add(world)
    for who in ("operator", "reseller", "shop", "other_reseller"):
        actor = world.actor(who)
        with pytest.raises(PermissionDenied):
            add_fee(
                actor=actor, balance=fee.balance, kind="once", name="X", price=D(1),
                quantity=D(1), is_prorated=True, is_taxed=True, key=uuid4(), **MARCH,
            )  # fmt: skip
        with pytest.raises(PermissionDenied):
            change_fee(actor=actor, fee=fee, values={"price": D(2)})
        with pytest.raises(PermissionDenied):
            end_fee(actor=actor, fee=fee, ends_on=date(2026, 3, 31))
    owner = world.actor("sub_reseller")
    powerless = replace(owner, rights=owner.rights - {"money.manage"})
    with pytest.raises(PermissionDenied):
        end_fee(actor=powerless, fee=fee, ends_on=date(2026, 3, 31))
    assert Fee.objects.get().ends_on is None


def test_the_same_form_adds_one(world: World) -> None:
    key = UUID(int=7)
    assert add(world, key=key) == add(world, key=key)
    assert Fee.objects.count() == 1
    with pytest.raises(DomainError) as caught:
        add(world, "sub_customer", key=key)
    assert caught.value.code == "key_reused"
    assert list(AuditEvent.objects.filter(action="fee_added").values_list("subject")) == [
        ("Number",)
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"price": D(0)}, "price"),
        ({"price": D("-1")}, "price"),
        ({"price": D("0.0000001")}, "price"),
        ({"price": D(10) ** 12}, "price"),
        ({"quantity": D(0)}, "quantity"),
        ({"kind": "often"}, "kind"),
        ({"ends_on": date(2026, 2, 28)}, "ends_on"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_what_is_refused(world: World, values: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as caught:
        add(world, **values)
    assert caught.value.field == field
    assert not Fee.objects.exists()


def test_a_change_counts_for_drafts_to_come(world: World) -> None:
    actor, fee = world.actor("sub_reseller"), add(world)
    invoice = drafted(world.balance("shop"))
    changed = change_fee(actor=actor, fee=fee, values={"price": D(12), "name": "DID  number"})
    assert (changed.price, changed.name) == (D(12), "DID number")
    assert lines_of(invoice, "description", "rate") == [("Number", 10)]
    later = drafted(world.balance("shop"), START + 31 * DAY)
    assert lines_of(later, "description", "rate") == [("DID number", 12)]
    event = AuditEvent.objects.get(action="fee_changed")
    assert event.changes["price"] == ["10.000000", "12"]
    change_fee(actor=actor, fee=fee, values={"price": Decimal(12)})
    assert AuditEvent.objects.filter(action="fee_changed").count() == 1  # nothing changed


def test_a_fee_is_not_turned_into_another_kind(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        change_fee(actor=world.actor("sub_reseller"), fee=add(world), values={"kind": "once"})
    assert (caught.value.code, caught.value.field) == ("invalid", "kind")


def test_a_fee_ends_on_a_day(world: World) -> None:
    actor, fee = world.actor("sub_reseller"), add(world)
    assert end_fee(actor=actor, fee=fee, ends_on=date(2026, 3, 10)).ends_on == date(2026, 3, 10)
    assert lines_of(drafted(world.balance("shop")), "amount") == [(D("3.23"),)]
    with pytest.raises(DomainError) as caught:
        end_fee(actor=actor, fee=fee, ends_on=date(2026, 2, 1))
    assert caught.value.field == "ends_on"
