"""The pages of fees: who reads, who edits, what stands in the list, pressing twice."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Account
from billing.models import Balance, Fee, Invoice, InvoiceLine
from billing.services.accounts import AccountTariff, set_charging
from billing.services.fees import add_fee
from billing.services.periods import periods_for
from customers.models import AuditEvent, User
from customers.services.permissions import set_rights
from tariffs.selectors import tariff_of
from tests.customers.wizard import signed_in
from tests.sql import count_queries
from tests.world import World, actor_of

SENT: dict[str, Any] = {
    "name": "Support",
    "kind": "recurring",
    "price": "12.5",
    "quantity": "2",
    "starts_on": "2026-11-01",
    "ends_on": "",
    "is_prorated": "on",
    "is_taxed": "on",
}


def url(name: str, *args: Any) -> str:
    return reverse(f"billing:{name}", args=args)


def fee_of(world: World, who: str, **values: Any) -> Fee:
    """A fee of ``who`` (a field of the world), added by its owner."""
    customer = getattr(world, who)
    return made_fee(world.balance(who), actor_of(customer.owner), **values)


def made_fee(balance: Balance, actor: Any, **values: Any) -> Fee:
    usual: dict[str, Any] = {
        "kind": "recurring",
        "name": "Line rent",
        "price": Decimal("9.99"),
        "quantity": Decimal(3),
        "starts_on": date(2026, 1, 1),
        "ends_on": None,
        "is_prorated": True,
        "is_taxed": True,
    }
    return add_fee(actor=actor, balance=balance, key=uuid.uuid4(), **usual | values)


@pytest.fixture
def paying(world: World) -> Account:
    """The shop's account, charged by itself."""
    tariff = tariff_of(world.shop.pk, now())
    assert tariff is not None
    terms = AccountTariff(tariff)
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=terms)
    return world.account


# Who ---------------------------------------------------------------------------------------------
def test_the_direct_owner_edits_and_those_above_read(world: World) -> None:
    fee = fee_of(world, "shop")
    pages = {name: url(name, fee.pk) for name in ("fee_edit", "fee_end")}
    pages["fee_create"] = url("fee_create", world.shop.pk)
    for name, page in pages.items():
        assert signed_in(world, "sub_reseller").get(page).status_code == 200, name
        for above in ("operator", "reseller"):
            assert signed_in(world, above).get(page).status_code == 403, name
            assert signed_in(world, above).post(page, SENT).status_code == 403, name
        assert signed_in(world, "shop").get(page).status_code == 403, name
        for stranger in ("other_reseller", "sub_customer"):
            assert signed_in(world, stranger).get(page).status_code in (403, 404), name
            assert signed_in(world, stranger).post(page).status_code in (403, 404), name
    listed = url("fees", world.shop.pk)
    for who in ("operator", "reseller", "sub_reseller", "shop"):
        answer = signed_in(world, who).get(listed)
        assert answer.status_code == 200, who
        page = answer.content.decode()
        assert "Line rent" in page
        is_owner = who == "sub_reseller"
        assert (url("fee_edit", fee.pk) in page) is is_owner
        assert (url("fee_create", world.shop.pk) in page) is is_owner
    assert signed_in(world, "other_reseller").get(listed).status_code == 404
    assert not Fee.objects.exclude(pk=fee.pk).exists()


def test_without_the_right_for_money_there_is_no_list_and_no_form(world: World) -> None:
    fee = fee_of(world, "shop")
    User.objects.filter(pk=world.user("shop").pk).update(role="noc")
    assert signed_in(world, "shop").get(url("fees", world.shop.pk)).status_code == 403
    User.objects.filter(pk=world.user("sub_reseller").pk).update(role="read_only")
    client = signed_in(world, "sub_reseller")
    assert client.get(url("fees", world.shop.pk)).status_code == 200
    assert client.get(url("fee_edit", fee.pk)).status_code == 403
    assert client.post(url("fee_create", world.shop.pk), SENT).status_code == 403


