"""What an issuer does with its invoices on their pages: issue, compute again, void, credit."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.test import Client
from django.utils.timezone import now

from billing.choices import InvoiceState
from billing.models import Allocation, Invoice
from customers.choices import Role
from customers.services.users import create_user
from tests.billing.browsing import (
    browser,
    issued,
    shop_draft,
    shown,
    signed_in,
    url,
)
from tests.billing.invoices import close, draft_of, post
from tests.world import PASSWORD, World


# What the issuer does ----------------------------------------------------------------------------
def test_a_draft_is_issued_on_its_page(world: World) -> None:
    draft = shop_draft(world)
    client = browser(world, "sub_reseller")
    day = now().date()
    assert client.get(url("invoice_issue", draft.pk)).status_code == 200
    answer = client.post(url("invoice_issue", draft.pk), {"issued_on": str(day)}, follow=True)
    draft.refresh_from_db()
    assert draft.state == InvoiceState.ISSUED
    assert f"Issued as {draft.number}." in answer.content.decode()
    assert client.get(url("invoice_issue", draft.pk)).status_code == 302


def test_what_the_service_refuses_is_said_on_the_form(world: World) -> None:
    shop_draft(world)
    later = shop_draft(world, 1)
    client = browser(world, "sub_reseller")
    answer = client.post(url("invoice_issue", later.pk), {"issued_on": str(now().date())})
    assert answer.status_code == 422
    assert "comes first" in answer.content.decode()
    coming = {"issued_on": str(now().date() + timedelta(days=9))}
    first = Invoice.objects.earliest("pk")
    assert client.post(url("invoice_issue", first.pk), coming).status_code == 422


def test_a_draft_is_computed_again_and_discarded(world: World) -> None:
    balance = world.balance("shop")
    post(balance, "debit", "-60")
    draft = draft_of(balance)
    Invoice.objects.filter(pk=draft.pk).update(net=1, total=1)
    client = browser(world, "sub_reseller")
    client.post(url("invoice_refresh", draft.pk))
    draft.refresh_from_db()
    assert draft.total == 60
    assert client.post(url("invoice_discard", draft.pk), {"reason": ""}).status_code == 422
    answer = client.post(url("invoice_discard", draft.pk), {"reason": "twice"})
    assert answer.headers["Location"] == url("invoice_list")
    assert not Invoice.objects.exists()


def test_a_period_without_an_invoice_is_drafted_from_the_list_of_such(world: World) -> None:
    balance = world.balance("shop")
    post(balance, "debit", "-60")
    period = close(balance)
    client = browser(world, "sub_reseller")
    listed = client.get(url("invoice_create"), {"customer": "sho"})
    assert [row.record.pk for row in listed.context["table"].page.object_list] == [period.pk]
    assert browser(world, "reseller").post(url("invoice_draft", period.pk)).status_code == 403
    assert browser(world, "other_reseller").post(url("invoice_draft", period.pk)).status_code == 404
    answer = client.post(url("invoice_draft", period.pk))
    made = Invoice.objects.get(period=period)
    assert answer.headers["Location"] == url("invoice_detail", made.pk)
    assert titles_of_periods(client) == []
    sent = {"do": "draft", "pk": [period.pk]}
    assert client.post(url("invoice_create"), sent).status_code == 302
    assert Invoice.objects.count() == 1


def titles_of_periods(client: Client) -> list[int]:
    table = client.get(url("invoice_create")).context["table"]
    return [row.record.pk for row in table.page.object_list]


def test_an_invoice_is_voided_and_issued_again(world: World) -> None:
    invoice = issued(world)
    client = browser(world, "sub_reseller")
    asked = client.get(url("invoice_void", invoice.pk)).content.decode()
    assert f"Void {invoice.number}" in asked
    client.post(url("invoice_void", invoice.pk), {"reason": "wrong rates"})
    page = shown(client, invoice)
    assert "wrong rates" in page
    answer = client.post(url("invoice_reissue", invoice.pk))
    draft = Invoice.objects.get(replaces=invoice)
    assert answer.headers["Location"] == url("invoice_detail", draft.pk)
    page = shown(client, invoice)
    assert url("invoice_detail", draft.pk) in page
    assert url("invoice_reissue", invoice.pk) not in page
    assert url("invoice_detail", draft.pk) not in shown(browser(world, "shop"), invoice)


def test_a_credit_note_is_issued_once_however_often_the_form_is_sent(world: World) -> None:
    invoice = issued(world, 0, debit="100")
    client = browser(world, "sub_reseller")
    form = client.get(url("invoice_credit", invoice.pk)).context["form"]
    assert form.initial["amount"] == Decimal("120.00")
    sent = {"amount": "12", "reason": "Agreed", "idempotency_key": str(uuid4())}
    for _time in range(2):
        assert client.post(url("invoice_credit", invoice.pk), sent).status_code == 302
    note = Invoice.objects.get(kind="credit_note")
    assert note.total == 12
    page = shown(client, invoice)
    assert note.number in page
    assert url("invoice_void", invoice.pk) not in page  # a credit note stands against it
    assert "Credited" in shown(browser(world, "shop"), note)
    assert Allocation.objects.filter(invoice=invoice, source_entry__kind="credit_note").exists()
    too_much = sent | {"amount": "109", "idempotency_key": str(uuid4())}
    assert client.post(url("invoice_credit", invoice.pk), too_much).status_code == 422


def test_a_reader_acts_on_nothing(world: World) -> None:
    invoice = issued(world)
    user = create_user(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        login="reader",
        password=PASSWORD,
        role=Role.READ_ONLY,
    )
    client = signed_in(user)
    page = shown(client, invoice)
    assert url("invoice_void", invoice.pk) not in page
    for name in ("invoice_void", "invoice_credit", "invoice_issue", "invoice_discard"):
        assert client.get(url(name, invoice.pk)).status_code == 403
    assert client.get(url("invoice_create")).status_code == 403
