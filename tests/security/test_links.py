"""Set-password links: to whom they go once somebody else provides, and how an address changes."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import User
from notifications.choices import MessageStatus
from notifications.models import Message
from notifications.services.delivery import deliver
from notifications.services.letters import send_set_password
from notifications.services.outbox import resend
from tariffs.models import Tariff
from tests.billing.test_move import beside, move
from tests.security.portal import signed_in
from tests.world import PASSWORD, World

__all__ = ["beside"]
pytestmark = pytest.mark.django_db


def test_the_old_owner_mails_no_link_after_a_move(world: World, beside: Tariff) -> None:
    User.objects.filter(pk=world.user("sub_reseller").pk).update(email="sub@example.com")
    old_owner = world.actor("reseller")
    message = send_set_password(actor=old_owner, user=world.user("sub_reseller"))
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.UNCERTAIN)
    move(world, beside)
    message.refresh_from_db()
    resend(actor=old_owner, message=message)
    deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert "provider" in message.last_error


def profile(client: Client, **values: str) -> Any:
    user: Any = client.get(reverse("customers:profile")).wsgi_request.user
    sent = {"name": user.name, "email": user.email, "theme": user.theme, "display_currency": "USD"}
    return client.post(reverse("customers:profile"), sent | values)


def test_the_display_currency_and_the_zone_are_chosen_from_those_that_exist(world: World) -> None:
    user = world.user("shop")
    client = signed_in(user)
    for wrong in ({"display_currency": "ZZZ"}, {"timezone": "Mars/Olympus"}):
        assert list(profile(client, **wrong).context["form"].errors) == list(wrong)
    profile(client, display_currency="EUR", timezone="Europe/Madrid")
    user.refresh_from_db()
    assert (user.display_currency, str(user.timezone)) == ("EUR", "Europe/Madrid")
    page = client.get(reverse("customers:profile")).content.decode()
    assert '<option value="EUR" selected>' in page
    assert '<option value="Europe/Madrid" selected>' in page
    profile(client, display_currency="", timezone="")
    user.refresh_from_db()
    assert not user.display_currency
    assert not user.timezone


def test_another_address_wants_the_present_password(world: World) -> None:
    """Whoever finds a session open would else mail itself a link and take the login over."""
    user = world.user("shop")
    client = signed_in(user)
    for current in ("", "not my password"):
        answer = profile(client, email="thief@example.com", current=current)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["current"]
    user.refresh_from_db()
    assert user.email == ""
    assert profile(client, name="New name").status_code == 302
    moved = profile(client, name="New name", email="me@example.com", current=PASSWORD)
    assert moved.status_code == 302
    user.refresh_from_db()
    assert (user.name, user.email) == ("New name", "me@example.com")


def test_no_address_is_changed_while_switched(world: World) -> None:
    client = signed_in(world.user("reseller"))
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    profile(client, email="me@example.com", current=PASSWORD)
    assert world.user("reseller").email == ""


def test_the_page_of_a_login_changes_no_own_address(world: World) -> None:
    """It asks for no password; of other logins it changes it."""
    user = world.user("shop")
    for who, status in (("shop", 422), ("sub_reseller", 302)):
        url = reverse("customers:user_edit", args=[user.pk])
        sent = {"name": user.name, "email": "me@example.com", "role": user.role}
        assert signed_in(world.user(who)).post(url, sent).status_code == status
        user.refresh_from_db()
        assert user.email == ("me@example.com" if status == 302 else "")
