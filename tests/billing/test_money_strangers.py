"""What the pages of money must not tell or do: former owners, missing rights, hostile texts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
from django.urls import reverse
from django.utils.timezone import now
from PIL import Image, ImageFile

from billing.models import (
    Balance,
    BillingPeriod,
    DunningStep,
    Fee,
    Invoice,
    OnlinePayment,
    PaymentProvider,
)
from billing.selectors.documents import document_of
from billing.services.closing import request_closing
from billing.services.credit_notes import issue_credit_note
from billing.services.documents import deliver_invoice, file_of
from billing.services.drafts import discard_draft
from billing.services.dunning_actions import suspend, undo_step
from billing.services.fees import add_fee, change_fee
from billing.services.issuing import issue_invoice
from billing.services.move import NewTerms, move_customer
from billing.services.payment_providers import save_provider
from billing.services.transfers import transfer_funds
from billing.services.voiding import reissue_invoice, void_invoice
from calls.models import Call
from customers.models import AuditEvent, Customer
from customers.services.customers import edit_profile
from customers.services.permissions import delegated_rights, set_rights
from notifications.models import Message
from softswitch.core.errors import DomainError
from softswitch.core.pictures import media_type_of
from tariffs.models import Tariff
from tests.api import Api
from tests.billing.browsing import browser
from tests.billing.documents import firms, make_invoice, terms
from tests.billing.fake_stripe import FakeStripe, event
from tests.billing.invoices import close, draft_of
from tests.billing.money import paying_account, post
from tests.billing.paying import begun, fake, pay, set_up, tell
from tests.billing.test_move import beside, fresh
from tests.billing.test_move_sight import history
from tests.world import World

__all__ = ["beside", "fake", "history"]
SECRET = "Zanzibar"


def without(world: World, who: str, right: str) -> None:
    """Take a right from a customer, by its owner."""
    customer: Customer = getattr(world, who)
    owner = {"shop": "sub_reseller", "sub_reseller": "reseller"}[who]
    rights = delegated_rights(customer) - {right}
    set_rights(actor=world.actor(owner), customer=customer, rights=rights)


# Who a customer has left --------------------------------------------------------------------------
@pytest.fixture
def left(world: World, history: dict[str, Call]) -> Balance:
    """The closed balance of the sub-reseller, which is called otherwise by now."""
    values = {"name": f"{SECRET} Ltd", "company_name": f"{SECRET} Trading"}
    edit_profile(
        actor=world.actor("other_reseller"), customer=fresh(world.sub_reseller), values=values
    )
    own = {"address": f"{SECRET} Street 1", "billing_email": f"bills@{SECRET}.example".lower()}
    edit_profile(actor=world.actor("sub_reseller"), customer=fresh(world.sub_reseller), values=own)
    found: Balance = Balance.objects.closed().get()
    return found


@pytest.fixture
def fee(world: World, beside: Tariff) -> Fee:
    """A fee of the sub-reseller from before its move."""
    return add_fee(
        actor=world.actor("reseller"), balance=world.balance("sub_reseller"), kind="recurring",
        name="Port", price=Decimal(5), quantity=Decimal(1), starts_on=date(2026, 1, 1),
        ends_on=None, is_prorated=True, is_taxed=True, key=uuid4(),
    )  # fmt: skip


def final_invoice(balance: Balance) -> Invoice:
    found: Invoice = Invoice.objects.filter(balance=balance, state="issued").latest("issued_at")
    return found


def texts(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def test_a_fee_of_who_has_left_is_changed_no_more(world: World, fee: Fee, left: Balance) -> None:
    with pytest.raises(DomainError) as refused:
        change_fee(actor=world.actor("reseller"), fee=fee, values={"price": Decimal(7)})
    assert refused.value.code == "closed"
    told = AuditEvent.objects.visible_to(world.actor("other_reseller"))
    assert not told.filter(action="fee_changed").exists()


def test_no_page_tells_the_old_owner_who_it_is_by_now(
    world: World, fee: Fee, left: Balance
) -> None:
    invoice = final_invoice(left)
    client = browser(world, "reseller")
    pages = [
        ("fee_edit", fee.pk), ("fee_end", fee.pk), ("calendar", left.pk),
        ("dunning_detail", left.pk), ("dunning_suspend", left.pk),
        ("dunning_lift", left.pk), ("dunning_promise", left.pk), ("settle", left.pk),
        ("former_ledger", left.pk), ("balance_periods", left.pk),
        ("invoice_detail", invoice.pk), ("invoice_pdf", invoice.pk), ("invoice_annex", invoice.pk),
        ("invoice_void", invoice.pk), ("invoice_credit", invoice.pk),
        *(("entry_detail", row.pk) for row in left.entries.all()),
        *(("entry_reverse", row.pk) for row in left.entries.all()),
    ]  # fmt: skip
    for name, pk in pages:
        answer = client.get(reverse(f"billing:{name}", args=[pk]), follow=True)
        assert SECRET.lower() not in texts(answer).lower(), name


def test_a_later_document_names_who_has_left_as_the_last_one_did(
    world: World, left: Balance
) -> None:
    actor, invoice = world.actor("reseller"), final_invoice(left)
    note = issue_credit_note(
        actor=actor, invoice=invoice, amount=Decimal("0.01"), reason="Agreed", key=str(uuid4())
    )
    assert note.customer_data == invoice.customer_data
    assert SECRET not in str(document_of(None, note))


def test_nor_does_a_document_issued_anew(world: World, left: Balance) -> None:
    actor, invoice = world.actor("reseller"), final_invoice(left)
    kept = invoice.customer_data
    void_invoice(actor=actor, invoice=invoice, reason="Wrong")
    draft = reissue_invoice(actor=actor, invoice=Invoice.objects.get(pk=invoice.pk))
    assert SECRET not in str(document_of(None, draft))
    issued = issue_invoice(actor=actor, invoice=draft)
    assert issued.customer_data == kept


def test_nor_does_its_letter_go_where_only_others_know(world: World, left: Balance) -> None:
    invoice = final_invoice(left)
    deliver_invoice(invoice_id=invoice.pk)
    sent = Message.objects.filter(owner=world.reseller, event="invoice")
    assert not sent.filter(recipient__icontains=SECRET).exists()


def test_money_of_an_owner_that_was_left_does_not_come_to_the_present_one(
    world: World, beside: Tariff
) -> None:
    """Moved to an account before, and back afterwards, it would be paid by nobody."""
    actor, account = world.actor("shop"), paying_account(world)
    amount: dict[str, Any] = {"amount": Decimal(40)}
    own = world.balance("shop")
    transfer_funds(actor=actor, source=own, target=account, key=str(uuid4()), **amount)
    move_customer(
        actor=world.actor("operator"), customer=fresh(world.shop), owner=world.other_reseller,
        terms=NewTerms(beside), surplus="pay_out", reason="Sold on",
    )  # fmt: skip
    own = world.balance("shop")
    with pytest.raises(DomainError) as refused:
        transfer_funds(actor=actor, source=account, target=own, key=str(uuid4()), **amount)
    assert refused.value.code == "moved"
    assert world.balance("shop").amount == 0


# Rights -------------------------------------------------------------------------------------------
def test_who_may_not_see_calls_is_not_given_those_of_its_invoices(world: World) -> None:
    invoice = make_invoice(world, terms=terms(sections=["cdrs"]))
    url = reverse("billing:invoice_annex", args=[invoice.pk])
    assert browser(world, "shop").get(url).status_code == 200
    without(world, "shop", "cdrs.view")
    client = browser(world, "shop")
    assert client.get(url).status_code == 403
    page = texts(client.get(reverse("billing:invoice_detail", args=[invoice.pk])))
    assert url not in page
    assert browser(world, "sub_reseller").get(url).status_code == 200


def test_who_may_not_see_its_balance_reads_it_on_no_form(world: World) -> None:
    account = paying_account(world)
    url = reverse("billing:transfer", args=[account.account_id])
    assert "Available to Shop" in texts(browser(world, "shop").get(url))
    without(world, "shop", "balance.view")
    page = texts(browser(world, "shop").get(url))
    assert "Available to Shop" not in page
    assert "100.00" not in page


def test_who_pays_is_not_told_what_became_of_drafts(world: World) -> None:
    period = close(world.balance("shop"))
    BillingPeriod.objects.filter(pk=period.pk).update(outcome="discarded")
    outcomes = {}
    for who in ("sub_reseller", "reseller", "shop"):
        status, page = Api(world, who)("GET", f"/periods?customer_id={world.shop.pk}")
        assert status == 200
        outcomes[who] = {row["outcome"] for row in page["items"] if row["id"] == period.pk}
    assert outcomes == {"sub_reseller": {"discarded"}, "reseller": {"discarded"}, "shop": {""}}


def seen(world: World, who: str, action: str) -> bool:
    rows = AuditEvent.objects.visible_to(world.actor(who))
    return rows.filter(action=action).exists()


def test_who_does_something_of_its_own_reads_so_in_its_audit_log(world: World) -> None:
    set_up(world)
    request_closing(actor=world.actor("sub_reseller"))
    for action in ("payment_provider_changed", "closing_requested"):
        assert seen(world, "sub_reseller", action), action
        assert not seen(world, "shop", action), action


def test_a_draft_for_an_account_is_an_event_of_who_makes_it(world: World) -> None:
    account = paying_account(world)
    post(account, "debit", "5")
    draft = draft_of(account, now())
    discard_draft(actor=world.actor("shop"), invoice=draft, reason="Not yet")
    for action in ("invoice_drafted", "invoice_discarded"):
        assert seen(world, "shop", action), action


def test_the_undoing_of_a_step_is_known_on_the_side_that_bills_alone(world: World) -> None:
    balance, actor = world.balance("shop"), world.actor("sub_reseller")
    suspend(actor=actor, balance=balance, reason="Fraud?")
    undo_step(actor=actor, step=DunningStep.objects.get(balance=balance))
    assert seen(world, "sub_reseller", "dunning_undone")
    assert not seen(world, "shop", "dunning_undone")


def test_only_what_is_said_of_a_card_reaches_the_payer(world: World, fake: FakeStripe) -> None:
    set_up(world)
    message = "Invalid API Key provided: sk_live_****1234"
    fake.answers.append((401, {"error": {"type": "invalid_request_error", "message": message}}))
    page = texts(pay(browser(world, "shop")))
    assert "sk_live" not in page
    assert "The payment provider refused it" in page


def test_a_payment_of_another_program_at_the_same_provider_is_none_of_ours(
    world: World, fake: FakeStripe
) -> None:
    """It numbers its payments too, and its notices come here as well."""
    provider, session_id = begun(world, fake)
    session = fake.complete(session_id)
    foreign = session | {
        "id": "cs_theirs",
        "metadata": session["metadata"] | {"key": f"softswitch-{uuid4()}-pay:{uuid4()}"},
    }
    assert tell(provider, event("checkout.session.completed", foreign)) == 200
    payment = OnlinePayment.objects.get()
    assert (payment.state, payment.entry) == ("pending", None)
    assert tell(provider, event("checkout.session.completed", session)) == 200
    payment.refresh_from_db()
    assert payment.state == "paid"


def test_whoever_acts_as_a_customer_changes_no_key_of_its_payment_provider(world: World) -> None:
    """Else what its customers pay would go elsewhere, and nobody would see it."""
    provider = set_up(world)
    client, page = browser(world, "reseller"), reverse("billing:payment_provider")
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    assert 'name="api_key"' not in texts(client.get(page))
    values = {"minimum": "5", "maximum": "400", "currencies": ["GBP"], "is_enabled": "on"}
    stolen = {"api_key": "sk_test_mine", "webhook_secret": "whsec_mine"}
    assert client.post(page, values | stolen).status_code == 302
    fresh_row = PaymentProvider.objects.get(pk=provider.pk)
    assert fresh_row.maximum == 400
    assert [fresh_row.api_key, fresh_row.webhook_secret] == [
        provider.api_key, provider.webhook_secret,
    ]  # fmt: skip
    actor = world.actor("sub_reseller")
    acting = replace(actor, stack=(world.reseller.pk, world.sub_reseller.pk))
    with pytest.raises(DomainError) as refused:
        save_provider(actor=acting, values=stolen)
    assert refused.value.code == "switched"


# Hostile texts ------------------------------------------------------------------------------------
def test_a_control_character_in_an_address_stops_no_electronic_invoice(
    world: World, pdf_libraries: None
) -> None:
    firms(world)
    edit_profile(
        actor=world.actor("shop"),
        customer=fresh(world.shop),
        values={"address": "Mill\x0bGoit\x01 3\nLeeds", "contact": "A\x02"},
    )
    invoice = make_invoice(world, terms=terms(is_e_invoice=True))
    assert b"Leeds" in bytes(file_of(invoice=invoice, kind="xml").content)  # type: ignore[arg-type]


def test_an_endless_address_makes_no_endless_invoice(world: World) -> None:
    firms(world)
    Customer.objects.filter(pk=world.shop.pk).update(address="x\n" * 100_000)
    document = document_of(None, make_invoice(world))
    assert len(document.customer.address) <= 20


def test_a_picture_that_is_broken_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its data end half way, before a chunk whose name is none; WeasyPrint lets Pillow pass it."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    file = BytesIO()
    Image.effect_noise((40, 40), 50).save(file, "PNG")
    whole = file.getvalue()
    data = whole.index(b"IDAT")
    half = int.from_bytes(whole[data - 4 : data]) // 2
    first = b"IDAT" + whole[data + 4 : data + 4 + half]
    parts = [whole[: data - 4], half.to_bytes(4), first, crc32(first).to_bytes(4)]
    broken = b"".join([*parts, bytes(4), b"$\x98\0\0", bytes(4)])
    with pytest.raises(DomainError) as refused:
        media_type_of(broken)
    assert refused.value.field == "logo_file"
