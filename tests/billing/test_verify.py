"""verify_ledger: says OK of a sound ledger, and finds every kind of planted difference."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from billing.models import Balance, Charge, UsageEntry
from billing.services import verify
from calls.models import PendingCall
from calls.services.charging import charge_pending
from tests.calls.stored import store_call
from tests.world import World


@pytest.fixture
def charged(world: World) -> World:
    """The world after three charged calls."""
    for seconds in (1, 61, 600):
        store_call(world.shop, "442071234567", seconds)
    charge_pending()
    return world


def lines_of(*arguments: str) -> tuple[list[str], int]:
    """What the command prints, and its exit code."""
    output = StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=output)
    except SystemExit as end:
        return output.getvalue().splitlines(), int(str(end.code))
    return output.getvalue().splitlines(), 0


def plant(statement: str) -> None:
    """Change what the triggers of an append-only table protect."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_sound_ledger_is_ok(charged: World) -> None:
    assert lines_of() == (["OK: 5 balances, 1 entries, 3 usage entries, 9 charges"], 0)
    one = ["OK: 1 balances, 1 entries, 1 usage entries, 3 charges"]
    assert lines_of("--customer", str(charged.shop.pk)) == (one, 0)


def test_an_empty_ledger_is_ok(db: None) -> None:
    assert lines_of() == (["OK: 0 balances, 0 entries, 0 usage entries, 0 charges"], 0)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE billing_balance SET amount = amount + 1 WHERE id = {b}", "balance {b}: stands at"),
        ("UPDATE billing_balance SET last_sequence = 9 WHERE id = {b}", "last sequence 9"),
        ("UPDATE billing_ledgerentry SET amount = 99", "balance {b} entry 1: is number 1"),
        ("DELETE FROM billing_ledgerentry", "balance {b} entry 2: is number 1"),
        (
            "UPDATE billing_usageentry SET sequence = 3 WHERE balance_id = {b}",
            "entry 3: is number 2",
        ),
        ("UPDATE billing_usageentry SET calls = 4 WHERE id = {u}", "usage entry {u}: "),
        ("UPDATE billing_usageentry SET billed_seconds = 0 WHERE id = {u}", "usage entry {u}: "),
        ("DELETE FROM billing_usageentry WHERE id = {u}", "usage entry {u}:  for  calls"),
        ("DELETE FROM billing_charge WHERE level = 1", "its charges: 0 for 0, 0 s"),
        ("UPDATE billing_charge SET amount = amount + 0.000001 WHERE level = 2", "usage entry "),
        ("UPDATE billing_charge SET cost = cost * 2 WHERE level = 1", "3 astray"),
        ("UPDATE billing_charge SET exchange_rate = 2 WHERE level = 2", "3 astray"),
        (
            "UPDATE billing_ledgerentry SET original_currency_id = 'EUR', original_amount = 50",
            "entered as 50.000000 EUR at 1.0000000000",
        ),
        ("UPDATE billing_charge SET issuer_id = customer_id WHERE level = 1", "3 astray"),
        ("UPDATE billing_charge SET balance_id = 0 WHERE level = 1", "3 rows name balance_id 0"),
        ("UPDATE billing_charge SET customer_id = 0 WHERE level = 1", "3 rows name customer_id 0"),
        ("UPDATE billing_charge SET issuer_id = 0 WHERE level = 3", "3 rows name issuer_id 0"),
        ("UPDATE billing_charge SET account_id = 0 WHERE level = 3", "3 rows name account_id 0"),
        ("UPDATE billing_charge SET rate_id = 0", "9 rows name rate_id 0"),
        ("UPDATE billing_charge SET tariff_version_id = 0", "9 rows name tariff_version_id 0"),
        ("UPDATE billing_charge SET usage_entry_id = 0 WHERE level = 1", "usage entry 0: "),
        ("UPDATE billing_usageentry SET period_id = 0", "3 rows name period_id 0"),
        (
            "UPDATE billing_usageentry SET customer_id = issuer_id WHERE id = {u}",
            "not of the customer",
        ),
        (
            "UPDATE billing_ledgerentry SET customer_id = issuer_id",
            "ledger entry {e}: not of the customer",
        ),
        (
            "DELETE FROM billing_charge WHERE level = 2",
            "level 1: its issuer {s} is not charged in turn",
        ),
        ("DELETE FROM billing_charge", "is not charged, not unrated and not waiting"),
        ("DELETE FROM calls_call", "does not exist"),
        ("INSERT INTO calls_pendingcall SELECT id, setup_at FROM calls_call", "and waiting too"),
    ],
)
def test_each_planted_difference_is_found(charged: World, statement: str, words: str) -> None:
    usage = UsageEntry.objects.filter(customer=charged.shop).get()
    balance = charged.balance("shop")
    ids = {"b": str(balance.pk), "u": str(usage.id), "s": str(charged.sub_reseller.pk)}
    ids["e"] = str(balance.entries.get().pk)
    plant(statement.format(**ids))
    lines, code = lines_of()
    assert code == 1
    assert any(words.format(**ids) in line for line in lines), lines
    assert lines[-1].endswith("9 charges") or "DELETE" in statement
    assert lines[-1].startswith(f"{len(lines) - 1} differences in ")


def test_a_call_that_left_the_queue_uncharged_is_found(charged: World) -> None:
    lost = store_call(charged.shop, "442071234567", 5)
    store_call(charged.shop, "442071234567", answered=False)
    store_call(charged.root, "442071234567", 5)
    assert lines_of()[1] == 0
    PendingCall.objects.all().delete()
    lines, code = lines_of()
    assert code == 1
    assert lines[0].startswith(f"call {lost.id} of ")
    assert lines[1].startswith("1 differences")


def test_a_customer_is_checked_by_itself(charged: World) -> None:
    plant(f"UPDATE billing_balance SET amount = 1 WHERE customer_id = {charged.reseller.pk}")
    assert lines_of("--customer", str(charged.shop.pk))[1] == 0
    assert lines_of("--customer", str(charged.reseller.pk))[1] == 1
    assert list(verify.differences(customer_id=charged.shop.pk)) == []


@pytest.mark.parametrize("table", ["billing_charge", "billing_usageentry", "billing_ledgerentry"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET amount = 0", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_change_the_past(
    charged: World, table: str, statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement.format(table))


def test_partitions_refuse_too(charged: World) -> None:
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_charge_2026_03")


def test_balances_are_the_sum_of_their_entries(charged: World) -> None:
    for balance in Balance.objects.all():
        entries = [*balance.entries.all(), *UsageEntry.objects.filter(balance=balance)]
        assert balance.amount == sum(entry.amount for entry in entries)
        assert sorted(e.sequence for e in entries) == list(range(1, balance.last_sequence + 1))
    assert Charge.objects.count() == 9
