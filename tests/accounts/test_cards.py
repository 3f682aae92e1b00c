"""Prepaid cards: made in batches, exported once, blocked, first used, expired."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.choices import CardState
from accounts.models import Account, AccountTerms, CardBatch
from accounts.selectors.records import card_counts
from accounts.services.cards import NewCards, set_batch_status, take_pins
from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.cards import open_cards
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from softswitch.core.sealing import pin_hash
from tests.accounts.browsing import browser
from tests.calls.stored import charges_of, store_call
from tests.sql import count_queries
from tests.world import World, actor_of, customer_of, tariff_with_rates

LONDON = "442071234567"


@pytest.fixture
def new(world: World) -> NewCards:
    tariff = tariff_with_rates(world.reseller, "Cards", "EUR")
    return NewCards(
        "Summer", 3, Decimal(10), tariff, number_prefix="77", number_length=10, lifetime_days=30
    )


@pytest.fixture
def batch(world: World, new: NewCards) -> CardBatch:
    return open_cards(actor=world.actor("reseller"), customer=world.reseller, new=new)


def first_card(batch: CardBatch) -> Account:
    return batch.cards.earliest("pk")


def test_a_batch_has_random_numbers_hashed_pins_and_funded_balances(
    world: World, new: NewCards
) -> None:
    batch = open_cards(actor=world.actor("reseller"), customer=world.reseller, new=new)
    numbers = list(batch.cards.values_list("auth_name", flat=True))
    assert len(set(numbers)) == 3
    assert all(re.fullmatch(r"77\d{8}", number) for number in numbers)
    balances = Balance.objects.filter(account__batch=batch)
    assert {(row.amount, row.currency_id, row.mode) for row in balances} == {
        (Decimal(10), "EUR", "prepaid")
    }
    assert LedgerEntry.objects.filter(account__batch=batch, kind="opening").count() == 3
    assert set(AccountTerms.objects.values_list("tariff", flat=True).filter(account__batch=batch))
    assert [*verify.differences()] == []
    pins = take_pins(actor=world.actor("reseller"), batch=batch)
    hashes = dict(batch.cards.values_list("auth_name", "pin_hash"))
    assert {pin.number: pin_hash(pin.number, pin.pin) for pin in pins} == hashes


def test_the_statements_do_not_grow_with_the_cards(world: World, new: NewCards) -> None:
    actor = world.actor("reseller")

    def make(number: int) -> None:
        open_cards(actor=actor, customer=world.reseller, new=replace(new, count=number))

    assert count_queries(lambda: make(200)) == count_queries(lambda: make(2))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 0),
        ("count", 10_001),
        ("value", Decimal(0)),
        ("number_prefix", "7a"),
        ("number_length", 4),
        ("number_length", 21),
        ("pin_length", 3),
        ("lifetime_days", 0),
        ("name", " "),
        ("expires_at", now() - timedelta(days=1)),
    ],
)
def test_what_makes_no_batch_names_its_field(
    world: World, new: NewCards, field: str, value: Any
) -> None:
    wrong = replace(new, **{field: value})
    with pytest.raises(DomainError) as refused:
        open_cards(actor=world.actor("reseller"), customer=world.reseller, new=wrong)
    assert refused.value.field == field
    assert not CardBatch.objects.exists()


def test_pins_leave_once_and_the_second_time_says_when(world: World, batch: CardBatch) -> None:
    actor = world.actor("reseller")
    take_pins(actor=actor, batch=batch)
    stored = CardBatch.objects.get(pk=batch.pk)
    assert stored.sealed_pins is None
    assert AuditEvent.objects.filter(action="card_pins_exported").count() == 1
    with pytest.raises(DomainError, match=r"exported on \d+ \w+ \d{4}"):
        take_pins(actor=actor, batch=batch)


def test_pins_are_for_the_customer_alone(world: World, batch: CardBatch) -> None:
    with pytest.raises(PermissionDenied):
        take_pins(actor=world.actor("operator"), batch=batch)
    switched = replace(world.actor("reseller"), stack=(1, 2))
    with pytest.raises(DomainError, match="while switched"):
        take_pins(actor=switched, batch=batch)


def test_the_owner_of_a_container_makes_its_cards(world: World) -> None:
    paid = tariff_with_rates(world.reseller, "For cards", "EUR")
    virtual = customer_of(world.reseller, "Cards only", "virtual", paid)
    batch = open_cards(
        actor=world.actor("reseller"),
        customer=virtual,
        new=NewCards("Kiosk", 2, Decimal(5), paid),
    )
    assert len(take_pins(actor=world.actor("reseller"), batch=batch)) == 2
    call = store_call(virtual, LONDON, at=now(), account=first_card(batch))
    charge_pending()
    assert [row.level for row in charges_of(call)] == [0, 1, 2]
    with pytest.raises(PermissionDenied):
        open_cards(
            actor=world.actor("operator"),
            customer=virtual,
            new=NewCards("Not mine", 1, Decimal(5), paid),
        )


def test_residential_and_termination_customers_have_no_cards(world: World) -> None:
    paid = tariff_with_rates(world.reseller, "Plain", "EUR")
    home = customer_of(world.reseller, "Home", "residential", paid)
    with pytest.raises(DomainError) as refused:
        open_cards(actor=actor_of(home), customer=home, new=NewCards("x", 1, Decimal(5), paid))
    assert refused.value.code == "kind"


def test_the_first_answered_call_starts_the_life_of_a_card(world: World, batch: CardBatch) -> None:
    card, spare, _third = batch.cards.order_by("pk")
    start = now() - timedelta(minutes=30)
    Account.objects.filter(batch=batch).update(opened_at=start - timedelta(days=1))
    AccountTerms.objects.filter(account__batch=batch).update(valid_from=start - timedelta(days=1))
    store_call(
        world.reseller, LONDON, at=start - timedelta(minutes=9), account=card, answered=False
    )
    store_call(world.reseller, LONDON, at=start + timedelta(minutes=5), account=card)
    store_call(world.reseller, LONDON, at=start, account=card)
    charge_pending()
    card.refresh_from_db()
    assert (card.first_used_at, card.expires_at) == (start, start + timedelta(days=30))
    earlier = start - timedelta(minutes=3)  # a call that comes in late
    store_call(world.reseller, LONDON, at=earlier, account=card)
    store_call(world.reseller, LONDON, at=now(), account=card)
    charge_pending()
    card.refresh_from_db()
    spare.refresh_from_db()
    assert (card.first_used_at, card.expires_at) == (earlier, earlier + timedelta(days=30))
    assert spare.first_used_at is None


def test_the_latest_expiry_of_the_batch_holds(world: World, new: NewCards) -> None:
    last = now() + timedelta(days=3)
    batch = open_cards(
        actor=world.actor("reseller"), customer=world.reseller, new=replace(new, expires_at=last)
    )
    card = first_card(batch)
    store_call(world.reseller, LONDON, at=now(), account=card)
    charge_pending()
    card.refresh_from_db()
    assert card.expires_at == last


def test_cards_are_counted_by_state(world: World, batch: CardBatch) -> None:
    used, expired, _unused = batch.cards.order_by("pk")
    Account.objects.filter(pk=used.pk).update(first_used_at=now())
    Account.objects.filter(pk=expired.pk).update(expires_at=now() - timedelta(days=1))
    states = (CardState.UNUSED, CardState.USED, CardState.EXPIRED, CardState.BLOCKED)
    counts = card_counts(batch, now())
    assert [counts[state] for state in states] == [1, 1, 1, 0]
    assert set_batch_status(actor=world.actor("reseller"), batch=batch, status="inactive") == 3
    assert card_counts(batch, now())[CardState.BLOCKED] == 3
    with pytest.raises(PermissionDenied):
        set_batch_status(actor=world.actor("other_reseller"), batch=batch, status="active")


def test_a_card_stays_charged_by_itself(world: World, batch: CardBatch) -> None:
    url = reverse("accounts:account_charging", args=[first_card(batch).pk])
    answer = browser(world, "reseller").post(url, {"charging": "with_customer"})
    assert answer.status_code == 422


# Pages ------------------------------------------------------------------------------------------
def form_of(**values: Any) -> dict[str, Any]:
    return {
        "name": "Kiosk",
        "count": "2",
        "value": "7.50",
        "tariff": "same",
        "number_prefix": "",
        "number_length": "12",
        "pin_length": "6",
    } | values


def test_a_business_customer_makes_cards_at_its_own_rates(world: World) -> None:
    client = browser(world, "shop")
    url = reverse("accounts:card_batch_create")
    assert "Street" not in client.get(url).content.decode()  # its owner's tariff has no name here
    answer = client.post(url, form_of(customer=world.shop.pk))
    batch = CardBatch.objects.get(name="Kiosk")
    page = reverse("accounts:card_batch_detail", args=[batch.pk])
    assert answer.headers["Location"] == page
    assert Balance.objects.filter(account__batch=batch, amount=Decimal("7.5")).count() == 2
    shown = client.get(page).content.decode()
    assert first_card(batch).auth_name in shown
    assert "Unused" in shown


def test_the_csv_leaves_once(world: World, batch: CardBatch) -> None:
    client, url = browser(world, "reseller"), reverse("accounts:card_batch_export", args=[batch.pk])
    assert client.get(url).status_code == 200
    answer = client.post(url, {"file": "csv"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Number", "PIN", "Value", "Currency", "Expires"]
    assert {row[0] for row in rows[1:]} == set(batch.cards.values_list("auth_name", flat=True))
    assert all(len(row[1]) == 8 for row in rows[1:])
    again = client.post(url, {"file": "csv"})
    assert again.status_code == 422
    assert "exported on" in again.content.decode()
    page = client.get(url).content.decode()
    assert "Only their hashes are left here." in page
    assert "Download, once" not in page


def test_too_many_cards_for_a_pdf_keep_their_pins(
    world: World, batch: CardBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.pdf.MOST_CARDS", 2)
    url = reverse("accounts:card_batch_export", args=[batch.pk])
    answer = browser(world, "reseller").post(url, {"file": "pdf"})
    assert answer.status_code == 422
    assert CardBatch.objects.get(pk=batch.pk).sealed_pins is not None


@pytest.mark.usefixtures("pdf_libraries")
def test_sheets_to_print_are_a_pdf(world: World, batch: CardBatch) -> None:
    url = reverse("accounts:card_batch_export", args=[batch.pk])
    answer = browser(world, "reseller").post(url, {"file": "pdf"})
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")


def card_pages(batch: CardBatch) -> dict[str, int]:
    """The address of each page about a batch, and what its customer's owner is answered."""
    names = {"detail": 200, "block": 200, "unblock": 200, "export": 403}
    return {
        reverse(f"accounts:card_batch_{name}", args=[batch.pk]): status
        for name, status in names.items()
    }


