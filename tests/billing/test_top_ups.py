"""Automatic top-up by a saved card: when, how often, failures, and payments that nobody told of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, LedgerEntry, OnlinePayment, TopUp
from billing.services import verify
from billing.services.online import look_up_pending
from billing.services.payment_providers import save_provider
from billing.services.reservations import reserve
from billing.services.top_ups import forget_card, save_top_up, top_up_due
from notifications.models import Message
from softswitch.core.errors import DomainError
from tests.billing.fake_stripe import FakeStripe, error, event
from tests.billing.money import amount_of, fresh
from tests.billing.paying import ON, begun, fake, pay, set_up, tell
from tests.billing.test_ledger_pages import browser
from tests.concurrency.threads import at_once
from tests.world import World, build_world

__all__ = ["fake"]
WANTED: dict[str, Any] = {
    "is_enabled": True,
    "threshold": Decimal(150),
    "amount": Decimal(30),
    "per_day": 2,
}


def save_card(world: World, fake: FakeStripe) -> Balance:
    """The shop has paid 20 and let its card be saved: 120 are available."""
    provider = set_up(world)
    assert pay(browser(world, "shop"), saves_card="on").status_code == 303
    payment = OnlinePayment.objects.latest("pk")
    form = fake.asked[-1][1]
    assert form["payment_intent_data[setup_future_usage]"] == "off_session"
    assert form["customer_creation"] == "always"
    intent = {
        "id": "pi_saved",
        "object": "payment_intent",
        "amount_received": 2000,
        "currency": "gbp",
        "customer": "cus_1",
        "metadata": {"payment": str(payment.pk)},
        "payment_method": "pm_1",
        "setup_future_usage": "off_session",
        "status": "succeeded",
    }
    session = fake.complete(payment.session_id, payment_intent="pi_saved")
    assert tell(provider, event("payment_intent.succeeded", intent)) == 200
    assert tell(provider, event("checkout.session.completed", session)) == 200
    fake.asked.clear()
    return payment.balance


@pytest.fixture
def balance(world: World, fake: FakeStripe) -> Balance:
    """With a saved card, and a top-up of 30 below 150 that is switched on."""
    found = save_card(world, fake)
    save_top_up(actor=world.actor("shop"), balance=found, values=WANTED)
    return found


def top_up() -> int:
    return top_up_due(moment=now())


def test_saving_a_card_charges_nothing_until_it_is_switched_on(
    world: World, fake: FakeStripe
) -> None:
    with pytest.raises(DomainError) as refused:
        save_top_up(actor=world.actor("shop"), balance=world.balance("shop"), values=WANTED)
    assert refused.value.code == "no_card"
    balance = save_card(world, fake)
    assert (amount_of(balance), LedgerEntry.objects.filter(source="online").count()) == (120, 1)
    row = TopUp.objects.get()
    assert (row.is_enabled, row.payer_id, row.method_id) == (False, "cus_1", "pm_1")
    assert top_up() == 0
    assert fake.asked == []


def test_too_little_available_charges_the_card_once(fake: FakeStripe, balance: Balance) -> None:
    assert [top_up() for _tick in range(3)] == [1, 0, 0]
    ((path, form, _key),) = fake.asked
    assert path == "/v1/payment_intents"
    named = {"amount": "3000", "currency": "gbp", "customer": "cus_1", "payment_method": "pm_1"}
    assert named.items() <= form.items()
    assert form["off_session"] == "true"
    entry = LedgerEntry.objects.filter(source="online").latest("pk")
    assert (entry.kind, entry.amount, entry.user) == ("add_funds", Decimal(30), None)
    assert amount_of(balance) == 150
    assert [*verify.differences()] == []


def test_what_is_reserved_counts_and_so_many_times_a_day(
    fake: FakeStripe, balance: Balance
) -> None:
    assert top_up() == 1
    reserve(holds=[(balance.pk, Decimal(100))], key="call", expires_at=now() + timedelta(hours=1))
    assert [top_up() for _tick in range(3)] == [1, 0, 0]
    assert amount_of(balance) == 180
    assert top_up_due(moment=now() + timedelta(days=1)) == 1


def test_a_refused_card_switches_it_off_and_tells_the_payer(
    world: World, fake: FakeStripe, balance: Balance
) -> None:
    type(world.shop).objects.filter(pk=world.shop.pk).update(billing_email="shop@example.com")
    fake.answers = [
        (402, error("card_error", "Your card was declined.", code="card_declined")),
    ]
    assert top_up() == 1
    payment = OnlinePayment.objects.latest("pk")
    assert (payment.state, payment.is_automatic) == ("failed", True)
    assert "declined" in payment.note
    row = TopUp.objects.get()
    assert (row.is_enabled, row.problem) == (False, payment.note)
    message = Message.objects.get(event="top_up_failed")
    assert (message.recipient, message.owner) == ("shop@example.com", world.sub_reseller)
    assert "declined" in message.text
    assert top_up() == 0
    page = browser(world, "shop").get(reverse("billing:top_up")).content.decode()
    assert "declined" in page


def test_no_answer_is_asked_again_with_the_same_key(fake: FakeStripe, balance: Balance) -> None:
    fake.answers = [(500, error("api_error", "Try later"))]
    assert top_up() == 1
    assert OnlinePayment.objects.latest("pk").state == "pending"
    fake.answers = []
    assert top_up() == 1
    assert len({key for _path, _form, key in fake.asked}) == 1
    assert amount_of(balance) == 150
    assert OnlinePayment.objects.filter(is_automatic=True).count() == 1


def test_no_answer_for_long_ends_it_without_a_second_charge(
    fake: FakeStripe, balance: Balance
) -> None:
    fake.answers = [(500, error("api_error", "Try later"))]
    assert top_up() == 1
    asked = len(fake.asked)
    top_up_due(moment=now() + timedelta(hours=13))
    assert len(fake.asked) == asked
    assert OnlinePayment.objects.latest("pk").state == "failed"
    assert not TopUp.objects.get().is_enabled


def test_a_notice_of_failure_ends_a_payment_that_was_on_its_way(
    world: World, fake: FakeStripe, balance: Balance
) -> None:
    fake.answers = [
        (
            200,
            {
                "id": "pi_slow",
                "object": "payment_intent",
                "status": "processing",
                "metadata": {},
                "currency": "gbp",
                "amount_received": 0,
            },
        )
    ]
    assert top_up() == 1
    payment = OnlinePayment.objects.latest("pk")
    assert (payment.state, payment.intent_id) == ("pending", "pi_slow")
    top_up()
    assert len(fake.asked) == 1
    failed = {
        "id": "pi_slow",
        "metadata": {},
        "last_payment_error": {"message": "The bank said no."},
    }
    provider = payment.provider
    assert tell(provider, event("payment_intent.payment_failed", failed)) == 200
    payment.refresh_from_db()
    assert (payment.state, payment.note) == ("failed", "The bank said no.")
    assert not TopUp.objects.get().is_enabled


def test_a_card_that_fails_on_the_page_may_be_followed_by_another(
    world: World, fake: FakeStripe
) -> None:
    provider, session_id = begun(world, fake)
    payment = OnlinePayment.objects.get()
    failed = {"id": "pi_a", "metadata": {"payment": str(payment.pk)}, "last_payment_error": None}
    assert tell(provider, event("payment_intent.payment_failed", failed)) == 200
    payment.refresh_from_db()
    assert payment.state == "pending"
    session = fake.complete(session_id, payment_intent="pi_a")
    assert tell(provider, event("checkout.session.completed", session)) == 200
    assert amount_of(payment.balance) == 120


def test_the_payer_alone_sets_it_within_the_limits_and_forgets_the_card(
    world: World, fake: FakeStripe, balance: Balance
) -> None:
    for who in ("sub_reseller", "reseller"):
        with pytest.raises(PermissionDenied):
            save_top_up(actor=world.actor(who), balance=balance, values=WANTED)
        with pytest.raises(PermissionDenied):
            forget_card(actor=world.actor(who), balance=balance)
    with pytest.raises(DomainError) as refused:
        save_top_up(
            actor=world.actor("shop"), balance=balance, values=WANTED | {"amount": Decimal(501)}
        )
    assert refused.value.field == "amount"
    client = browser(world, "shop")
    values = {"is_enabled": "on", "threshold": "10", "amount": "25", "per_day": "1"}
    assert client.post(reverse("billing:top_up"), values).status_code == 302
    assert TopUp.objects.get().amount == 25
    assert client.post(reverse("billing:top_up_forget")).status_code == 302
    assert not TopUp.objects.exists()
    assert top_up() == 0


def test_an_owner_who_takes_no_money_online_any_more_ends_it(
    world: World, fake: FakeStripe, balance: Balance
) -> None:
    save_provider(actor=world.actor("sub_reseller"), values=ON | {"is_enabled": False})
    assert not TopUp.objects.get().is_enabled
    assert top_up() == 0
    assert browser(world, "shop").get(reverse("billing:top_up")).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_charge_once(fake: FakeStripe) -> None:
    world = build_world()
    balance = save_card(world, fake)
    save_top_up(actor=world.actor("shop"), balance=balance, values=WANTED)
    at_once(*[top_up] * 4)
    assert amount_of(balance) == 150
    assert OnlinePayment.objects.filter(is_automatic=True).count() == 1
    assert [*verify.differences()] == []


def test_a_payment_that_nobody_told_of_is_looked_up(world: World, fake: FakeStripe) -> None:
    _provider, session_id = begun(world, fake)
    assert look_up_pending(moment=now()) == 0
    later = now() + timedelta(hours=2)
    assert look_up_pending(moment=later) == 0  # the page is still open
    fake.complete(session_id)
    assert look_up_pending(moment=later) == 1
    assert OnlinePayment.objects.get().state == "paid"
    assert amount_of(world.balance("shop")) == 120
    assert look_up_pending(moment=later) == 0


def test_pages_that_expired_or_never_were_are_ended(world: World, fake: FakeStripe) -> None:
    _provider, session_id = begun(world, fake)
    fake.sessions[session_id]["status"] = "expired"
    fake.answers = [(500, error("api_error", "Try later"))]
    assert pay(browser(world, "shop"), key=fresh()).status_code == 422
    assert look_up_pending(moment=now() + timedelta(hours=2)) == 1
    assert look_up_pending(moment=now() + timedelta(days=3)) == 1
    assert set(OnlinePayment.objects.values_list("state", flat=True)) == {"expired"}