def test_root_pays_no_fees(world: World) -> None:
    assert signed_in(world, "operator").get(url("fees", world.root.pk)).status_code == 404


# The list ----------------------------------------------------------------------------------------
def billed(world: World, fee: Fee, number: str) -> Invoice:
    """An issued invoice of the shop's that bills a fee up to the end of January."""
    balance = fee.balance
    moment = balance.pk, datetime(2026, 1, 15, tzinfo=UTC)
    period = periods_for({balance.pk: balance}, [moment])[moment]
    invoice: Invoice = Invoice.objects.create(
        issuer=balance.issuer,
        customer=balance.customer,
        balance=balance,
        period=period,
        mode=balance.mode,
        currency=balance.currency,
    )
    InvoiceLine.objects.create(
        invoice=invoice,
        position=1,
        kind="fee",
        description=fee.name,
        until=date(2026, 1, 31),
        exact=30,
        amount=30,
        fee=fee,
    )
    issued = {"state": "issued", "number": number, "issued_on": date(2026, 2, 1)}
    Invoice.objects.filter(pk=invoice.pk).update(
        issued_at=datetime(2026, 2, 1, tzinfo=UTC), **issued
    )
    return invoice


def test_the_list_says_what_a_period_costs_and_what_billed_it_last(world: World) -> None:
    fee = fee_of(world, "shop")
    ended = fee_of(world, "shop", name="Trial", ends_on=date(2026, 2, 1))
    invoice = billed(world, fee, "INV-000001")
    answer = signed_in(world, "sub_reseller").get(url("fees", world.shop.pk))
    rows = {item.record.pk: item.record for item in answer.context["page"].object_list}
    assert rows[fee.pk].amount == Decimal("29.97")
    assert (rows[fee.pk].last_invoice, rows[fee.pk].last_number) == (invoice.pk, "INV-000001")
    assert rows[fee.pk].last_until == date(2026, 1, 31)
    assert (rows[ended.pk].last_invoice, rows[ended.pk].has_ended) == (None, True)
    page = answer.content.decode()
    assert url("fee_end", fee.pk) in page
    assert url("fee_end", ended.pk) not in page
    Invoice.objects.filter(pk=invoice.pk).update(state="void", voided_at=now())
    answer = signed_in(world, "sub_reseller").get(url("fees", world.shop.pk))
    assert "INV-000001" not in answer.content.decode()


def test_who_may_not_see_invoices_reads_none_of_them(world: World) -> None:
    billed(world, fee_of(world, "shop"), "INV-000001")
    client, listed = signed_in(world, "shop"), url("fees", world.shop.pk)
    assert "INV-000001" in client.get(listed).content.decode()
    set_rights(
        actor=world.actor("sub_reseller"), customer=world.shop, rights=frozenset({"balance.view"})
    )
    page = signed_in(world, "shop").get(listed).content.decode()
    assert "Line rent" in page
    assert "INV-000001" not in page


def test_the_list_costs_the_same_with_more_rows(world: World) -> None:
    client, listed = signed_in(world, "sub_reseller"), url("fees", world.shop.pk)
    for number in range(3):
        fee_of(world, "shop", name=f"Fee {number}")
    client.get(listed)
    few = count_queries(lambda: client.get(listed))
    for number in range(3, 20):
        fee_of(world, "shop", name=f"Fee {number}")
    assert count_queries(lambda: client.get(listed)) == few


