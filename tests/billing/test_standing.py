"""The badge of a customer by its money, what stops calls, and who is told what."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, DunningStep
from billing.selectors.dunning import suspended_accounts
from billing.selectors.standing import (
    call_standing_of,
    standing_of,
    standings,
    stops_of,
    with_states,
)
from billing.services.accounts import AccountTariff, open_account
from billing.services.dunning import run_dunning
from billing.services.dunning_actions import promise, suspend
from customers.choices import Standing
from customers.models import Customer, CustomerParameters
from customers.selectors.parameters import in_force, parameters_of
from customers.services.classes import create_class
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.dunned import invoice, postpaid
from tests.world import OPENED, World

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def balance(world: World) -> Balance:
    """The shop's: 100 of its own, as everybody above it has."""
    Balance.objects.update(amount=100)
    return world.balance("shop")


def badge(world: World, who: str = "shop", viewer: str = "sub_reseller") -> Standing:
    customer = Customer.objects.get(pk=getattr(world, who).pk)
    return standing_of(world.actor(viewer), customer)


def stop(world: World, who: str = "shop", owner: str = "sub_reseller") -> None:
    suspend(actor=world.actor(owner), balance=world.balance(who), reason="x")


def set_money(balance: Balance, amount: int) -> None:
    Balance.objects.filter(pk=balance.pk).update(amount=amount)


def test_the_first_that_applies_is_shown(world: World, balance: Balance) -> None:
    actor = world.actor("sub_reseller")
    assert badge(world) == Standing.OK
    values = {"notifications": True, "low_balance_amount": Decimal(200)}
    set_parameters(actor=actor, customer=world.shop, values=values)
    assert badge(world) == Standing.LOW
    set_money(balance, 0)
    assert badge(world) == Standing.EXHAUSTED
    invoice(balance, due=now().date() - DAY)
    assert badge(world) == Standing.OVERDUE
    stop(world)
    assert badge(world) == Standing.SUSPENDED
    for status in (Standing.INACTIVE, Standing.CLOSED):
        Customer.objects.filter(pk=world.shop.pk).update(status=status.value)
        assert badge(world) == status
    Customer.objects.filter(pk=world.shop.pk).update(archived_at=now())
    assert badge(world) == Standing.ARCHIVED


def test_overdue_begins_with_the_local_day_after_the_due_date(
    world: World, balance: Balance
) -> None:
    zone = "Pacific/Kiritimati"
    Balance.objects.filter(pk=balance.pk).update(period_timezone=zone)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE %s)::date", [zone])
        ((today,),) = cursor.fetchall()
    invoice(balance, due=today)
    assert badge(world) == Standing.OK
    made = invoice(balance, due=today - DAY)
    assert badge(world) == Standing.OVERDUE
    DunningStep.objects.create(
        balance=balance, invoice=made, kind="overdue", on_day=today, at=now(), undone_at=now()
    )
    assert badge(world) == Standing.OK


def test_a_promise_is_overdue_and_not_suspended(world: World, balance: Balance) -> None:
    invoice(balance, due=now().date() - 30 * DAY)
    run_dunning(moment=now())
    assert badge(world) == Standing.SUSPENDED
    promise(actor=world.actor("sub_reseller"), balance=balance, until=now().date() + DAY)
    assert badge(world) == Standing.OVERDUE
    assert call_standing_of(world.actor("sub_reseller"), world.shop) == Standing.OK


def test_a_suspension_blocks_all_below_and_nobody_below_is_told(world: World) -> None:
    stop(world, "sub_reseller", "reseller")
    assert badge(world, "sub_reseller", "reseller") == Standing.SUSPENDED
    assert badge(world, "sub_reseller", "sub_reseller") == Standing.SUSPENDED
    assert badge(world, viewer="operator") == Standing.BLOCKED
    assert badge(world, viewer="reseller") == Standing.BLOCKED
    assert badge(world, viewer="sub_reseller") == Standing.BLOCKED
    assert badge(world, viewer="shop") == Standing.UNAVAILABLE
    assert badge(world, "reseller", "operator") == Standing.OK


def test_a_debt_above_blocks_nobody(world: World) -> None:
    invoice(world.balance("sub_reseller"), due=now().date() - DAY)
    assert badge(world, "sub_reseller", "reseller") == Standing.OVERDUE
    assert badge(world) == Standing.OK


def test_a_block_above_goes_before_what_stops_no_call(world: World, balance: Balance) -> None:
    invoice(balance, due=now().date() - DAY)
    stop(world, "sub_reseller", "reseller")
    assert badge(world) == Standing.BLOCKED


def test_no_badge_hides_what_stops_calls(world: World, balance: Balance) -> None:
    """Overdue is the badge of one that is exhausted too, and its calls are stopped all the same."""
    invoice(balance, due=now().date() - DAY)
    set_money(balance, 0)
    assert badge(world) == Standing.OVERDUE
    assert call_standing_of(world.actor("sub_reseller"), world.shop) == Standing.EXHAUSTED
    assert stops_of([world.shop.pk]) == {world.shop.pk: Standing.EXHAUSTED}


def test_authorization_learns_who_stops_calls(world: World) -> None:
    line = [world.shop.pk, world.sub_reseller.pk, world.reseller.pk]
    assert stops_of(line) == {}
    stop(world, "sub_reseller", "reseller")
    set_money(world.balance("reseller"), 0)
    assert stops_of(line) == {
        world.sub_reseller.pk: Standing.SUSPENDED,
        world.reseller.pk: Standing.EXHAUSTED,
    }


