"""Stripe: settings, Checkout over real HTTP, signed notices, each payment posted once."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
import stripe
from django.test import Client
from django.urls import reverse

from billing.models import LedgerEntry, OnlinePayment
from billing.services import verify
from billing.services.archive import archive_customer
from billing.services.payment_providers import save_provider
from billing.services.providers.amounts import from_units, to_units
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.fake_stripe import (
    FakeStripe,
    charge,
    dispute,
    error,
    event,
    signed,
)
from tests.billing.money import amount_of, fresh, paying_account, post
from tests.billing.paying import ON, begun, fake, paid, pay, set_up, tell
from tests.billing.test_ledger_pages import browser, signed_in
from tests.concurrency.threads import at_once
from tests.world import World, build_world

__all__ = ["fake"]


def test_amounts_are_exact_in_every_kind_of_currency() -> None:
    assert to_units(Decimal("12.34"), "EUR") == 1234
    assert to_units(Decimal(500), "JPY") == 500
    assert to_units(Decimal("1.230"), "BHD") == 1230
    assert to_units(Decimal(5), "ISK") == 500
    assert from_units(500, "JPY") == 500
    assert from_units(1230, "BHD") == Decimal("1.23")
    for amount, code in (("12.345", "EUR"), ("0.5", "JPY"), ("1.234", "BHD"), ("5.5", "ISK")):
        with pytest.raises(DomainError) as refused:
            to_units(Decimal(amount), code)
        assert refused.value.field == "amount"
    with pytest.raises(DomainError) as refused:
        to_units(Decimal(1), "UGX")
    assert refused.value.code == "currency"


def test_the_fake_has_the_fields_of_stripes_own_library(fake: FakeStripe) -> None:
    form = {
        "line_items[0][price_data][unit_amount]": "1",
        "line_items[0][price_data][currency]": "gbp",
        "line_items[0][quantity]": "1",
        "cancel_url": "x",
        "success_url": "x",
        "mode": "payment",
    }
    assert set(fake.session(form)) <= set(stripe.checkout.Session.__annotations__)
    intent = fake.intent({"amount": "1", "currency": "gbp"})
    assert set(intent) <= set(stripe.PaymentIntent.__annotations__)
    assert set(charge("pi_1", 1)) <= set(stripe.Charge.__annotations__)
    assert set(dispute("pi_1", 1, "lost")) <= set(stripe.Dispute.__annotations__)
    told = json.loads(event("charge.refunded", {}))
    assert set(told) <= set(stripe.Event.__annotations__)


def test_nothing_is_paid_online_until_it_is_switched_on(world: World, fake: FakeStripe) -> None:
    client = browser(world, "shop")
    assert client.get(reverse("billing:pay")).status_code == 404
    set_up(world, "reseller")  # of the owner of its owner
    assert client.get(reverse("billing:pay")).status_code == 404
    assert reverse("billing:pay") not in client.get(reverse("billing:own_ledger")).content.decode()
    set_up(world)
    assert client.get(reverse("billing:pay")).status_code == 200
    for page in ("billing:own_ledger", "billing:payment_list", "dashboard"):
        assert reverse("billing:pay") in client.get(reverse(page)).content.decode()
    assert fake.asked == []


def test_pressing_twice_is_one_payment_and_leads_to_one_page(
    world: World, fake: FakeStripe
) -> None:
    set_up(world)
    client, key = browser(world, "shop"), fresh()
    answers = [pay(client, "20.50", key) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer["Location"] for answer in answers}) == 1
    assert answers[0]["Location"].startswith("https://checkout.stripe.com/")
    payment = OnlinePayment.objects.get()
    assert (payment.state, payment.amount) == ("pending", Decimal("20.50"))
    assert len({(path, asked["mode"], sent) for path, asked, sent in fake.asked}) == 1
    form = fake.asked[0][1]
    assert form["line_items[0][price_data][unit_amount]"] == "2050"
    assert form["line_items[0][price_data][currency]"] == "gbp"
    assert form["metadata[payment]"] == str(payment.pk)
    back = reverse("billing:online_detail", args=[payment.pk])
    assert form["success_url"] == f"http://testserver{back}?from=paid"
    assert pay(client, "21", key).status_code == 422
    assert amount_of(world.balance("shop")) == 100


def test_what_is_owed_is_offered_rounded_up_and_within_the_limits(
    world: World, fake: FakeStripe
) -> None:
    set_up(world)
    client, balance = browser(world, "shop"), world.balance("shop")

    def offered() -> str:
        form = client.get(reverse("billing:pay")).context["form"]
        return str(form["amount"].value())

    assert offered() == "5.00"
    post(balance, "debit", "112.345678")
    assert offered() == "12.35"
    assert pay(client, offered()).status_code == 303
    post(balance, "debit", "900")
    assert Decimal(offered()) == 500


@pytest.mark.parametrize("amount", ["4.99", "500.01", "10.001", "-5"])
def test_amounts_are_within_the_limits_and_the_currency(
    world: World, fake: FakeStripe, amount: str
) -> None:
    set_up(world)
    assert pay(browser(world, "shop"), amount).status_code == 422
    assert fake.asked == []


def test_only_the_page_that_leads_to_stripe_lets_forms_go_there(
    world: World, fake: FakeStripe
) -> None:
    set_up(world)
    client = browser(world, "shop")
    policy = "form-action 'self' https://checkout.stripe.com"
    pages = {name: client.get(reverse(name)) for name in ("billing:pay", "billing:redeem")}
    assert policy in pages["billing:pay"]["Content-Security-Policy"]
    assert "stripe" not in pages["billing:redeem"]["Content-Security-Policy"]
    assert policy in pay(client)["Content-Security-Policy"]


def test_a_page_elsewhere_is_not_followed(world: World, fake: FakeStripe, settings: Any) -> None:
    set_up(world)
    settings.STRIPE_PAGE_ORIGINS = ["https://pay.example.com"]
    assert pay(browser(world, "shop")).status_code == 422


def test_a_signed_notice_posts_once_however_often_it_comes(world: World, fake: FakeStripe) -> None:
    provider, session_id = begun(world, fake)
    client, payment = browser(world, "shop"), OnlinePayment.objects.get()
    back = reverse("billing:online_detail", args=[payment.pk])
    assert "being confirmed" in client.get(back + "?from=paid").content.decode()
    assert amount_of(world.balance("shop")) == 100  # coming back proves nothing
    body = event("checkout.session.completed", fake.complete(session_id))
    assert [tell(provider, body) for _delivery in range(3)] == [200, 200, 200]
    entry = LedgerEntry.objects.get(source="online")
    assert (entry.kind, entry.amount, entry.user) == ("add_funds", Decimal(20), world.user("shop"))
    payment.refresh_from_db()
    assert (payment.state, payment.entry) == ("paid", entry)
    page = client.get(back + "?from=paid").content.decode()
    assert reverse("billing:entry_detail", args=[entry.pk]) in page
    assert "being confirmed" not in page
    statement = client.get(reverse("billing:own_ledger")).content.decode()
    assert back in statement
    assert AuditEvent.objects.filter(action="paid_online").count() == 1
    assert [*verify.differences()] == []


def test_what_is_not_signed_is_refused(world: World, fake: FakeStripe) -> None:
    provider, session_id = begun(world, fake)
    body = event("checkout.session.completed", fake.complete(session_id))
    old = signed(body, at=int(time.time()) - 301)
    for header in ("", "t=1,v1=00", signed(body, "whsec_other"), signed(body + b" "), old):
        assert tell(provider, body, header) == 400
    for broken in (b"{", b"[]", b'{"type": "checkout.session.completed"}'):
        assert tell(provider, broken) == 400
    address = reverse("billing:webhook", args=["7b1f5c1e-0000-4000-8000-000000000000"])
    assert Client().post(address, body, content_type="application/json").status_code == 404
    assert Client().get(address).status_code == 405
    assert tell(provider, b" " * (512 * 1024 + 1)) == 413
    assert not LedgerEntry.objects.filter(source="online").exists()


def test_events_of_no_interest_and_of_strangers_change_nothing(
    world: World, fake: FakeStripe
) -> None:
    provider, _session = begun(world, fake)
    assert tell(provider, event("customer.created", {"id": "cus_1"})) == 200
    foreign = {"id": "cs_9", "metadata": {}, "amount_total": 1, "currency": "gbp"}
    assert tell(provider, event("checkout.session.completed", foreign)) == 200
    assert OnlinePayment.objects.get().state == "pending"


def test_another_owners_notices_reach_no_payment_but_its_own(
    world: World, fake: FakeStripe
) -> None:
    _provider, session_id = begun(world, fake)
    other = set_up(world, "other_reseller")
    body = event("checkout.session.completed", fake.complete(session_id))
    assert tell(other, body) == 200
    assert OnlinePayment.objects.get().state == "pending"
    assert not LedgerEntry.objects.filter(source="online").exists()


@pytest.mark.parametrize("changes", [{"amount_total": 1999}, {"currency": "jpy"}])
def test_another_amount_or_currency_is_recorded_and_not_posted(
    world: World, fake: FakeStripe, changes: dict[str, Any]
) -> None:
    provider, session_id = begun(world, fake)
    body = event("checkout.session.completed", fake.complete(session_id, **changes))
    assert tell(provider, body) == 200
    payment = OnlinePayment.objects.get()
    assert payment.state == "refused"
    assert "was paid" in payment.note
    assert not LedgerEntry.objects.filter(source="online").exists()
    page = browser(world, "sub_reseller").get(reverse("billing:online_list"))
    assert "Amount differs" in page.content.decode()


def test_slow_money_is_posted_when_it_comes(world: World, fake: FakeStripe) -> None:
    provider, session_id = begun(world, fake)
    waiting = fake.complete(session_id, payment_status="unpaid")
    assert tell(provider, event("checkout.session.completed", waiting)) == 200
    assert OnlinePayment.objects.get().state == "pending"
    arrived = fake.complete(session_id)
    assert tell(provider, event("checkout.session.async_payment_succeeded", arrived)) == 200
    assert OnlinePayment.objects.get().state == "paid"
    assert amount_of(world.balance("shop")) == 120


def test_what_failed_or_expired_posts_nothing_and_late_money_still_counts(
    world: World, fake: FakeStripe
) -> None:
    provider, session_id = begun(world, fake)
    waiting = fake.complete(session_id, payment_status="unpaid")
    assert tell(provider, event("checkout.session.async_payment_failed", waiting)) == 200
    assert OnlinePayment.objects.get().state == "failed"
    assert pay(browser(world, "shop")).status_code == 303
    second = OnlinePayment.objects.latest("pk")
    gone = fake.sessions[second.session_id] | {"status": "expired"}
    assert tell(provider, event("checkout.session.expired", gone)) == 200
    second.refresh_from_db()
    assert second.state == "expired"
    late = fake.complete(second.session_id)
    assert tell(provider, event("checkout.session.completed", late)) == 200
    assert tell(provider, event("checkout.session.expired", gone)) == 200
    second.refresh_from_db()
    assert (second.state, amount_of(world.balance("shop"))) == ("paid", 120)
    assert [*verify.differences()] == []


def test_a_whole_refund_reverses_the_entry_once(world: World, fake: FakeStripe) -> None:
    provider, intent_id = paid(world, fake)
    body = event("charge.refunded", charge(intent_id, 2000))
    assert [tell(provider, body) for _delivery in range(2)] == [200, 200]
    reversal = LedgerEntry.objects.get(kind="reversal")
    assert reversal.reverses == OnlinePayment.objects.get().entry
    assert OnlinePayment.objects.get().state == "refunded"
    assert amount_of(world.balance("shop")) == 100
    assert [*verify.differences()] == []


def test_refunds_in_parts_pay_out_what_is_new(world: World, fake: FakeStripe) -> None:
    provider, intent_id = paid(world, fake)
    for units in (500, 500, 2000, 500):  # repeated, and late
        assert tell(provider, event("charge.refunded", charge(intent_id, units))) == 200
    amounts = LedgerEntry.objects.filter(kind="pay_out").values_list("amount", flat=True)
    assert list(amounts.order_by("pk")) == [-5, -15]
    payments = LedgerEntry.objects.filter(balance=world.balance("shop")).payments()
    assert sum(entry.amount for entry in payments) == 100  # the opening one
    assert OnlinePayment.objects.get().state == "refunded"
    assert [*verify.differences()] == []


def test_a_refund_that_is_told_too_early_or_wrong_changes_nothing(
    world: World, fake: FakeStripe
) -> None:
    provider, session_id = begun(world, fake)
    early = charge("pi_x", 2000) | {"metadata": {"payment": str(OnlinePayment.objects.get().pk)}}
    assert tell(provider, event("charge.refunded", early)) == 409
    session = fake.complete(session_id)
    assert tell(provider, event("checkout.session.completed", session)) == 200
    for wrong in (charge(session["payment_intent"], 2001), charge("", 500, "eur")):
        named = wrong | {"metadata": early["metadata"]}
        assert tell(provider, event("charge.refunded", named)) == 200
    assert amount_of(world.balance("shop")) == 120


def test_money_for_a_balance_that_has_ended_is_there_to_be_settled(
    world: World, fake: FakeStripe
) -> None:
    provider, session_id = begun(world, fake)
    actor = world.actor("sub_reseller")
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Closed")
    body = event("checkout.session.completed", fake.complete(session_id))
    assert tell(provider, body) == 200
    assert amount_of(OnlinePayment.objects.get().balance) == 20
    assert [*verify.differences()] == []


def test_a_provider_that_does_not_answer_is_asked_again_for_the_same_payment(
    world: World, fake: FakeStripe
) -> None:
    set_up(world)
    client, key = browser(world, "shop"), fresh()
    fake.answers = [(500, error("api_error", "Try later"))] * 2
    answer = pay(client, "20", key)
    assert answer.status_code == 422
    assert "cannot be reached" in answer.content.decode()
    assert OnlinePayment.objects.get().state == "pending"
    fake.answers = []
    assert pay(client, "20", key).status_code == 303
    assert OnlinePayment.objects.count() == 1


def test_a_wrong_key_is_said_to_the_payer_without_it(world: World, fake: FakeStripe) -> None:
    save_provider(actor=world.actor("sub_reseller"), values=ON | {"api_key": "sk_test_wrong"})
    answer = pay(browser(world, "shop"))
    assert answer.status_code == 422
    assert "sk_test_wrong" not in answer.content.decode()


def test_an_accounts_user_pays_its_customer(world: World, fake: FakeStripe) -> None:
    account = paying_account(world)
    provider = set_up(world, "shop")
    client = signed_in(world.account.users.get())
    assert pay(client).status_code == 303
    payment = OnlinePayment.objects.get()
    assert payment.balance == account
    body = event("checkout.session.completed", fake.complete(payment.session_id))
    assert tell(provider, body) == 200
    assert (amount_of(account), amount_of(world.balance("shop"))) == (20, 100)
    assert client.get(reverse("billing:online_detail", args=[payment.pk])).status_code == 200
    for who in ("other_reseller", "sub_customer"):
        address = reverse("billing:online_detail", args=[payment.pk])
        assert browser(world, who).get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_one_notice_at_once_posts_once(fake: FakeStripe) -> None:
    world = build_world()
    provider, session_id = begun(world, fake)
    body = event("checkout.session.completed", fake.complete(session_id))
    assert at_once(*[lambda: tell(provider, body)] * 6) == [200] * 6
    assert LedgerEntry.objects.filter(source="online").count() == 1
    assert amount_of(world.balance("shop")) == 120
    assert [*verify.differences()] == []
