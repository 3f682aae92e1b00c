"""Signing in and staying in: throttling, redirects, closed customers, tampered sessions, CSRF."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, override_settings
from django.urls import reverse

from billing.services.archive import archive_customer
from customers.services.customers import set_status
from customers.services.users import change_password
from customers.tenancy import SESSION_STACK
from softswitch.core.errors import DomainError
from tests.architecture.samples import build_samples
from tests.security.portal import addresses, signed_in, text_of
from tests.world import PASSWORD, World

SPELLINGS = ("operator", "Operator", "OPERATOR", " operator", "oPERATOR", "OpErAtOr", "operatoR ")


@override_settings(AXES_ENABLED=True)
def test_guessing_is_throttled_however_the_login_is_written(world: World) -> None:
    client = Client()
    for guess in range(8):
        login = SPELLINGS[guess % len(SPELLINGS)]
        client.post(reverse("login"), {"username": login, "password": f"guess {guess}"})
    right = {"username": "operator", "password": PASSWORD}
    assert client.post(reverse("login"), right).status_code == 429


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_signing_in_leads_to_no_other_site(world: World, target: str) -> None:
    sent = {"username": "operator", "password": PASSWORD, "next": target}
    answer = Client().post(reverse("login"), sent)
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("dashboard")


def test_a_wrong_login_and_a_closed_one_read_the_same(world: World) -> None:
    set_status(actor=world.actor("sub_reseller"), customer=world.shop, status="closed")
    answers = [
        Client().post(reverse("login"), {"username": "shop", "password": password})
        for password in (PASSWORD, "something else")
    ]
    shown = [text_of(answer).partition("<form")[0] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert shown[0] == shown[1]


def test_a_session_ends_with_its_customer_or_an_owner(world: World) -> None:
    client = signed_in(world.user("shop"))
    assert client.get(reverse("dashboard")).status_code == 200
    set_status(actor=world.actor("reseller"), customer=world.sub_reseller, status="closed")
    assert client.get(reverse("dashboard")).status_code == 302
    archived = signed_in(world.user("sub_customer"))
    archive_customer(
        actor=world.actor("reseller"), customer=world.sub_customer, surplus="pay_out", reason="x"
    )
    assert archived.get(reverse("dashboard")).status_code == 302


def test_a_session_acts_only_downwards_whatever_it_holds(world: World) -> None:
    client = signed_in(world.user("sub_reseller"))
    for stack in ([world.reseller.pk], [world.root.pk], [world.other_reseller.pk, world.shop.pk]):
        session = client.session
        session[SESSION_STACK] = stack
        session.save()
        request: Any = client.get(reverse("dashboard")).wsgi_request
        assert request.actor.customer == world.sub_reseller


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    client = signed_in(world.user("shop"))
    change_password(
        actor=world.actor("sub_reseller"), user=world.user("shop"), password="a brand new phrase"
    )
    assert client.get(reverse("dashboard")).status_code == 302


def test_the_own_password_needs_the_present_one(world: World) -> None:
    """The page for other people's passwords does not know the own login."""
    user = world.user("shop")
    url = reverse("customers:user_password", args=[user.pk])
    assert signed_in(user).post(url, {"password": "a brand new phrase"}).status_code == 404


def test_nobody_sets_a_password_while_switched(world: World) -> None:
    client = signed_in(world.user("reseller"))
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    for who in ("shop", "sub_reseller"):
        url = reverse("customers:user_password", args=[world.user(who).pk])
        assert client.post(url, {"password": "a brand new phrase"}).status_code == 403


def test_a_password_is_not_the_login(world: World) -> None:
    user = world.user("shop")
    user.login = "corner-shop-44"
    user.save()
    with pytest.raises(DomainError, match="similar"):
        change_password(actor=world.actor("shop"), user=user, password="corner-shop-44")
    with pytest.raises(PermissionDenied):
        change_password(actor=world.actor("other_reseller"), user=user, password="long enough 77")


def test_every_post_wants_its_csrf_token(world: World) -> None:
    client = signed_in(world.user("operator"), enforce_csrf_checks=True)
    for name, url in addresses(build_samples(world)):
        assert client.post(url).status_code == 403, name
