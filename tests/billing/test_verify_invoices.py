"""verify_ledger knows invoices, numbers and allocations: each planted fault is named."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Fee, Invoice
from billing.services import verify
from billing.services.credit_notes import issue_credit_note
from billing.services.issuing import issue_invoice
from billing.services.voiding import void_invoice
from calls.services.charging import charge_pending
from tests.billing.invoices import MARCH, draft_of, post
from tests.billing.test_verify import plant
from tests.calls.stored import store_call
from tests.world import World

MONTH = timedelta(days=31)


@pytest.fixture
def ids(world: World) -> dict[str, int]:
    """Invoices of the shop: paid (p), void (v), open and credited (o, n), a credit (c), a draft.

    100 were there from the beginning, and 5 went out.
    """
    balance, actor = world.balance("shop"), world.actor("sub_reseller")
    store_call(world.shop, "442071234567", 61, at=MARCH - MONTH, account=world.account)
    charge_pending()
    found = {"b": balance.pk}
    made = []
    for month, kind, amount in (
        (-1, "debit", "-40"),
        (0, "debit", "-10"),
        (1, "debit", "-200"),
        (2, "credit", "5"),
        (3, "debit", "-1"),
    ):
        post(balance, kind, amount, MARCH + month * MONTH)
        made.append(draft_of(balance, MARCH + month * MONTH, taxes=["20"]))
        if month < 3:
            issue_invoice(actor=actor, invoice=made[-1])
        if month == 0:
            found["out"] = post(balance, "opening", "-5", MARCH - 2 * MONTH).pk
            void_invoice(actor=actor, invoice=made[-1], reason="Wrong")
    note = issue_credit_note(
        actor=actor, invoice=made[2], amount=Decimal(12), reason="Bad line", key="k"
    )
    assert [*verify.differences()] == []
    names = zip("pvocd", made, strict=True)
    return found | {name: invoice.pk for name, invoice in names} | {"n": note.pk}


INVOICE = "UPDATE billing_invoice SET {} WHERE id = {}"
LINE = "UPDATE billing_invoiceline SET {} WHERE invoice_id = {{p}}"
SHIFT = "5 * position - 7.5"  # from the first of two lines to the second
ALLOCATION = """INSERT INTO billing_allocation
    (balance_id, source_invoice_id, invoice_id, amount, created_at) VALUES ({}, now())"""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (INVOICE.format("customer_id = issuer_id", "{p}"), "invoice {p} INV-000001: not of the"),
        (INVOICE.format("currency_id = 'EUR'", "{d}"), "invoice {d} : not of the pair"),
        (INVOICE.format("corrects_id = {v}", "{n}"), "invoice {n} CN-000001: not of the pair"),
        ("UPDATE billing_billingperiod SET closed_at = NULL", "invoice {p} INV-000001: not of the"),
        (INVOICE.format("total = total + 1, net = net + 1", "{p}"), "; its lines are "),
        ("UPDATE billing_invoicetax SET amount = amount + 1 WHERE invoice_id = {p}", ", its taxes"),
        (
            INVOICE.format("total = total + 1, net = net + 1", "{p}"),
            "invoice {p} INV-000001: bills",
        ),
        (INVOICE.format("number = 'INV-000009'", "{p}"), "series INV- of customer "),
        (INVOICE.format("number = 'INV-1'", "{p}"), "3 numbers from 2 to 4, 1 astray"),
        ("UPDATE billing_numberseries SET last = last + 1", "series CN- of customer "),
        ("DELETE FROM billing_numberseries", "series INV- of customer "),
        (
            "UPDATE billing_ledgerentry SET amount = -1 WHERE invoice_id = {p} AND kind = 'tax'",
            "invoice {p} INV-000001: bills ",
        ),
        (
            "DELETE FROM billing_ledgerentry WHERE invoice_id = {v} AND kind = 'reversal'",
            "invoice {v} INV-000002: bills ",
        ),
        (
            "UPDATE billing_ledgerentry SET kind = 'debit' WHERE invoice_id = {p} AND kind = 'tax'",
            "of a kind that invoice {p} does not post",
        ),
        (
            "UPDATE billing_ledgerentry SET invoice_id = {v} WHERE invoice_id = {n}",
            "that invoice {v} does not post",
        ),
        (INVOICE.format("open_amount = 1", "{p}"), "invoice {p} INV-000001: 1.000000 is open of"),
        (INVOICE.format("open_amount = 1", "{v}"), "invoice {v} INV-000002: 1.000000 is open of"),
        (
            "UPDATE billing_allocation SET amount = amount + 1 WHERE invoice_id = {p}",
            "{p} INV-000001: 0.000000 is open",
        ),
        (
            "UPDATE billing_allocation SET amount = 101 WHERE entry_id = {out}",
            "was allocated of what went out as ledger entry {out}",
        ),
        (
            "UPDATE billing_allocation SET amount = 1000 WHERE source_invoice_id = {c}",
            "1000.000000 was allocated of invoice {c}, which brought 6.000000",
        ),
        (
            "UPDATE billing_allocation SET source_entry_id = {out} WHERE source_invoice_id IS NULL",
            "allocated of ledger entry {out}, which brought 0",
        ),
        ("UPDATE billing_balance SET amount = amount + 1 WHERE id = {b}", "balance {b}: stands at"),
        (
            "DELETE FROM billing_allocation WHERE invoice_id = {o}",
            "balance {b}: stands at ",
        ),
        (INVOICE.format("total = 300, net = 250, tax = 50", "{n}"), "300.000000 credited of"),
        (INVOICE.format("closing_balance = closing_balance - 5", "{o}"), "billed leave "),
        (INVOICE.format("amount_due = amount_due + 5", "{o}"), "{o} INV-000003: "),
        (
            INVOICE.format("payments = payments - 5, other = other + 5", "{o}"),
            "its period has ",
        ),
        (
            LINE.format("amount = amount + 0.01") + " AND kind = 'usage'",
            "in a currency of 2 decimals",
        ),
        (
            LINE.format(f"amount = amount + {SHIFT}, exact = exact + {SHIFT}"),
            "invoice {p}: bills ",
        ),
        (
            "UPDATE billing_ledgerentry SET kind = 'fee' WHERE invoice_id = {p} AND kind = 'tax'",
            "invoice {p}: bills 0 as fee",
        ),
        (
            "UPDATE billing_invoicetax SET percent = 5 WHERE invoice_id = {p}",
            " is 5.0000 % of ",
        ),
        (
            "UPDATE billing_invoicetax SET base = base + 1 WHERE invoice_id = {n}",
            "invoice {n} CN-000001: ",
        ),
        (
            ALLOCATION.format("{b}, {c}, {p}, -1"),
            "balance {b}: -1.000000 from entry  or invoice {c} to invoice {p}",
        ),
    ],
)
def test_each_planted_difference_is_found(ids: dict[str, int], statement: str, words: str) -> None:
    plant(statement.format(**ids))
    lines = [*verify.differences()]
    assert any(words.format(**ids) in line for line in lines), lines


def test_two_invoices_of_one_period_are_found(ids: dict[str, int]) -> None:
    """What the unique constraint refuses is told by a check of its own too."""
    period = Invoice.objects.get(pk=ids["p"]).period_id
    plant("DROP INDEX invoice_period_once")
    plant(f"UPDATE billing_invoice SET period_id = {period} WHERE id = {ids['o']}")
    assert f"period {period}: has 2 invoices" in [*verify.differences()]


def test_what_is_billed_once_and_by_its_own_balance(world: World, ids: dict[str, int]) -> None:
    facts = {"name": "Set-up", "price": 1, "starts_on": MARCH}
    own = Fee.objects.create(balance_id=ids["b"], kind="once", **facts)
    other = Fee.objects.create(balance=world.balance("sub_customer"), **facts)
    of = "UPDATE billing_invoiceline SET fee_id = {} WHERE invoice_id = {}"
    plant(of.format(own.pk, ids["v"]))
    assert [*verify.differences()] == []
    plant(of.format(own.pk, ids["p"]))
    assert any(f"fee {own.pk}: is of balance" in line for line in verify.differences())
    plant(of.format(other.pk, ids["p"]))
    assert any(f"fee {other.pk}: is of balance" in line for line in verify.differences())
