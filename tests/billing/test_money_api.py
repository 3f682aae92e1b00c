"""The API of invoices, statements, payments and periods: scope, roles, errors, keys."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import now

from billing.models import Invoice, LedgerEntry
from billing.services.issuing import issue_invoice
from customers.models import User
from customers.services.permissions import delegated_rights, set_rights
from tests.api import Api
from tests.billing.invoices import MARCH, close, draft_of, post
from tests.world import World

pytestmark = pytest.mark.django_db


def draft(world: World, number: int = 0, debit: str = "100") -> Invoice:
    """A draft for the shop of one debit, with 20 % tax."""
    at = MARCH + number * timedelta(days=31)
    balance = world.balance("shop")
    post(balance, "debit", f"-{debit}", at, notes="Set-up")
    return draft_of(balance, at, taxes=["20"])


def issued(world: World, number: int = 0, debit: str = "100") -> Invoice:
    return issue_invoice(actor=world.actor("sub_reseller"), invoice=draft(world, number, debit))


def ids(answer: tuple[int, Any]) -> list[int]:
    status, page = answer
    assert status == 200, page
    return [row["id"] for row in page["items"]]


# Invoices ----------------------------------------------------------------------------------------
def test_each_lists_what_it_may_see(world: World) -> None:
    first, second = issued(world), draft(world, 1)
    assert ids(Api(world, "sub_reseller")("GET", "/invoices")) == [first.pk, second.pk]
    assert ids(Api(world, "reseller")("GET", "/invoices")) == [first.pk, second.pk]
    assert ids(Api(world, "shop")("GET", "/invoices")) == [first.pk]
    assert ids(Api(world, "other_reseller")("GET", "/invoices")) == []


def test_an_invoice_has_its_lines_taxes_and_what_settled_it(world: World) -> None:
    invoice = issued(world)
    status, found = Api(world, "sub_reseller")("GET", f"/invoices/{invoice.pk}")
    assert status == 200
    assert (found["number"], found["status"], found["currency"]) == (
        invoice.number, "partly_paid", "GBP",
    )  # fmt: skip
    assert found["issuer_id"] == world.sub_reseller.pk
    assert [line["description"] for line in found["lines"]] == ["Set-up"]
    assert [Decimal(tax["amount"]) for tax in found["taxes"]] == [20]
    assert [Decimal(row["amount"]) for row in found["settled_by"]] == [100]
    assert Decimal(found["open_amount"]) == 20
    whole = sum(Decimal(found[name]) for name in ("previous_balance", "payments", "other"))
    assert whole - Decimal(found["total"]) == Decimal(found["closing_balance"])


def test_who_is_billed_is_not_told_who_is_above(world: World) -> None:
    invoice = issued(world)
    found = Api(world, "shop")("GET", f"/invoices/{invoice.pk}")[1]
    assert found["issuer_id"] is None


def test_the_list_is_narrowed(world: World) -> None:
    first, second = issued(world), issued(world, 1)
    ask, day = Api(world, "sub_reseller"), now().date()
    for query, found in (
        (f"customer_id={world.shop.pk}", [first.pk, second.pk]),
        (f"customer_id={world.sub_customer.pk}", []),
        (f"account_id={world.account.pk}", []),
        ("status=partly_paid", [first.pk]),
        ("status=draft", []),
        ("kind=credit_note", []),
        ("currency=GBP&kind=invoice", [first.pk, second.pk]),
        (f"issued_from={day + timedelta(days=2)}", []),
        (f"issued_to={day + timedelta(days=2)}", [first.pk, second.pk]),
        ("limit=1", [first.pk]),
        (f"after={first.pk}", [second.pk]),
    ):
        assert ids(ask("GET", f"/invoices?{query}")) == found, query
    for query in ("status=late", "currency=pounds", "issued_from=0001-01-01"):
        status, answer = ask("GET", f"/invoices?{query}")
        assert (status, answer["code"]) == (422, "invalid"), query


def test_a_draft_is_issued_voided_and_drafted_again(world: World) -> None:
    one, ask = draft(world), Api(world, "sub_reseller")
    status, found = ask("POST", f"/invoices/{one.pk}/issue", {})
    assert (status, found["status"]) == (200, "partly_paid")
    assert ask("POST", f"/invoices/{one.pk}/issue", {})[1]["number"] == found["number"]
    assert ask("POST", f"/invoices/{one.pk}/reissue")[1]["code"] == "state"
    assert ask("POST", f"/invoices/{one.pk}/void", {})[0] == 422
    status, found = ask("POST", f"/invoices/{one.pk}/void", {"reason": "wrong"})
    assert (status, found["status"]) == (200, "void")
    status, made = ask("POST", f"/invoices/{one.pk}/reissue")
    assert (status, made["status"], made["replaces_id"]) == (201, "draft", one.pk)


def test_what_a_rule_forbids_is_said_with_its_code(world: World) -> None:
    first, second, ask = draft(world), draft(world, 1), Api(world, "sub_reseller")
    later = {"issued_on": str(now().date() + timedelta(days=3))}
    assert ask("POST", f"/invoices/{second.pk}/issue", {})[1]["code"] == "earlier_draft"
    assert ask("POST", f"/invoices/{first.pk}/issue", later)[1]["field"] == "issued_on"
    assert Invoice.objects.exclude(state="draft").count() == 0


def test_a_credit_note_is_issued_once_per_key(world: World) -> None:
    invoice, ask = issued(world), Api(world, "sub_reseller")
    url, body = f"/invoices/{invoice.pk}/credit-notes", {"amount": "12", "reason": "Agreed"}
    assert ask("POST", url, body)[0] == 422  # without a key
    first = ask("POST", url, body, key="c-1")
    assert (first[0], first[1]["kind"], first[1]["corrects_id"]) == (
        201, "credit_note", invoice.pk,
    )  # fmt: skip
    assert ask("POST", url, body, key="c-1") == first
    again = Api(world, "sub_reseller")("POST", url, body, key="c-1")
    assert again == first  # another token of the same user
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    too_much = ask("POST", url, body | {"amount": "109"}, key="c-2")
    assert (too_much[0], too_much[1]["field"]) == (422, "amount")


def test_only_the_issuer_with_the_right_acts(world: World) -> None:
    one = draft(world)
    asked: tuple[tuple[str, Any], ...] = (
        ("issue", {}),
        ("void", {"reason": "x"}),
        ("reissue", None),
        ("credit-notes", {"amount": "1", "reason": "x"}),
    )
    for name, body in asked:
        url = f"/invoices/{one.pk}/{name}"
        assert Api(world, "reseller")("POST", url, body, key=f"r{name}")[0] == 403, name
        assert Api(world, "other_reseller")("POST", url, body, key=f"o{name}")[0] == 404, name
        assert Api(world, "shop")("POST", url, body, key=f"s{name}")[0] == 404, name
        reading = Api(world, "sub_reseller", "money:read")
        assert reading("POST", url, body, key=f"m{name}")[0] == 403, name
    ask = Api(world, "sub_reseller")
    User.objects.filter(customer=world.sub_reseller).update(role="read_only")
    assert ask("POST", f"/invoices/{one.pk}/issue", {})[0] == 403
    one.refresh_from_db()
    assert one.state == "draft"


def test_without_the_right_no_invoice_is_read(world: World) -> None:
    invoice = issued(world)
    assert Api(world, "shop", "accounts:read")("GET", "/invoices")[0] == 403
    left = delegated_rights(world.shop) - {"invoices.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=left)
    ask = Api(world, "shop")
    assert ask("GET", "/invoices")[0] == 403
    assert ask("GET", f"/invoices/{invoice.pk}")[0] == 403


# Statements, payments, periods -------------------------------------------------------------------
def test_a_statement_adds_up(world: World) -> None:
    post(world.balance("shop"), "debit", "-60", now())
    ask = Api(world, "sub_reseller")
    status, found = ask("GET", f"/statements?customer_id={world.shop.pk}")
    assert status == 200, found
    sums = {name: Decimal(found[name]) for name in ("opening", "credits", "debits", "closing")}
    assert sums["opening"] + sums["credits"] - sums["debits"] == sums["closing"] == 40
    assert [line["kind"] for line in found["lines"]] == ["debit"]
    own = Api(world, "shop")("GET", "/statements?since=2026-01-01&until=2026-01-31")[1]
    assert [Decimal(line["running"]) for line in own["lines"]] == [100]
    assert own["since"] == "2026-01-01"


def test_a_statement_is_of_days_that_can_be_asked_for(world: World) -> None:
    ask = Api(world, "shop")
    for query in ("since=2026-02-02&until=2026-02-01", "since=2020-01-01&until=2026-01-01"):
        status, answer = ask("GET", f"/statements?{query}")
        assert (status, answer["code"]) == (422, "days")
    assert ask("GET", "/statements?since=9999-12-31")[0] == 422
    assert ask("GET", f"/statements?account_id={world.account.pk}")[0] == 404  # has no balance
    stranger = Api(world, "other_reseller")
    assert stranger("GET", f"/statements?customer_id={world.shop.pk}")[0] == 404
    assert Api(world, "operator")("GET", "/statements")[0] == 404  # Root has no balance


def test_a_payment_settles_what_is_open_and_is_posted_once(world: World) -> None:
    invoice, ask = issued(world), Api(world, "sub_reseller")
    balance = world.balance("shop")
    body = {"balance_id": balance.pk, "amount": "20", "currency": "GBP", "notes": "bank"}
    assert ask("POST", "/payments", body)[0] == 422  # without a key
    first = ask("POST", "/payments", body, key="p-1")
    assert first[0] == 201, first
    assert (first[1]["kind"], first[1]["currency"]) == ("add_funds", "GBP")
    assert ask("POST", "/payments", body, key="p-1") == first
    assert Api(world, "sub_reseller")("POST", "/payments", body, key="p-1") == first
    assert LedgerEntry.objects.filter(kind="add_funds").count() == 1
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    assert ids(ask("GET", "/payments")) == [first[1]["id"]]
    assert ids(Api(world, "shop")("GET", "/payments")) == [first[1]["id"]]
    today = now().date()
    assert ids(ask("GET", f"/payments?since={today + timedelta(days=2)}")) == []
    assert ids(ask("GET", f"/payments?until={today + timedelta(days=1)}")) == [first[1]["id"]]
    assert ids(Api(world, "other_reseller")("GET", "/payments")) == []


def test_only_the_owner_with_the_right_posts_a_payment(world: World) -> None:
    balance = world.balance("shop")
    body = {"balance_id": balance.pk, "amount": "20", "currency": "GBP"}
    assert Api(world, "reseller")("POST", "/payments", body, key="k")[0] == 403
    assert Api(world, "shop")("POST", "/payments", body, key="k")[0] == 403
    assert Api(world, "other_reseller")("POST", "/payments", body, key="k")[0] == 404
    assert Api(world, "sub_reseller", "money:read")("POST", "/payments", body, key="k")[0] == 403
    for wrong in ({"amount": "0"}, {"amount": "NaN"}, {"currency": "XAF"}, {"balance_id": 0}):
        assert Api(world, "sub_reseller")("POST", "/payments", body | wrong, key="w")[0] == 422
    balance.refresh_from_db()
    assert balance.amount == 100


def test_periods_are_listed_by_whether_they_are_closed(world: World) -> None:
    period = close(world.balance("shop"))
    ask = Api(world, "sub_reseller")
    closed = ask("GET", f"/periods?closed=true&customer_id={world.shop.pk}")
    assert ids(closed) == [period.pk]
    assert closed[1]["items"][0]["timezone"] == str(period.timezone)
    still = ids(ask("GET", f"/periods?closed=false&customer_id={world.shop.pk}"))
    assert period.pk not in still
    assert still
    assert ids(Api(world, "other_reseller")("GET", "/periods?closed=true")) == []
