"""People who sign in as browsers do: by the pages, with the codes of their authenticators."""

import time
from typing import Any

from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from customers.models import User
from customers.selectors import actor_for
from customers.services.second_factor import new_key, turn_on
from tests.world import PASSWORD

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def code_of(key: str, *, steps: int = 0) -> str:
    """What an authenticator with ``key`` (hexadecimal) shows ``steps`` of 30 seconds from now."""
    return f"{totp(bytes.fromhex(key), drift=steps):06d}"


def next_code(user: User) -> str:
    """A code of the user's authenticator that was not used yet."""
    device = TOTPDevice.objects.get(user=user)
    now = int(time.time()) // 30
    return code_of(device.key, steps=max(0, device.last_t + 1 - now))


def with_second_factor(user: User) -> list[str]:
    """Turn the second factor of ``user`` on; returns its recovery codes."""
    key = new_key()
    return turn_on(actor=actor_for(user), key=key, code=code_of(key, steps=-1))


def try_password(
    login: str, password: str = PASSWORD, *, client: Client | None = None, **extra: Any
) -> tuple[Client, Any]:
    """Send the login page; returns the browser and the answer."""
    browser = client or Client(HTTP_USER_AGENT=AGENT)
    sent = {"username": login, "password": password}
    return browser, browser.post(reverse("login"), sent, **extra)


def is_signed_in(client: Client, **extra: Any) -> bool:
    """Whether the dashboard opens."""
    return client.get(reverse("dashboard"), **extra).status_code == 200


def forget_throttle(user: User) -> None:
    """As if the pause after a wrong code were over."""
    TOTPDevice.objects.filter(user=user).update(throttling_failure_timestamp=None)
