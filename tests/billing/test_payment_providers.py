"""What an owner has set up at a payment provider: keys stay sealed, nothing is on by itself."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from billing.models import PaymentProvider
from billing.services.payment_providers import save_provider
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.fake_stripe import API_KEY, SECRET
from tests.billing.paying import ON, set_up
from tests.billing.test_ledger_pages import browser
from tests.world import World


def test_keys_are_sealed_and_never_shown_nor_audited(world: World) -> None:
    client = browser(world, "sub_reseller")
    address = reverse("billing:payment_provider")
    assert client.get(address).status_code == 200
    assert client.post(address, ON | {"is_enabled": "on", "currencies": ["GBP"]}).status_code == 302
    row = PaymentProvider.objects.get()
    assert row.is_enabled
    assert API_KEY.encode() not in bytes(row.api_key)
    page = client.get(address).content.decode()
    assert reverse("billing:webhook", args=[row.public_id]) in page
    told = str(list(AuditEvent.objects.values_list("changes", flat=True)))
    for secret in (API_KEY, SECRET):
        assert secret not in page
        assert secret not in told
    sealed = bytes(row.api_key)
    values = {"minimum": "7", "maximum": "500", "currencies": ["GBP"], "is_enabled": "on"}
    assert client.post(address, values).status_code == 302
    row.refresh_from_db()
    assert (row.minimum, bytes(row.api_key)) == (Decimal(7), sealed)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"api_key": ""}, "api_key"),
        ({"api_key": "pk_test_x"}, "api_key"),
        ({"webhook_secret": "sk_x"}, "webhook_secret"),
        ({"currencies": []}, "currencies"),
        ({"minimum": Decimal(501)}, "minimum"),
    ],
)
def test_it_is_switched_on_with_all_that_it_needs(
    world: World, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        save_provider(actor=world.actor("sub_reseller"), values=ON | given)
    assert refused.value.field == field


def test_only_administrators_set_it_up(world: World) -> None:
    user = world.user("sub_reseller")
    user.role = "billing"
    user.save()
    with pytest.raises(PermissionDenied):
        set_up(world)
    assert (
        browser(world, "sub_reseller").get(reverse("billing:payment_provider")).status_code == 403
    )
