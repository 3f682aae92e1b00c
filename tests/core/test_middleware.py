"""The address behind proxies, and pages that no cache keeps."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from softswitch.core.middleware import RealAddressMiddleware
from tests.world import World


@pytest.mark.parametrize(
    ("count", "header", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_trusted_proxies_tell_the_address(
    settings: Any, count: int, header: str, address: str
) -> None:
    settings.PROXY_COUNT = count
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": header}
    RealAddressMiddleware(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address


def test_pages_of_a_user_are_kept_by_no_cache(client: Client, world: World) -> None:
    client.force_login(world.user("shop"))
    answer = client.get(reverse("customers:profile"))
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in Client().get(reverse("healthz")).headers
