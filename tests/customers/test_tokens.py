"""The page of one's own API tokens."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from customers.models import ApiToken, AuditEvent
from customers.services.tokens import actor_of_token, create_token
from notifications.services.delivery import set_password_url
from tests.world import World

pytestmark = pytest.mark.django_db
LIST, NEW = "customers:token_list", "customers:token_create"


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_user_makes_a_token_sees_it_once_and_revokes_it(world: World) -> None:
    client = client_of(world, "reseller")
    body = {"name": "Billing sync", "scopes": ["money:read", "customers:read"]}
    page = client.post(reverse(NEW), body, follow=True).content.decode()
    shown = re.search(r"ssw_[\w-]+", page)
    assert shown is not None
    actor = actor_of_token(text=shown.group(), address=None)
    assert actor is not None
    assert actor.rights == {"api.access", "balance.view", "invoices.view", "customers.view"}
    again = client.get(reverse(LIST)).content.decode()
    assert shown.group() not in again
    assert "Billing sync" in again
    token = ApiToken.objects.get()
    url = reverse("customers:token_revoke", args=[token.pk])
    assert client.post(url).status_code == 302
    assert actor_of_token(text=shown.group(), address=None) is None


def test_what_is_missing_is_named(world: World) -> None:
    response = client_of(world, "reseller").post(reverse(NEW), {"name": ""})
    assert response.status_code == 422
    assert {"name", "scopes"} <= response.context["form"].errors.keys()
    assert not ApiToken.objects.exists()


def test_tokens_are_seen_and_revoked_by_their_user_only(world: World) -> None:
    token, _ = create_token(actor=world.actor("shop"), name="Mine", scopes=["money:read"])
    for who in ("operator", "reseller", "sub_reseller", "other_reseller"):
        client = client_of(world, who)
        assert "Mine" not in client.get(reverse(LIST)).content.decode()
        url = reverse("customers:token_revoke", args=[token.pk])
        assert client.post(url).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_no_tokens_while_switched_or_without_the_right(world: World) -> None:
    client = client_of(world, "reseller")
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    assert client.get(reverse(LIST)).status_code == 403
    account_user = Client()
    user = world.account.users.get()
    account_user.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert account_user.get(reverse(LIST)).status_code == 403
    assert Client().get(reverse(LIST)).status_code == 302


def make(world: World, who: str) -> str:
    """The text of a new token of the administrator of ``who``."""
    actor = world.actor(who)
    _token, text = create_token(actor=actor, name="Billing sync", scopes=["customers:read"])
    return text


def is_good(text: str) -> bool:
    return actor_of_token(text=text, address=None) is not None


def test_a_blocked_user_has_no_good_token(world: World) -> None:
    text, owner = make(world, "shop"), client_of(world, "sub_reseller")
    key = world.user("shop").pk
    owner.post(reverse("customers:user_block", args=[key]))
    assert not is_good(text)
    owner.post(reverse("customers:user_unblock", args=[key]))
    assert is_good(text)


@pytest.mark.parametrize("who", ["shop", "sub_reseller"])
def test_logging_out_everywhere_revokes_the_tokens_unless_it_is_unticked(
    world: World, who: str
) -> None:
    text, others = make(world, "shop"), make(world, "sub_customer")
    client, user = client_of(world, who), world.user("shop")
    url = reverse("customers:user_log_out", args=[user.pk])
    form = client.get(url).context["form"]
    assert form["revokes_tokens"].value() is True
    client.post(url)
    assert is_good(text)
    assert not AuditEvent.objects.filter(action="tokens_revoked").exists()
    client_of(world, who).post(url, {"revokes_tokens": "on"})
    assert not is_good(text)
    assert is_good(others)
    event = AuditEvent.objects.get(action="tokens_revoked")
    assert (event.customer, event.subject, event.changes) == (
        world.shop,
        user.login,
        {"tokens": ["1", "0"]},
    )
    assert "revokes_tokens" not in client_of(world, who).get(url).context["form"].fields


def test_who_may_not_end_the_sessions_is_not_asked_either(world: World) -> None:
    make(world, "shop")
    url = reverse("customers:user_log_out", args=[world.user("shop").pk])
    for who, expected in {"reseller": 403, "other_reseller": 404}.items():
        client = client_of(world, who)
        for send in (client.get, client.post):
            assert send(url, {"revokes_tokens": "on"}).status_code == expected
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_the_pages_of_passwords_say_that_tokens_stay(world: World) -> None:
    text, key = make(world, "shop"), world.user("shop").pk
    client, owner = client_of(world, "shop"), client_of(world, "sub_reseller")
    own = client.get(reverse("customers:password")).content.decode()
    assert "API tokens stay valid. Revoke them on the page" in own
    reset = reverse("customers:user_password", args=[key])
    assert "API tokens of this login stay valid." in owner.get(reset).content.decode()
    owner.post(reset, {"password": "a brand new phrase"})
    assert is_good(text)
    desk = world.account.users.get()
    reset = reverse("customers:user_password", args=[desk.pk])
    assert "API tokens" not in owner.get(reset).content.decode()
    client.force_login(desk, backend="django.contrib.auth.backends.ModelBackend")
    assert "API tokens" not in client.get(reverse("customers:password")).content.decode()


def test_the_page_behind_a_mailed_link_says_so_to_who_has_any(world: World) -> None:
    line = "Your API tokens stay valid."
    link = set_password_url(world.user("shop")).removeprefix(settings.PORTAL_URL)
    assert line not in Client().get(link, follow=True).content.decode()
    make(world, "shop")
    assert line in Client().get(link, follow=True).content.decode()
