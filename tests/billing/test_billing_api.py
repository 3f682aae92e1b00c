"""The API of fees, dunning, definitions and documents: scope, rights, keys, what is answered."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from billing.models import Balance, Fee, Invoice, LedgerEntry, PaymentTerm, Suspension
from billing.selectors.tax_settings import NewRate
from billing.services.invoice_settings import create_settings, create_term
from billing.services.issuing import issue_invoice
from billing.services.tax_settings import create_tax
from customers.models import User
from tests.api import Api
from tests.billing.dunned import invoice as owed
from tests.billing.dunned import ready
from tests.billing.invoices import MARCH, close, draft_of, post
from tests.sql import count_queries
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def ids(answer: tuple[int, Any], name: str = "id") -> list[int]:
    status, page = answer
    assert status == 200, page
    return [row[name] for row in page["items"]]


# Fees --------------------------------------------------------------------------------------------
def fee_of(balance: Balance, **values: Any) -> dict[str, Any]:
    known = {"balance_id": balance.pk, "name": "Number", "price": "4.50", "starts_on": "2026-03-01"}
    return known | values


def test_a_fee_is_added_once_changed_and_ended(world: World) -> None:
    ask, body = Api(world, "sub_reseller"), fee_of(world.balance("shop"))
    assert ask("POST", "/fees", body)[0] == 422  # without a key
    first = ask("POST", "/fees", body, key="f-1")
    assert first[0] == 201, first
    assert ask("POST", "/fees", body, key="f-1") == first
    assert Api(world, "sub_reseller")("POST", "/fees", body, key="f-1") == first
    assert Fee.objects.count() == 1
    url = f"/fees/{first[1]['id']}"
    status, found = ask("PATCH", url, {"price": "5", "ends_on": "2026-12-31"})
    assert (status, Decimal(found["price"]), found["ends_on"]) == (200, Decimal(5), "2026-12-31")
    status, found = ask("PATCH", url, {"ends_on": None})
    assert (found["price"], found["ends_on"]) == ("5.000000", None)
    assert ask("POST", f"{url}/end", {"ends_on": "2026-02-28"})[1]["field"] == "ends_on"
    status, found = ask("POST", f"{url}/end", {"ends_on": "2026-04-30"})
    assert (status, found["ends_on"]) == (200, "2026-04-30")


def test_fees_are_listed_to_both_sides_and_narrowed(world: World) -> None:
    ask, shop = Api(world, "sub_reseller"), world.balance("shop")
    one = ask("POST", "/fees", fee_of(shop, ends_on="2026-05-31"), key="1")[1]["id"]
    two = ask("POST", "/fees", fee_of(shop, kind="once", starts_on="2026-06-01"), key="2")[1]["id"]
    for who, found in (
        ("sub_reseller", [one, two]),
        ("reseller", [one, two]),
        ("shop", [one, two]),
        ("other_reseller", []),
    ):
        assert ids(Api(world, who)("GET", "/fees")) == found, who
    for query, found in (
        ("kind=once", [two]),
        ("in_force_on=2026-04-01", [one]),
        ("in_force_on=2026-06-01", [two]),
        (f"customer_id={world.shop.pk}&limit=1", [one]),
        (f"customer_id={world.sub_customer.pk}", []),
    ):
        assert ids(ask("GET", f"/fees?{query}")) == found, query
    assert Api(world, "other_reseller")("GET", f"/fees/{one}")[0] == 404
    assert ask("GET", f"/fees/{one}")[1]["customer_id"] == world.shop.pk


def test_only_who_bills_changes_a_fee(world: World) -> None:
    shop = world.balance("shop")
    made = Api(world, "sub_reseller")("POST", "/fees", fee_of(shop), key="1")[1]["id"]
    for method, path, body in (
        ("PATCH", f"/fees/{made}", {"price": "1"}),
        ("POST", f"/fees/{made}/end", {"ends_on": "2026-04-30"}),
        ("POST", "/fees", fee_of(shop)),
    ):
        assert Api(world, "reseller")(method, path, body, key=f"r{path}")[0] == 403, path
        assert Api(world, "shop")(method, path, body, key=f"s{path}")[0] == 403, path
        assert Api(world, "other_reseller")(method, path, body, key=f"o{path}")[0] == 404, path
        reading = Api(world, "sub_reseller", "money:read")
        assert reading(method, path, body, key=f"m{path}")[0] == 403, path
    assert Fee.objects.get().price == Decimal("4.5")


def test_a_list_of_fees_takes_as_many_statements_for_many_rows(world: World) -> None:
    ask, shop = Api(world, "sub_reseller"), world.balance("shop")
    ask("POST", "/fees", fee_of(shop), key="1")
    ask("GET", "/fees")
    few = count_queries(lambda: ask("GET", "/fees"))
    for number in range(5):
        ask("POST", "/fees", fee_of(shop), key=f"more-{number}")
    assert len(ids(ask("GET", "/fees"))) == 6
    assert count_queries(lambda: ask("GET", "/fees")) == few


# Dunning -----------------------------------------------------------------------------------------
@pytest.fixture
def late(world: World) -> Invoice:
    """An invoice of the shop that is a month overdue."""
    return owed(ready(world), due=now().date() - 30 * DAY)


def test_the_overdue_are_listed_to_who_issues_and_above(world: World, late: Invoice) -> None:
    for who, found in (("sub_reseller", [late.balance_id]), ("reseller", [late.balance_id])):
        assert ids(Api(world, who)("GET", "/dunning"), "balance_id") == found
    ask = Api(world, "sub_reseller")
    row = ask("GET", "/dunning")[1]["items"][0]
    assert (row["state"], row["overdue_count"], row["customer_name"]) == (
        "overdue", 1, world.shop.name,
    )  # fmt: skip
    assert Decimal(row["overdue_amount"]) == 10
    for query, found in (
        ("state=suspended", []),
        (f"customer_id={world.shop.pk}", [late.balance_id]),
        (f"issuer_id={world.reseller.pk}", []),
    ):
        assert ids(ask("GET", f"/dunning?{query}"), "balance_id") == found, query
    assert ids(Api(world, "other_reseller")("GET", "/dunning")) == []
    assert ids(Api(world, "shop")("GET", "/dunning")) == []
    assert Api(world, "sub_reseller", "money:read")("GET", "/dunning")[0] == 403


def test_a_promise_is_made_and_lifted(world: World, late: Invoice) -> None:
    ask, url = Api(world, "sub_reseller"), f"/balances/{late.balance_id}/dunning"
    until = now().date() + 5 * DAY
    status, found = ask("POST", f"{url}/promise", {"until": str(until), "notes": "By phone"})
    assert (status, found["state"]) == (200, "promised")
    assert found["dunned"]["promised_until"] == str(until)
    assert [(step["kind"], step["notes"]) for step in found["steps"]] == [("promised", "By phone")]
    late_day = str(now().date() - DAY)
    assert ask("POST", f"{url}/promise", {"until": late_day})[1]["field"] == "until"
    status, found = ask("POST", f"{url}/suspend", {"reason": "Fraud"})
    assert (status, found["state"]) == (200, "suspended")
    status, found = ask("POST", f"{url}/lift", {})
    assert (status, found["state"]) == (200, "overdue")
    assert ask("POST", f"{url}/lift", {})[1]["code"] == "not_suspended"


def test_only_who_issues_decides_and_who_owes_reads_nothing(world: World, late: Invoice) -> None:
    url = f"/balances/{late.balance_id}/dunning"
    assert Api(world, "reseller")("GET", url)[0] == 200
    assert Api(world, "shop")("GET", url)[0] == 404
    assert Api(world, "other_reseller")("GET", url)[0] == 404
    for name, body in (
        ("promise", {"until": str(now().date() + DAY)}),
        ("suspend", {"reason": "x"}),
        ("lift", {}),
    ):
        assert Api(world, "reseller")("POST", f"{url}/{name}", body)[0] == 403, name
        assert Api(world, "shop")("POST", f"{url}/{name}", body)[0] == 404, name
        assert Api(world, "other_reseller")("POST", f"{url}/{name}", body)[0] == 404, name
    assert not Suspension.objects.exists()


# Definitions -------------------------------------------------------------------------------------
def test_definitions_are_read_by_their_owner(world: World) -> None:
    actor = world.actor("sub_reseller")
    term = create_term(actor=actor, name="Two weeks", period_type="monthly", due_days=14)
    kept = create_settings(actor=actor, name="Plain", series="A-")
    tax = create_tax(actor=actor, name="VAT", rates=[NewRate("VAT", Decimal(20))])
    ask = Api(world, "sub_reseller")
    assert ids(ask("GET", "/payment-terms")) == [term.pk]
    assert ids(ask("GET", "/invoice-settings")) == [kept.pk]
    assert ids(ask("GET", "/taxes")) == [tax.pk]
    row = ask("GET", "/taxes")[1]["items"][0]
    assert [(rate["name"], Decimal(rate["percent"])) for rate in row["rates"]] == [
        ("VAT", Decimal(20))
    ]
    for path in ("/payment-terms", "/invoice-settings", "/taxes"):
        assert ids(Api(world, "reseller")("GET", path)) == [], path
        assert Api(world, "sub_reseller", "money:read")("GET", path)[0] == 403, path
        assert Api(world, "shop")("GET", path)[0] == 403, path
    assert PaymentTerm.objects.count() == 1


# Documents ---------------------------------------------------------------------------------------
def draft(world: World) -> Invoice:
    post(world.balance("shop"), "debit", "-100", MARCH, notes="Set-up")
    return draft_of(world.balance("shop"))


def fetch(world: World, who: str, path: str) -> Any:
    token = Api(world, who).text
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_closed_period_is_drafted_refreshed_and_discarded(world: World) -> None:
    balance, ask = world.balance("shop"), Api(world, "sub_reseller")
    post(balance, "debit", "-100", MARCH)
    url = f"/periods/{close(balance).pk}/draft"
    for who, refusal in (("reseller", 403), ("shop", 403), ("other_reseller", 404)):
        assert Api(world, who)("POST", url)[0] == refusal, who
    status, made = ask("POST", url)
    assert (status, made["status"], Decimal(made["total"])) == (201, "draft", Decimal(100))
    assert ask("POST", url)[1]["code"] == "exists"
    ask("POST", "/fees", fee_of(balance, kind="once", price="1"), key="fee")
    one = f"/invoices/{made['id']}"
    assert Decimal(ask("POST", f"{one}/refresh")[1]["total"]) == 101
    assert Api(world, "reseller")("POST", f"{one}/discard", {"reason": "x"})[0] == 403
    assert ask("POST", f"{one}/discard", {})[0] == 422
    assert ask("POST", f"{one}/discard", {"reason": "Test customer"}) == (204, None)
    assert not Invoice.objects.exists()
    assert ask("GET", one)[0] == 404


def test_the_file_is_read_by_both_sides(world: World) -> None:
    made = draft(world)
    url = f"/invoices/{made.pk}/file"
    assert fetch(world, "shop", url).status_code == 404  # a draft
    page = fetch(world, "sub_reseller", f"{url}?format=html")
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    issue_invoice(actor=world.actor("sub_reseller"), invoice=made)
    made.refresh_from_db()
    for who in ("shop", "sub_reseller", "reseller"):
        answer = fetch(world, who, url)
        assert answer.content.startswith(b"%PDF"), who
        assert made.number.lower() in answer["Content-Disposition"]
    assert fetch(world, "other_reseller", url).status_code == 404
    refused = fetch(world, "shop", f"{url}?format=xml")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_xml")
    assert fetch(world, "shop", f"{url}?format=doc").json()["code"] == "invalid"
    ask = Api(world, "shop")
    User.objects.filter(customer=world.shop).update(role="noc")
    assert ask("GET", url)[0] == 403


def test_the_calls_have_a_signed_address(world: World) -> None:
    made = draft(world)
    ask, url = Api(world, "sub_reseller"), f"/invoices/{made.pk}/calls"
    assert ask("GET", url)[1]["code"] == "state"
    issue_invoice(actor=world.actor("sub_reseller"), invoice=made)
    status, found = Api(world, "shop")("GET", url)
    assert status == 200
    path = "/" + found["url"].split("/", 3)[3]
    assert Client().get(path).status_code == 200
    assert Api(world, "other_reseller")("GET", url)[0] == 404


# Reversals ---------------------------------------------------------------------------------------
def test_a_payment_that_bounced_is_taken_back_once(world: World) -> None:
    ask, balance = Api(world, "sub_reseller"), world.balance("shop")
    paid = {"balance_id": balance.pk, "amount": "20", "currency": "GBP"}
    entry = ask("POST", "/payments", paid, key="p")[1]["id"]
    url, body = f"/entries/{entry}/reverse", {"reason": "Bounced"}
    assert ask("POST", url, body)[0] == 422  # without a key
    assert Api(world, "reseller")("POST", url, body, key="r")[0] == 403
    assert Api(world, "other_reseller")("POST", url, body, key="r")[0] == 404
    first = ask("POST", url, body, key="r-1")
    assert (first[0], first[1]["kind"], Decimal(first[1]["amount"])) == (
        201,
        "reversal",
        Decimal(-20),
    )
    assert Api(world, "sub_reseller")("POST", url, body, key="r-1") == first
    assert ask("POST", url, body, key="r-2")[1]["code"] == "reversed"
    assert LedgerEntry.objects.filter(kind="reversal").count() == 1
    balance.refresh_from_db()
    assert balance.amount == 100


def test_the_description_names_every_operation(world: World) -> None:
    found = Client().get("/api/v1/openapi.json").json()
    operations = [(path, how) for path, item in found["paths"].items() for how in item.values()]
    assert all(how.get("summary") and how.get("description") for _path, how in operations)