def test_an_account_that_pays_itself_is_suspended_by_itself(world: World) -> None:
    owner = world.sub_reseller
    account = open_account(
        actor=world.actor("sub_reseller"),
        customer=owner,
        auth_name="payer",
        by_itself=AccountTariff(Tariff.objects.get(owner=owner), mode="postpaid"),
        opened_at=OPENED,
    )
    suspend(
        actor=world.actor("sub_reseller"),
        balance=Balance.objects.get(account=account),
        reason="x",
    )
    assert suspended_accounts([account.pk, world.account.pk]) == {account.pk}
    assert badge(world, "sub_reseller", "reseller") != Standing.SUSPENDED


@pytest.mark.parametrize(
    ("values", "is_low"),
    [
        ({"low_balance_amount": Decimal(200)}, False),  # notifications are off
        ({"notifications": True, "low_balance_amount": Decimal("100.01")}, True),
        ({"notifications": True, "low_balance_amount": Decimal(100)}, False),
        ({"notifications": True, "low_balance_percent": Decimal(50)}, True),
        ({"notifications": True, "low_balance_percent": Decimal(20)}, False),
        ({"notifications": True, "payment_notice": True}, False),
    ],
)
def test_low_is_below_the_amount_or_the_part_of_the_credit_limit(
    world: World, balance: Balance, values: dict[str, Any], is_low: bool
) -> None:
    Balance.objects.filter(pk=balance.pk).update(credit_limit=400, amount=-300)
    set_parameters(actor=world.actor("sub_reseller"), customer=world.shop, values=values)
    assert (badge(world) == Standing.LOW) == is_low


def test_the_sql_of_a_parameter_says_what_its_rule_says(world: World) -> None:
    """Own values, the class's, nothing and defaults, in all combinations."""
    actor = world.actor("sub_reseller")
    names = ("notifications", "low_balance_amount", "low_balance_percent", "tax_percent")
    low = {"low_balance_amount": Decimal(9), "low_balance_percent": Decimal(3)}
    classes = [
        None,
        create_class(actor=actor, name="A", parameters={"low_balance_amount": Decimal(7)}),
        create_class(
            actor=actor,
            name="B",
            parameters=low | {"notifications": True, "tax_percent": Decimal(5)},
        ),
    ]
    values: list[dict[str, Any]] = [
        {},
        {"notifications": True, "low_balance_amount": Decimal(1)},
        {"notifications": False},
    ]
    made = []
    for place, shared in enumerate(classes):
        for number, own in enumerate(values):
            customer = postpaid(world, f"P{place}{number}").customer
            Customer.objects.filter(pk=customer.pk).update(customer_class=shared)
            set_parameters(actor=actor, customer=customer, values=own)
            made.append(customer.pk)
    CustomerParameters.objects.filter(pk=made[-1]).update(nothing=["low_balance_amount"])
    found = parameters_of(made)
    rows = Customer.objects.filter(pk__in=made).annotate(
        **{f"sql_{name}": in_force(name) for name in names}
    )
    for row in rows:
        told = {name: getattr(row, f"sql_{name}") for name in names}
        assert told == {name: found[row.pk][name] for name in names}, row
    with pytest.raises(ValueError, match="other rows"):
        in_force("grace_days")


def test_many_badges_cost_two_statements(world: World) -> None:
    everybody = list(Customer.objects.all())
    actor = world.actor("operator")
    with CaptureQueriesContext(connection) as sent:
        found = standings(actor, everybody)
    assert len(sent) == 2
    assert len(found) == len(everybody)


def test_the_states_are_those_of_the_pair_in_force(world: World, balance: Balance) -> None:
    """What was overdue with an owner that the customer has left is no state of it any more."""
    other = Balance.objects.create(
        customer=world.shop,
        issuer=world.reseller,
        currency_id="GBP",
        mode="postpaid",
        opened_at=OPENED,
        closed_at=now(),
        period_timezone="UTC",
    )
    invoice(other, due=now().date() - DAY)
    assert not with_states(Customer.objects.filter(pk=world.shop.pk)).get().is_overdue
    with pytest.raises(DomainError):
        suspend(actor=world.actor("reseller"), balance=other, reason="x")


def test_the_list_of_customers_finds_and_sorts_by_money(world: World, balance: Balance) -> None:
    """Each state by itself, as the badges have it."""
    owing, low = postpaid(world, "Owing"), postpaid(world, "Low")
    Balance.objects.update(amount=100)
    invoice(owing, due=now().date() - DAY)
    values = {"notifications": True, "low_balance_amount": Decimal(200)}
    set_parameters(actor=world.actor("sub_reseller"), customer=low.customer, values=values)
    stop(world)
    client = Client()
    client.force_login(world.user("sub_reseller"))

    def names(**query: str) -> list[str]:
        answer = client.get(reverse("customers:customer_list"), query)
        return [row.record.name for row in answer.context["page"].object_list]

    assert names(status="suspended") == ["Shop"]
    assert names(status="overdue") == ["Owing"]
    assert names(status="low") == ["Low"]
    assert names(status="exhausted") == []
    assert names(status="active") == names(status="ok") == ["Low", "Owing", "Shop"]
    assert names(sort="standing") == ["Shop", "Owing", "Low"]
    assert names(sort="-standing") == ["Low", "Owing", "Shop"]
