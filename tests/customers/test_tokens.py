"""The page of one's own API tokens."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import ApiToken
from customers.services.tokens import actor_of_token, create_token
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
    assert actor.rights == {"api.access", "balance.view", "customers.view"}
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
