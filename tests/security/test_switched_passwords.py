"""While switched nobody types a password for others: whoever is let in gets a link by mail."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.services.accounts import open_account
from billing.services.customers import Login, Terms, open_customer
from customers.forms.steps import SLUGS
from customers.models import Customer, User
from customers.selectors import actor_for
from customers.services.users import create_user
from customers.tenancy import Actor
from notifications.models import Message
from notifications.services.letters import send_first_link
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.records import checked, problems
from tests.customers.wizard import BASIC, fill_in, press, signed_in, step, submit
from tests.world import PASSWORD, World

LOGIN = {"login": "calder", "email": "ann@calder.example"}


@pytest.fixture
def switched(world: World) -> Actor:
    """Root's operator as the reseller."""
    return actor_for(world.user("operator"), stack=[world.reseller.pk])


@pytest.fixture
def client(world: World) -> Client:
    """The operator's browser, switched to the reseller."""
    browser = signed_in(world, "operator")
    browser.post(reverse("customers:switch_to", args=[world.reseller.pk]))
    return browser


def terms() -> Terms:
    return Terms(tariff=Tariff.objects.get(name="Retail"))


def assert_invited(world: World, *, recipient: str) -> User:
    """The login waits for its first password, whose link the reseller's mail brings."""
    user: User = User.objects.get(login="calder")
    assert not user.has_usable_password()
    letter = Message.objects.get(user=user)
    assert (letter.event, letter.recipient) == ("set_password", recipient)
    assert letter.owner == world.reseller
    return user


# The services ----------------------------------------------------------------------------------
def test_a_password_is_refused_with_the_customer_and_with_the_account(
    world: World, switched: Actor
) -> None:
    login = Login("calder", PASSWORD, email="ann@calder.example")
    with pytest.raises(DomainError) as customer:
        open_customer(actor=switched, name="Calder", kind="business", terms=terms(), login=login)
    with pytest.raises(DomainError) as account:
        open_account(actor=switched, customer=world.reseller, auth_name="desk-9", login=login)
    for refused in (customer.value, account.value):
        assert (refused.code, refused.field) == ("switched", "password")
    assert not Customer.objects.filter(name="Calder").exists()
    assert not Account.objects.filter(auth_name="desk-9").exists()
    assert not User.objects.filter(login="calder").exists()


def test_a_sip_password_is_refused_with_the_account_and_in_a_file(
    world: World, switched: Actor
) -> None:
    with pytest.raises(DomainError) as refused:
        open_account(
            actor=switched, customer=world.reseller, auth_name="desk-9", sip_password="long secret"
        )
    assert (refused.value.code, refused.value.field) == ("switched", "sip_password")
    rows = [{"auth_name": "desk-9", "sip_password": "long secret"}, {"auth_name": "desk-8"}]
    assert list(problems(checked(switched, "account", rows))) == [(2, "sip_password")]


def test_only_who_may_let_somebody_in_mails_the_first_link(world: World, switched: Actor) -> None:
    made = create_user(
        actor=switched,
        customer=world.sub_customer,
        login="calder",
        password=None,
        email="ann@calder.example",
    )
    for who in ("operator", "other_reseller", "sub_reseller"):
        with pytest.raises(PermissionDenied):
            send_first_link(actor=world.actor(who), user=made)
    with pytest.raises(PermissionDenied):
        send_first_link(actor=switched, user=world.user("sub_customer"))  # it has a password
    send_first_link(actor=switched, user=made)
    assert_invited(world, recipient="ann@calder.example")


# The forms -------------------------------------------------------------------------------------
def test_the_wizard_asks_for_no_password_and_mails_the_link(world: World, client: Client) -> None:
    page = client.get(step("portal"))
    assert not {"access", "sends_welcome"} & page.context["form"].fields.keys()
    assert "a link to set one is mailed here" in page.content.decode()
    fill_in(client, {"portal": {"login": "calder", "access": "password"}})
    assert "password" not in client.get(step(SLUGS[-1])).context["form"].fields
    assert submit(client, password=PASSWORD).status_code == 302
    user = assert_invited(world, recipient="office@calder.example")
    assert user.customer.owner == world.reseller


def test_the_wizard_wants_an_address_for_the_link(client: Client) -> None:
    press(client, "basic", **BASIC | {"main_email": ""})
    answer = press(client, "portal", login="calder")
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"email"}


def short_form(world: World, **changes: Any) -> dict[str, Any]:
    """What the short form sends, a password among it."""
    return {
        "name": "Calder",
        "kind": "business",
        "tariff": Tariff.objects.get(name="Retail").pk,
        "mode": "prepaid",
        "credit_limit": "0",
        "opening_balance": "0",
        "timezone": "UTC",
        "language": "en",
        "login": "calder",
        "password": PASSWORD,
        "main_email": "office@calder.example",
    } | changes


def test_the_short_form_mails_the_link_too(world: World, client: Client) -> None:
    url = reverse("customers:customer_create")
    page = client.get(url)
    assert "password" not in page.context["form"].fields
    assert "a link is mailed to the main e-mail" in page.content.decode()
    answer = client.post(url, short_form(world, main_email=""))
    assert answer.context["form"].errors.keys() == {"main_email"}
    assert client.post(url, short_form(world)).status_code == 302
    assert_invited(world, recipient="office@calder.example")


def test_the_account_form_mails_the_link_too(world: World, client: Client) -> None:
    url = reverse("accounts:account_create")
    page = client.get(url)
    assert not {"password", "sip_password"} & page.context["form"].fields.keys()
    assert "a link to set one is mailed here" in page.content.decode()
    typed = {"password": PASSWORD, "sip_password": "long secret"}
    sent = {"customer": world.reseller.pk, "auth_name": "desk-9", "status": "active", **typed}
    answer = client.post(url, sent | LOGIN | {"email": ""})
    assert answer.context["form"].errors.keys() == {"email"}
    assert client.post(url, sent | LOGIN).status_code == 302
    user = assert_invited(world, recipient="ann@calder.example")
    assert user.account == Account.objects.get(auth_name="desk-9", digest_ha1="")


@pytest.mark.parametrize("name", ["customer_user_add", "user_password"])
def test_logins_that_stand_are_left_alone(world: World, client: Client, name: str) -> None:
    """Neither a further login nor another password is anybody's affair but its own."""
    target = world.sub_customer if name == "customer_user_add" else world.user("sub_customer")
    sent = LOGIN | {"role": "noc", "password": PASSWORD}
    url = reverse(f"customers:{name}", args=[target.pk])
    assert client.post(url, sent).status_code == 403
    assert not User.objects.filter(login="calder").exists()