def test_a_tariff_that_is_neither_the_customers_nor_its_price_is_refused(world: World) -> None:
    other = tariff_with_rates(world.sub_reseller, "Other", "GBP")
    with pytest.raises(DomainError) as refused:
        open_cards(
            actor=world.actor("shop"),
            customer=world.shop,
            new=NewCards("Cheap", 1, Decimal(5), other),
        )
    assert refused.value.field == "tariff"


def test_pages_of_a_batch_by_who_asks(world: World, batch: CardBatch) -> None:
    for url, above in card_pages(batch).items():
        assert browser(world, "reseller").get(url).status_code == 200, url
        assert browser(world, "other_reseller").get(url).status_code == 404, url
        assert browser(world, "shop").get(url).status_code == 404, url
        assert browser(world, "operator").get(url).status_code == above, url
        assert Client().get(url).status_code == 302


def test_a_batch_is_blocked_and_unblocked_on_its_page(world: World, batch: CardBatch) -> None:
    client = browser(world, "reseller")
    client.post(reverse("accounts:card_batch_block", args=[batch.pk]))
    assert set(batch.cards.values_list("status", flat=True)) == {"inactive"}
    client.post(reverse("accounts:account_activate", args=[first_card(batch).pk]))
    assert batch.cards.filter(status="active").count() == 1
    client.post(reverse("accounts:card_batch_unblock", args=[batch.pk]))
    assert set(batch.cards.values_list("status", flat=True)) == {"active"}


def test_the_pages_ask_the_same_number_of_questions_for_more_cards(
    world: World, new: NewCards, batch: CardBatch
) -> None:
    client, actor = browser(world, "reseller"), world.actor("reseller")
    large = open_cards(actor=actor, customer=world.reseller, new=replace(new, count=20))
    first, second = (reverse("accounts:card_batch_detail", args=[one.pk]) for one in (batch, large))
    client.get(first)
    assert count_queries(lambda: client.get(second)) == count_queries(lambda: client.get(first))
