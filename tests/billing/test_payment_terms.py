"""What a payment term does to the billing period of the customers that have it."""

from typing import Any

import pytest
from django.urls import reverse

from billing.models import Balance, PaymentTerm
from billing.services.customers import Settings, Terms, open_customer, set_customer_parameters
from billing.services.invoice_settings import create_term, edit_definition
from customers.forms.steps import sent_by
from customers.models import CustomerClass
from customers.selectors.parameters import NOTHING, own_parameters
from customers.services.classes import create_class, edit_class
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.customers.wizard import BASIC, fill_in, signed_in, submit
from tests.world import World

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def weekly(world: World) -> PaymentTerm:
    return create_term(actor=world.actor("reseller"), name="Net 7", period_type="weekly")


@pytest.fixture
def wholesale(world: World) -> CustomerClass:
    """A class of customers that are billed by the day."""
    actor = world.actor("reseller")
    daily = create_term(actor=actor, name="Daily", period_type="daily")
    return create_class(actor=actor, name="Wholesale", parameters={"payment_term": daily})


def opened(world: World, *, period_type: str = "", **settings: Any) -> str:
    """The billing period of a new customer of the reseller's."""
    tariff = Tariff.objects.get(name="Retail")
    made = open_customer(
        actor=world.actor("reseller"),
        name="Calder Voice",
        kind="business",
        terms=Terms(tariff=tariff, period_type=period_type),
        settings=Settings(parameters=settings.pop("parameters", {})),
        **settings,
    )
    return str(Balance.objects.get(customer=made).period_type)


def give(world: World, **values: Any) -> Balance:
    customer, actor = world.sub_customer, world.actor("reseller")
    set_customer_parameters(actor=actor, customer=customer, values=values)
    return world.balance("sub_customer")


def test_a_new_customer_has_the_period_of_its_term(world: World, weekly: PaymentTerm) -> None:
    assert opened(world, parameters={"payment_term": weekly}) == "weekly"


def test_a_new_customer_has_the_period_of_its_classs_term(
    world: World, wholesale: CustomerClass
) -> None:
    assert opened(world, customer_class=wholesale) == "daily"


@pytest.mark.parametrize(
    ("own", "chosen", "expected"),
    [("weekly", "", "weekly"), ("none", "", "monthly"), ("weekly", "30_days", "30_days")],
)
def test_what_is_nearer_decides_the_period(
    world: World,
    wholesale: CustomerClass,
    weekly: PaymentTerm,
    own: str,
    chosen: str,
    expected: str,
) -> None:
    term = weekly if own == "weekly" else NOTHING
    found = opened(
        world, period_type=chosen, customer_class=wholesale, parameters={"payment_term": term}
    )
    assert found == expected


def test_a_term_of_another_owner_opens_nothing(world: World) -> None:
    foreign = create_term(actor=world.actor("operator"), name="Daily", period_type="daily")
    with pytest.raises(DomainError) as error:
        opened(world, parameters={"payment_term": foreign})
    assert error.value.field == "payment_term"
    assert not Balance.objects.filter(customer__name="Calder Voice").exists()


def test_the_wizard_asks_for_the_period_or_leaves_it_to_the_term(
    world: World, weekly: PaymentTerm
) -> None:
    client = signed_in(world, "reseller")
    fill_in(client, {"basic": BASIC, "invoice": {"payment_term": weekly.pk}})
    assert submit(client).status_code == 302
    assert Balance.objects.get(customer__name="Calder Voice").period_type == "weekly"


def test_a_term_given_later_counts_from_the_next_close(world: World, weekly: PaymentTerm) -> None:
    balance = give(world, payment_term=weekly)
    assert (balance.period_type, balance.next_period_type) == ("monthly", "weekly")
    Balance.objects.update(next_period_type="")
    assert give(world, payment_term=weekly, grace_days=1).next_period_type == ""  # not given anew
    assert give(world, payment_term=NOTHING).next_period_type == ""


def test_a_class_and_a_changed_term_leave_the_period_of_their_customers(
    world: World, weekly: PaymentTerm, wholesale: CustomerClass
) -> None:
    actor = world.actor("reseller")
    give(world, payment_term=weekly)
    edit_definition(actor=actor, row=weekly, values={"period_type": "daily"})
    assert world.balance("sub_customer").next_period_type == "weekly"
    world.sub_reseller.customer_class = wholesale
    world.sub_reseller.save(update_fields=["customer_class"])
    edit_class(actor=actor, customer_class=wholesale, values={"payment_term": weekly})
    assert world.balance("sub_reseller").next_period_type == ""


def test_the_tab_says_what_changes_at_the_next_close(world: World, weekly: PaymentTerm) -> None:
    client = signed_in(world, "reseller")
    url = reverse("customers:customer_edit_invoice", args=[world.sub_customer.pk])
    shown = sent_by(client.get(url).context["form"])
    sent = {**shown, "payment_term": [str(weekly.pk)]}
    page = client.post(url, sent, follow=True).content.decode()
    assert "Billing period: Monthly now, Weekly from the next close." in page
    assert own_parameters(world.sub_customer).payment_term == weekly
