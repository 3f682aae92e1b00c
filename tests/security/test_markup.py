"""Names made of markup are text on every page, whoever looks."""

import pytest
from django.urls import reverse

from accounts.models import Account, Trunk
from calls.models import CdrImport, Switch
from customers.models import AuditEvent, Customer, User
from tariffs.models import Rate, RateImport, Tariff
from tests.architecture.samples import build_samples
from tests.security.portal import addresses, signed_in, text_of
from tests.world import World

SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>'
HOSTILE = SCRIPT + IMAGE


def name_everything(world: World) -> None:
    """Give every row that has a name, a note or a destination a hostile one."""
    for customer in Customer.objects.filter(is_root=False):
        Customer.objects.filter(pk=customer.pk).update(
            name=f"{HOSTILE}{customer.pk}",
            company_name=HOSTILE,
            contact=HOSTILE,
            address=HOSTILE,
            internal_notes=HOSTILE,
        )
    for model in (User, Account, Trunk, Tariff, Switch):
        model.objects.update(name=HOSTILE)
    Rate.objects.update(destination=HOSTILE)
    RateImport.objects.update(file_name=HOSTILE)
    CdrImport.objects.update(file_name=HOSTILE)
    AuditEvent.objects.update(subject=HOSTILE, changes={SCRIPT: [IMAGE, SCRIPT]})


@pytest.mark.parametrize("who", ["operator", "sub_reseller", "shop"])
def test_no_page_hands_markup_on(world: World, who: str) -> None:
    samples = build_samples(world)
    name_everything(world)
    client = signed_in(world.user(who))
    shown = 0
    for name, url in addresses(samples):
        answer = client.get(url + "?show=all&name=<script>")
        body = text_of(answer)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            assert "<script>alert" not in body, name
            assert "<img src=x" not in body, name
            shown += "&lt;script&gt;" in body
    assert shown > 10


def test_the_banner_and_messages_of_switching_are_text(world: World) -> None:
    name_everything(world)
    client = signed_in(world.user("operator"))
    for customer in (world.reseller, world.sub_reseller):
        client.post(reverse("customers:switch_to", args=[customer.pk]))
    body = text_of(client.get(reverse("dashboard")))
    assert "&lt;script&gt;" in body
    assert "<script>alert" not in body
    assert "<img src=x" not in body