# Add, edit, end ----------------------------------------------------------------------------------
def test_a_fee_is_added_once_however_often_it_is_sent(world: World) -> None:
    client, page = signed_in(world, "sub_reseller"), url("fee_create", world.shop.pk)
    form = client.get(page).context["form"]
    assert [form[name].value() for name in ("quantity", "is_prorated", "is_taxed")] == [
        1,
        True,
        True,
    ]
    key = {"idempotency_key": str(uuid.uuid4())}
    answers = [client.post(page, SENT | key) for _again in range(2)]
    fee = Fee.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {url("fee_edit", fee.pk)}
    assert (fee.balance, fee.name, fee.kind) == (world.balance("shop"), "Support", "recurring")
    assert (fee.price, fee.quantity) == (Decimal("12.5"), Decimal(2))
    assert (fee.starts_on, fee.ends_on) == (date(2026, 11, 1), None)
    assert (fee.is_prorated, fee.is_taxed) == (True, True)
    assert AuditEvent.objects.filter(action="fee_added", customer=world.shop).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"price": "0"}, "price"),
        ({"price": "-1"}, "price"),
        ({"quantity": "0"}, "quantity"),
        ({"kind": "yearly"}, "kind"),
        ({"starts_on": ""}, "starts_on"),
        ({"ends_on": "2026-10-31"}, "ends_on"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    world: World, changes: dict[str, Any], field: str
) -> None:
    sent = SENT | {"idempotency_key": str(uuid.uuid4())} | changes
    answer = signed_in(world, "sub_reseller").post(url("fee_create", world.shop.pk), sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Fee.objects.exists()


def test_a_fee_is_edited_and_ended(world: World) -> None:
    fee, client = fee_of(world, "shop"), signed_in(world, "sub_reseller")
    form = client.get(url("fee_edit", fee.pk)).context["form"]
    assert (form["price"].value(), form["quantity"].value()) == ("9.99", "3")
    client.post(url("fee_edit", fee.pk), SENT | {"price": "10", "is_taxed": ""})
    fee.refresh_from_db()
    assert (fee.name, fee.price, fee.is_taxed) == ("Support", Decimal(10), False)
    early = client.post(url("fee_end", fee.pk), {"ends_on": "2026-10-31"})
    assert early.status_code == 422
    answer = client.post(url("fee_end", fee.pk), {"ends_on": "2026-12-31"}, follow=True)
    assert "It ends on 31 Dec 2026." in answer.content.decode()
    fee.refresh_from_db()
    assert fee.ends_on == date(2026, 12, 31)


# Accounts ----------------------------------------------------------------------------------------
def test_an_account_that_pays_by_itself_has_fees_of_its_own(world: World, paying: Account) -> None:
    client, page = signed_in(world, "shop"), url("account_fee_create", paying.pk)
    sent = SENT | {"idempotency_key": str(uuid.uuid4()), "save_and_close": ""}
    answer = client.post(page, sent)
    assert answer.headers["Location"] == url("account_fees", paying.pk)
    fee = Fee.objects.get()
    assert fee.balance == Balance.objects.get(account=paying)
    assert "Support" in client.get(url("account_fees", paying.pk)).content.decode()
    assert (
        url("account_fees", paying.pk)
        in client.get(reverse("accounts:account_detail", args=[paying.pk])).content.decode()
    )
    for above in ("sub_reseller", "operator"):
        assert signed_in(world, above).get(page).status_code == 403
        assert signed_in(world, above).get(url("fee_edit", fee.pk)).status_code == 403
        assert signed_in(world, above).get(url("account_fees", paying.pk)).status_code == 200


def test_the_user_of_an_account_reads_its_fees_and_no_others(world: World, paying: Account) -> None:
    fee = made_fee(Balance.objects.get(account=paying), world.actor("shop"))
    fee_of(world, "shop", name="Not for the desk")
    client = Client()
    user = User.objects.get(account=paying)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(url("account_fees", paying.pk)).content.decode()
    assert fee.name in page
    assert "Not for the desk" not in page
    assert client.get(url("fees", world.shop.pk)).status_code in (403, 404)
    assert client.get(url("fee_edit", fee.pk)).status_code == 403


def test_an_account_charged_with_its_customer_has_no_fees(world: World) -> None:
    client = signed_in(world, "shop")
    for name in ("account_fees", "account_fee_create"):
        assert client.get(url(name, world.account.pk)).status_code == 404
