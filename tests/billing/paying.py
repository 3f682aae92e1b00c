"""Steps of tests of online payments: a provider, its fake, payments begun and posted."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import OnlinePayment, PaymentProvider
from billing.services.payment_providers import save_provider
from tests.billing.fake_stripe import API_KEY, SECRET, FakeStripe, event, serving, signed
from tests.billing.money import fresh
from tests.billing.test_ledger_pages import browser
from tests.world import World

ON: dict[str, Any] = {
    "is_enabled": True,
    "api_key": API_KEY,
    "webhook_secret": SECRET,
    "minimum": Decimal(5),
    "maximum": Decimal(500),
    "currencies": ["GBP", "JPY"],
}


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeStripe]:
    with serving() as served:
        settings.STRIPE_API_URL = served.url
        yield served


def set_up(world: World, who: str = "sub_reseller") -> PaymentProvider:
    return save_provider(actor=world.actor(who), values=ON)


def pay(client: Client, amount: str = "20", key: str = "", **more: Any) -> Any:
    values = {"amount": amount, "idempotency_key": key or fresh()} | more
    return client.post(reverse("billing:pay"), values)


def tell(provider: PaymentProvider, body: bytes, header: str | None = None) -> int:
    """Send a notice as Stripe does, without a session or a CSRF token; the status."""
    answer = Client(enforce_csrf_checks=True).post(
        reverse("billing:webhook", args=[provider.public_id]),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body) if header is None else header},
    )
    return int(answer.status_code)


def begun(world: World, fake: FakeStripe, amount: str = "20") -> tuple[PaymentProvider, str]:
    """A payment of the shop that waits on Stripe's page: the provider and the session's id."""
    provider = set_up(world)
    assert pay(browser(world, "shop"), amount).status_code == 303
    return provider, OnlinePayment.objects.latest("pk").session_id


def paid(world: World, fake: FakeStripe, amount: str = "20") -> tuple[PaymentProvider, str]:
    """A payment of the shop that is posted: the provider and the intent's id."""
    provider, session_id = begun(world, fake, amount)
    session = fake.complete(session_id)
    assert tell(provider, event("checkout.session.completed", session)) == 200
    return provider, str(session["payment_intent"])
