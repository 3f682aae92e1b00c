"""Pages that stop, archive and move a customer: who may, what they say, what they change."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Balance, LedgerEntry
from billing.services.customers import Login, Terms, open_customer
from customers.models import Customer
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.world import PASSWORD, World, tariff_with_rates

BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGES = ("customer_deactivate", "customer_close", "customer_archive", "customer_move")


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


def url(name: str, customer: Customer) -> str:
    return reverse(f"customers:{name}", args=[customer.pk])


def fresh(customer: Customer) -> Customer:
    found: Customer = Customer.objects.get(pk=customer.pk)
    return found


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("page", PAGES)
def test_who_opens_a_page(world: World, page: str) -> None:
    address = url(page, world.sub_reseller)
    assert client_of(world, "reseller").get(address).status_code == 200
    assert client_of(world, "other_reseller").get(address).status_code == 404
    assert Client().get(address).status_code == 302
    # Deeper ones are their owner's, but moved by whoever stands above.
    deeper = client_of(world, "operator").get(address).status_code
    assert deeper == (200 if page == "customer_move" else 403)
    assert client_of(world, "sub_reseller").get(address).status_code == 403
    user = world.user("reseller")
    user.role = "noc"
    user.save()
    assert client_of(world, "reseller").get(address).status_code == 403


def test_a_stop_says_what_stops_and_activate_starts_it_again(world: World) -> None:
    client = client_of(world, "reseller")
    for page, status in (("customer_deactivate", "inactive"), ("customer_close", "closed")):
        shown = text(client.get(url(page, world.sub_reseller)))
        assert "Accounts: 1, trunks: 0" in shown
        assert "That is with 1 customer below it." in shown
        client.post(url(page, world.sub_reseller))
        assert fresh(world.sub_reseller).status == status
        listed = text(client.get(reverse("customers:customer_list")))
        assert url("customer_activate", world.sub_reseller) in listed
        detail = text(client.get(url("customer_detail", world.sub_reseller)))
        assert url("customer_activate", world.sub_reseller) in detail
        client.post(url("customer_activate", world.sub_reseller))
        assert fresh(world.sub_reseller).status == "active"
    assert "logins: 3" in text(client.get(url("customer_close", world.sub_reseller)))


def test_archiving_is_refused_with_counts_and_during_calls(world: World) -> None:
    client = client_of(world, "reseller")
    values = {"surplus": "pay_out", "reason": "Left"}
    shown = client.get(url("customer_archive", world.sub_reseller))
    assert "It has 1 live sub-customer." in text(shown)
    answer = client.post(url("customer_archive", world.sub_reseller), values)
    assert answer.status_code == 422
    Balance.objects.filter(pk=world.balance("sub_customer").pk).update(reserved=2)
    assert "Calls are going on." in text(client.get(url("customer_archive", world.sub_customer)))
    answer = client.post(url("customer_archive", world.sub_customer), values)
    assert answer.status_code == 422
    assert "money of 1 balance." in text(answer)
    assert fresh(world.sub_customer).archived_at is None


def test_the_names_of_an_archived_customer_stay_taken(world: World) -> None:
    client = client_of(world, "reseller")
    values = {"surplus": "pay_out", "reason": "Left"}
    answer = client.post(url("customer_archive", world.sub_customer), values)
    assert answer.headers["Location"] == reverse("customers:customer_list")
    assert client.get(url("customer_archive", world.sub_customer)).status_code == 404
    for name, login in (("SUB customer ", "new-login"), ("Another", "Sub-Customer")):
        with pytest.raises(DomainError) as caught:
            _open(world, name, login)
        assert caught.value.code == "taken"


def _open(world: World, name: str, login: str) -> Customer:
    from_reseller = Tariff.objects.get(owner=world.reseller)
    return open_customer(
        actor=world.actor("reseller"),
        name=name,
        kind="business",
        terms=Terms(tariff=from_reseller),
        login=Login(login, PASSWORD),
    )


@pytest.fixture
def beside(world: World) -> Tariff:
    return tariff_with_rates(world.other_reseller, "Beside", "USD", factor="5")


def asked(tariff: Tariff, **changes: str) -> dict[str, str]:
    return {
        "owner": "other reseller",
        "tariff": str(tariff.pk),
        "currency": "tariff",
        "mode": "postpaid",
        "credit_limit": "25",
    } | changes


def test_the_steps_of_a_move(world: World, beside: Tariff) -> None:
    client, page = client_of(world, "operator"), url("customer_move", world.shop)
    assert "New owner" in text(client.get(page))
    terms = client.get(page, {"step": "0", "owner": "other reseller"})
    shown = text(terms)
    assert f'<option value="{beside.pk}"' in shown
    assert "Street" not in shown
    confirm = text(client.get(page, asked(beside) | {"step": "1"}))
    for said in (
        "Sub reseller → Other reseller",
        "100.00 GBP is paid out or forfeited.",
        "0 USD, postpaid, credit limit 25.00.",
        "None: the new owner holds them all.",
        "Move Shop to Other reseller",
    ):
        assert said in confirm, said
    values = asked(beside) | {"surplus": "forfeit", "reason": "Merged"}
    answer = client.post(page, values, follow=True)
    assert "Moved to Other reseller." in text(answer)
    assert fresh(world.shop).owner == world.other_reseller
    new = world.balance("shop")
    assert (new.currency_id, new.mode, new.credit_limit) == ("USD", "postpaid", Decimal(25))
    entry = LedgerEntry.objects.get(notes="Merged")
    assert (entry.kind, entry.amount) == ("forfeit", Decimal(-100))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"owner": "nobody"}, "owner", "Nothing here has this name."),
        ({"owner": "Sub customer"}, "owner", "Nothing here has this name."),
        ({"owner": "Sub reseller"}, "owner", "belongs to this owner already"),
        ({"tariff": "0"}, "tariff", "not one of the available choices"),
        ({"credit_limit": "-1"}, "credit_limit", "greater than or equal to 0"),
        ({"reason": ""}, "reason", "required"),
        ({"surplus": "keep"}, "surplus", "keep is not one of the available choices"),
    ],
)
def test_a_wrong_answer_names_its_field(
    world: World, beside: Tariff, changes: dict[str, str], field: str, said: str
) -> None:
    client = client_of(world, "operator")
    if changes.get("owner") == "Sub reseller":
        changes = changes | {"tariff": str(Tariff.objects.get(owner=world.sub_reseller).pk)}
    values = asked(beside) | {"surplus": "pay_out", "reason": "x"} | changes
    answer = client.post(url("customer_move", world.shop), values)
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert fresh(world.shop).owner == world.sub_reseller


def test_a_wrong_step_is_asked_again(world: World, beside: Tariff) -> None:
    client, page = client_of(world, "operator"), url("customer_move", world.shop)
    answer = client.get(page, {"step": "0", "owner": "nobody"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["owner"])
    answer = client.get(page, asked(beside, credit_limit="x") | {"step": "1"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["credit_limit"])


def test_the_new_owner_needs_a_tariff_and_calls_refuse(world: World, beside: Tariff) -> None:
    client, page = client_of(world, "operator"), url("customer_move", world.shop)
    Balance.objects.filter(pk=world.balance("shop").pk).update(reserved=1)
    assert "Calls are going on below it." in text(client.get(page, asked(beside) | {"step": "1"}))
    beside.owner = world.root
    beside.save()
    shown = text(client.get(page, {"step": "0", "owner": "Other reseller"}))
    assert "The new owner has no tariff." in shown
