"""verify_ledger knows pairs, periods, vouchers and cards: each planted fault is named."""

from decimal import Decimal

import pytest

from accounts.models import Voucher
from accounts.services.cards import NewCards
from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.models import Balance, LedgerEntry, UsageEntry
from billing.services import verify
from billing.services.cards import open_cards
from billing.services.maintenance import maintain
from billing.services.move import NewTerms, move_customer
from billing.services.settlement import settle_balance
from billing.services.vouchers import redeem_voucher
from calls.services.charging import charge_pending
from tariffs.models import Tariff
from tests.billing.test_verify import plant
from tests.calls.stored import store_call
from tests.world import World, tariff_with_rates


@pytest.fixture
def books(world: World) -> World:
    """A call, a voucher, a card and a debit of the shop; the sub-reseller has moved."""
    actor = world.actor("sub_reseller")
    batch = create_batch(actor=actor, new=NewBatch("Shelf", 1, Decimal(20), "EUR"))
    shop = world.balance("shop")
    redeem_voucher(actor=actor, balance=shop, pin=export_pins(actor=actor, batch=batch)[0][1])
    street = Tariff.objects.get(owner=world.sub_reseller)
    cards = NewCards("Summer", 1, Decimal(10), street)
    open_cards(actor=actor, customer=world.sub_reseller, new=cards)
    maintain(
        actor=actor, balance=shop, action="debit", amount=Decimal(3), currency="GBP", key="three"
    )
    store_call(world.shop, "442071234567", 60)
    charge_pending()
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(tariff_with_rates(world.other_reseller, "Beside", "USD")),
        surplus="pay_out",
        reason="Sold on",
    )
    store_call(world.shop, "442071234567", 60)
    assert charge_pending().charged == 1
    settle_balance(
        actor=world.actor("reseller"),
        balance=Balance.objects.closed().get(),
        kind="add_funds",
        reason="Wired",
        key="wired",
    )
    assert [*verify.differences()] == []
    return world


ENTRY = "UPDATE billing_ledgerentry SET {} WHERE id = {}"
BALANCE = "UPDATE billing_balance SET {} WHERE id = {}"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (ENTRY.format("posted_at = posted_at + interval '1 year'", "{d}"), "ledger entry {d}: of "),
        (ENTRY.format("posted_at = posted_at - interval '90 day'", "{d}"), "ledger entry {d}: of "),
        (ENTRY.format("exchange_rate = 2", "{d}"), "ledger entry {d}: debit of -3.000000"),
        (ENTRY.format("original_amount = -4", "{d}"), "entered as -4.000000 GBP"),
        (ENTRY.format("kind = 'credit'", "{d}"), "ledger entry {d}: credit of -3.000000"),
        (ENTRY.format("kind = 'pay_out'", "{d}"), "ledger entry {d}: pay_out of -3.000000"),
        (ENTRY.format("kind = 'credit'", "{v}"), "ledger entry {v}: is not what the voucher "),
        (ENTRY.format("idempotency_key = 'voucher:0'", "{v}"), "ledger entry {v}: is not what"),
        (ENTRY.format("original_amount = 21", "{v}"), "ledger entry {v}: is not what the voucher "),
        (
            "UPDATE accounts_voucher SET status = 'active', entry_id = NULL, used_at = NULL",
            "ledger entry {v}: is not what the voucher  paid in",
        ),
        ("UPDATE accounts_voucherbatch SET customer_id = {r}", "{v}: is not what the voucher "),
        ("UPDATE accounts_cardbatch SET value = 11", "does not start with the 11.000000 GBP"),
        ("UPDATE accounts_cardbatch SET currency_id = 'EUR'", "does not start with the 10.000000"),
        ("UPDATE accounts_cardbatch SET count = 2", "has 1 cards of 2"),
        (
            ENTRY.format("balance_after = 1", "{w}"),
            "balance {o}: closed at ",
        ),
        (BALANCE.format("reserved = 1", "{o}"), "balance {o}: closed at "),
        (ENTRY.format("posted_at = now() + interval '1 day'", "{w}"), "balance {o}: closed at "),
        (ENTRY.format("source = 'maintenance'", "{s}"), "balance {o}: closed at "),
        (ENTRY.format("balance_after = 1", "{s}"), "ledger entry {s}: add_funds of "),
        (
            ENTRY.format("posted_at = posted_at - interval '1 day'", "{s}"),
            "ledger entry {s}: settl",
        ),
        (ENTRY.format("source = 'settlement'", "{d}"), "ledger entry {d}: settles balance "),
        (BALANCE.format("issuer_id = {r}", "{n}"), "balance {n}: customer "),
        (BALANCE.format("closed_at = closed_at + interval '1 day'", "{o}"), "balance {o}: cust"),
        (BALANCE.format("issuer_id = {r}", "{c}"), "balance {c}: customer "),
        (
            "UPDATE billing_billingperiod SET ends_at = '2026-03-05' WHERE id = {p}",
            "to 2026-03-10 12:01:03+00 in the period from",
        ),
        (
            "UPDATE billing_billingperiod SET starts_at = '2026-03-15' WHERE id = {p}",
            "in the period from 2026-03-15",
        ),
    ],
)
def test_each_planted_fault_is_named(books: World, statement: str, words: str) -> None:
    old, new = Balance.objects.filter(customer=books.sub_reseller, account=None).order_by("pk")
    usage = UsageEntry.objects.filter(customer=books.shop).first()
    assert usage is not None
    ids = {
        "d": LedgerEntry.objects.get(kind="debit").pk,
        "v": LedgerEntry.objects.get(kind="voucher").pk,
        "s": LedgerEntry.objects.get(kind="add_funds").pk,
        "w": LedgerEntry.objects.get(kind="write_off").pk,
        "o": old.pk,
        "n": new.pk,
        "c": Balance.objects.exclude(account=None).get().pk,
        "r": books.reseller.pk,
        "p": usage.period_id,
    }
    plant(statement.format(**ids))
    lines = [*verify.differences()]
    assert any(words.format(**ids) in line for line in lines), lines
    assert Voucher.objects.count() == 1
