"""Imports of accounts, what equals a single one, and exports that can be imported again."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from accounts.models import Account, AccountTerms
from accounts.services.accounts import digest_ha1
from accounts.services.logins import open_login
from billing.models import Balance, LedgerEntry
from billing.selectors.records.columns import columns_of, headings
from billing.selectors.records.exports import exported
from billing.services.accounts import AccountTariff, open_account
from billing.services.records.letters import mail_links
from billing.services.verify import differences
from customers.models import AuditEvent, Customer, CustomerClass, CustomField, User
from customers.services.custom_fields import set_custom_values
from customers.services.customers import edit_profile
from customers.tenancy import Actor
from notifications.models import Message
from softswitch.core.exports import csv_lines
from tariffs.models import Tariff
from tests.billing.records import applied, plain
from tests.world import World

DIFFERENT = {"id", "created_at", "at", "password", "opened_at", "valid_from", "posted_at"}
LETTERS = {
    "message_id",
    "lease_until",
    "next_attempt_at",
    "key",
    "starts_at",
    "idempotency_key",
    "period",
}


def test_an_account_made_by_import_equals_one_that_was_opened(world: World) -> None:
    """Column by column, in every table that names an account."""
    actor = world.actor("sub_reseller")
    cells = {"auth_name": "own-1", "name": "Desk", "sip_password": "correct horse"}
    cells |= {"charging": "By itself", "tariff": "street", "mode": "postpaid", "credit_limit": "5"}
    cells |= {"opening_balance": "2,5", "max_sessions": "2", "login": "desk-1"}
    job = applied(actor, "account", [cells | {"login_email": "desk@example.com"}])
    mail_links(job.pk)
    terms = AccountTariff(
        Tariff.objects.get(name="Street"), "postpaid", Decimal(5), opening_balance=Decimal("2.5")
    )
    opened = open_account(
        actor=actor,
        customer=actor.customer,
        auth_name="own-2",
        name="Desk",
        sip_password="correct horse",
        max_sessions=2,
        by_itself=terms,
    )
    open_login(actor=actor, account=opened, login="desk-2", email="desk@example.com")
    imported = Account.objects.get(auth_name="own-1")
    assert imported.digest_ha1 == digest_ha1("own-1", "correct horse")
    assert everything_about(imported) == everything_about(Account.objects.get(pk=opened.pk))
    assert list(differences()) == []


def everything_about(account: Account) -> dict[str, Any]:
    user = User.objects.get(account=account)
    own: dict[tuple[type[Model], Any], str] = {
        (Account, account.pk): "ACCOUNT",
        (Balance, account.balance.pk): "BALANCE",
        (User, user.pk): "USER",
        (Model, account.auth_name): "AUTH NAME",
        (Model, user.login): "LOGIN",
        (Model, account.digest_ha1): "DIGEST",
    }
    found = {
        "account": [account],
        "terms": AccountTerms.objects.filter(account=account),
        "balance": Balance.objects.filter(account=account),
        "entries": LedgerEntry.objects.filter(account=account),
        "periods": account.balance.periods.all(),
        "users": [user],
        "letters": Message.objects.filter(user=user),
        "audit": AuditEvent.objects.filter(subject__in=(account.auth_name, user.login)),
    }
    return {
        name: [plain(record, own, DIFFERENT | LETTERS) for record in rows]
        for name, rows in found.items()
    }


def test_accounts_of_direct_customers_are_charged_with_them(world: World) -> None:
    rows = [{"customer": "SUB customer", "auth_name": "s-1"}, {"auth_name": "s-2"}]
    job = applied(world.actor("reseller"), "account", rows)
    assert (job.state, job.letters) == ("applied", 0)
    assert Account.objects.get(auth_name="s-1").customer == world.sub_customer
    assert Account.objects.get(auth_name="s-2").customer == world.reseller
    terms = AccountTerms.objects.get(account__auth_name="s-1")
    assert (terms.charging, terms.tariff) == ("with_customer", None)


def export(actor: Actor, kind: str) -> list[dict[str, str]]:
    """What the exported CSV says, by column."""
    names = [column.name for column in columns_of(actor, kind)]
    content = b"".join(csv_lines(names, exported(actor, kind)))
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_customers_that_were_exported_can_be_imported_again(world: World) -> None:
    actor = world.actor("reseller")
    made = CustomerClass.objects.create(owner=world.reseller, name="Gold")
    field = CustomField.objects.create(customer_class=made, name="Since", kind="date")
    shop = world.sub_customer
    values = {"customer_class": made, "company_name": "=1+1", "address": '1 High St\nBath; "UK"'}
    values |= {"contact": "+44 20 7946 0000", "min_profitability": Decimal("0.125"), "cps_limit": 0}
    edit_profile(actor=actor, customer=shop, values=values)
    set_custom_values(actor=actor, customer=shop, values={field.pk: "2020-02-29"})
    before = export(actor, "customer")
    assert {line["name"] for line in before} == {"Sub reseller", "Sub customer"}
    assert {line["opening_balance"] for line in before} == {""}
    renamed = [
        line
        | {"name": f"{line['name']} 2", "login": f"{line['login']}-2", "login_email": "a@b.example"}
        for line in before
    ]
    assert applied(actor, "customer", renamed).state == "applied"
    assert Customer.objects.get(name="Sub customer 2").company_name == "=1+1"
    after = [line for line in export(actor, "customer") if line["name"].endswith(" 2")]
    assert after == renamed


def test_accounts_that_were_exported_can_be_imported_again(world: World) -> None:
    actor = world.actor("sub_reseller")
    terms = AccountTariff(
        Tariff.objects.get(name="Street"), credit_limit=Decimal(5), mode="postpaid"
    )
    owner = actor.customer
    open_account(actor=actor, customer=owner, auth_name="own-1", by_itself=terms, max_sessions=3)
    before = export(actor, "account")
    assert [line["customer"] for line in before] == ["Shop", ""]
    assert {line["sip_password"] for line in before} == {""}
    renamed = [
        line
        | {"auth_name": f"{line['auth_name']}-2"}
        | dict.fromkeys(("login", "login_name", "login_email"), "")
        for line in before
    ]
    assert applied(actor, "account", renamed).state == "applied"
    again = [line for line in export(actor, "account") if line["auth_name"].endswith("-2")]
    assert again == renamed


def test_what_the_viewer_may_not_see_is_not_exported(world: World) -> None:
    made = CustomerClass.objects.create(owner=world.reseller, name="Gold")
    field = CustomField.objects.create(
        customer_class=made, name="Born", kind="text", is_personal=True
    )
    actor = world.actor("reseller")
    edit_profile(actor=actor, customer=world.sub_customer, values={"customer_class": made})
    set_custom_values(actor=actor, customer=world.sub_customer, values={field.pk: "secret day"})
    bare = Actor(actor.user, actor.customer, frozenset({"customers.add"}), actor.stack)
    line = next(line for line in export(bare, "customer") if line["name"] == "Sub customer")
    hidden = ("field: Born", "credit_limit", "mode", "currency", "login")
    assert [line[name] for name in hidden] == [""] * 5
    full = next(line for line in export(actor, "customer") if line["name"] == "Sub customer")
    assert full["field: Born"] == "secret day"
    assert full["login"] == "sub-customer"
    assert "Shop" not in {line["name"] for line in export(actor, "customer")}


@pytest.mark.parametrize("kind", ["customer", "account"])
def test_no_heading_means_two_columns(world: World, kind: str) -> None:
    columns = columns_of(world.actor("reseller"), kind)
    assert len({column.label.casefold() for column in columns}) == len(columns)
    assert set(headings(columns).values()) == {column.name for column in columns}


def test_cards_and_archived_accounts_are_left_out(world: World) -> None:
    Account.objects.filter(pk=world.account.pk).update(kind="card")
    assert export(world.actor("shop"), "account") == []
    assert Customer.objects.filter(pk=world.shop.pk).exists()
