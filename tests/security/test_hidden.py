"""What a customer never reads: its owner's tariffs, notes and names, in whatever list."""

from decimal import Decimal

from django.urls import reverse
from django.utils.timezone import now

from billing.models import InvoiceSettings, LedgerEntry, PaymentTerm
from billing.services.maintenance import maintain
from customers.models import AuditEvent, Customer, User
from customers.selectors import system_actor
from customers.services.customers import edit_profile
from customers.services.parameters import set_parameters
from tariffs.models import Tariff
from tariffs.services.assignments import assign_tariff
from tests.architecture.samples import build_samples
from tests.security.portal import addresses, signed_in, text_of
from tests.world import World, tariff_with_rates

# A document says who issued it: the owner, and nobody above.
NAMES_THE_ISSUER = {"billing:invoice_pdf"}


def test_no_page_of_a_customer_names_anybody_above(world: World) -> None:
    """Its owner, that one's owner and Root, by name, company, mail or login: no hint of any."""
    samples = build_samples(world)
    above = (world.sub_reseller, world.reseller, world.root)
    for place, customer in enumerate(above):
        told = {
            "name": f"Zenith {place}",
            "company_name": f"Zenith {place} Ltd",
            "main_email": "desk@zenith.example",
        }
        Customer.objects.filter(pk=customer.pk).update(**told)
        User.objects.filter(customer=customer).update(login=f"zenith-{place}", name="Zenith Smith")
    client, opened = signed_in(world.user("shop")), 0
    for name, url in addresses(samples):
        for query in ("", "?export=csv"):
            answer = client.get(url + query)
            opened += answer.status_code == 200
            text = text_of(answer).lower()
            if name in NAMES_THE_ISSUER:
                text = text.replace("zenith 0", "")
            assert "zenith" not in text, name + query
    assert opened > 50


def test_a_change_of_tariff_stays_the_owners_in_the_audit_log(world: World) -> None:
    owner = world.actor("sub_reseller")
    dear = tariff_with_rates(world.sub_reseller, "Dear prices", "GBP")
    assign_tariff(actor=owner, customer=world.shop, tariff=dear, at=now())
    url = reverse("customers:audit_list")
    for query in ("", "?export=csv", "?action=tariff_changed"):
        mine = text_of(signed_in(world.user("shop")).get(url + query))
        assert "Dear prices" not in mine
        assert "Street" not in mine
    assert "Dear prices" in text_of(signed_in(world.user("sub_reseller")).get(url))


def test_levels_allowed_stay_the_owners(world: World) -> None:
    owner = world.actor("reseller")
    edit_profile(actor=owner, customer=world.sub_reseller, values={"max_depth": 7})
    mine = AuditEvent.objects.visible_to(world.actor("sub_reseller"))
    assert not [event for event in mine if "max_depth" in event.changes]
    theirs = AuditEvent.objects.visible_to(owner)
    assert [event for event in theirs if "max_depth" in event.changes]


def test_names_of_the_owners_definitions_stay_the_owners(world: World) -> None:
    """Its invoice settings and payment terms are 404 to the customer, by name too."""
    owner = world.actor("sub_reseller")
    chosen = {
        "invoice_settings": InvoiceSettings.objects.create(owner=owner.customer, name="Bad payers"),
        "payment_term": PaymentTerm.objects.create(owner=owner.customer, name="Squeeze"),
        "grace_days": 9,
    }
    set_parameters(actor=owner, customer=world.shop, values=chosen)
    url = reverse("customers:audit_list")
    for query in ("", "?export=csv"):
        mine = text_of(signed_in(world.user("shop")).get(url + query))
        assert "grace_days" in mine
        assert "Bad payers" not in mine
        assert "Squeeze" not in mine
    theirs = text_of(signed_in(world.user("sub_reseller")).get(url))
    assert "Bad payers" in theirs


def test_no_customer_reads_its_owners_tariff_anywhere(world: World) -> None:
    Tariff.objects.filter(owner=world.reseller).update(name="Retail secret")
    client = signed_in(world.user("sub_reseller"))
    tariff = Tariff.objects.get(owner=world.reseller)
    for name in ("detail", "edit", "versions", "customers"):
        assert client.get(reverse(f"tariffs:tariff_{name}", args=[tariff.pk])).status_code == 404
    pages = ["customers:company", "tariffs:own_rates", "tariffs:tariff_list", "billing:own_ledger"]
    for page in pages:
        for query in ("", "?export=csv"):
            assert "Retail secret" not in text_of(client.get(reverse(page) + query))


def test_an_entry_of_the_system_does_not_name_root(world: World) -> None:
    balance = world.balance("reseller")
    maintain(
        actor=system_actor(),
        balance=balance,
        action="credit",
        amount=Decimal(5),
        currency="EUR",
        key="by-the-system",
    )
    entry = LedgerEntry.objects.get(idempotency_key="by-the-system")
    url = reverse("billing:entry_detail", args=[entry.pk])
    world.root.name = "Zenith Carrier"
    world.root.save(update_fields=["name"])
    assert "Zenith" not in text_of(signed_in(world.user("reseller")).get(url))
    assert "Zenith" in text_of(signed_in(world.user("operator")).get(url))
