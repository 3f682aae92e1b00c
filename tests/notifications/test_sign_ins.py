"""The news that somebody signed in: where it is asked for, to the login itself alone."""

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import User, UserSession
from customers.services.parameters import set_parameters
from notifications.models import Message, Notice
from tests.security.people import is_signed_in, next_code, try_password, with_second_factor
from tests.security.portal import signed_in, text_of
from tests.world import World

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def asked(addressed: World) -> World:
    """The shop's owner wants its logins told; they read times of Tallinn."""
    owner = addressed.actor("sub_reseller")
    set_parameters(actor=owner, customer=addressed.shop, values={"sign_in_notice": True})
    User.objects.filter(login="shop").update(timezone="Europe/Tallinn")
    return addressed


def test_a_login_is_told_when_from_where_and_with_what(asked: World) -> None:
    client = Client(HTTP_USER_AGENT=FIREFOX)
    _client, answer = try_password("shop", client=client, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 302
    letter = Message.objects.get()
    assert (letter.event, letter.recipient) == ("sign_in", "ann@shop.example")
    assert (letter.owner, letter.customer) == (asked.sub_reseller, asked.shop)
    assert letter.subject == "shop signed in"
    assert "192.0.2.7" in letter.text
    assert "Firefox, Windows" in letter.text
    at = UserSession.objects.get().created_at.astimezone(asked.user("shop").timezone)
    assert f"{at:%H:%M:%S}" in letter.text
    page = text_of(client.get(reverse("notifications:notice_list")))
    assert "shop signed in" in page
    assert f'href="{reverse("customers:own_sign_ins")}"' in page


def test_the_bell_of_nobody_else_tells_it(asked: World) -> None:
    try_password("shop")
    notice = Notice.objects.get()
    assert (notice.recipient, notice.user) == (asked.shop, asked.user("shop"))
    page = signed_in(asked.user("sub_reseller")).get(reverse("notifications:notice_list"))
    assert "signed in" not in text_of(page)


def test_each_sign_in_is_told_anew(asked: World) -> None:
    try_password("shop")
    try_password("shop")
    assert Message.objects.count() == Notice.objects.count() == 2


def test_without_an_address_the_bell_tells_it(asked: World) -> None:
    User.objects.filter(login="shop").update(email="")
    asked.shop.main_email = ""
    asked.shop.save()
    try_password("shop")
    assert not Message.objects.exists()
    assert Notice.objects.count() == 1


def test_a_login_of_an_account_is_told_by_its_customer(asked: World) -> None:
    User.objects.filter(login="shop-1").update(email="desk@shop.example")
    try_password("shop-1")
    letter = Message.objects.get()
    assert (letter.owner, letter.recipient) == (asked.shop, "desk@shop.example")
    assert Notice.objects.get().account == asked.account


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_no_sign_in(asked: World, password: str) -> None:
    try_password("shop", password)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_nobody_is_told_who_is_not_to_be(asked: World) -> None:
    try_password("sub-reseller")
    try_password("operator")
    owner = asked.actor("sub_reseller")
    set_parameters(actor=owner, customer=asked.shop, values={"sign_in_notice": False})
    try_password("shop")
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_an_owner_that_switches_in_signs_in_nowhere(asked: World) -> None:
    client, _answer = try_password("sub-reseller")
    client.post(reverse("customers:switch_to", args=[asked.shop.pk]))
    assert "Shop" in text_of(client.get(reverse("dashboard")))
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_with_a_second_factor_only_the_code_is_a_sign_in(asked: World) -> None:
    user = asked.user("shop")
    with_second_factor(user)
    client, _answer = try_password("shop")
    assert not Message.objects.filter(event="sign_in").exists()
    client.post(reverse("login_code"), {"code": next_code(user)})
    assert is_signed_in(client)
    assert Message.objects.filter(event="sign_in").count() == 1
