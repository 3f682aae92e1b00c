"""Maintenance and the statements, as owner, customer, account user and stranger see them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, LedgerEntry
from billing.selectors.statements import statement
from billing.services.accounts import AccountTariff, set_charging
from billing.services.maintenance import maintain
from billing.services.periods import periods_for
from customers.choices import Role
from customers.models import User
from customers.services.permissions import delegated_rights, set_rights
from customers.services.users import create_user
from softswitch.core.partitions import ensure_months
from tariffs.models import Tariff
from tests.concurrency.threads import at_once
from tests.world import PASSWORD, World


def browser(world: World, who: str) -> Client:
    """Somebody's signed-in browser."""
    return signed_in(world.user(who))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"billing:{name}", args=args)


def posting(**changes: Any) -> dict[str, Any]:
    """What the Maintenance form sends."""
    return {
        "action": "add_funds",
        "amount": "15.50",
        "currency": "GBP",
        "notes": "Bank transfer",
        "idempotency_key": str(uuid4()),
    } | changes


def post_usage(balance: Balance, day: date, amount: str, calls: int) -> None:
    """One batch's usage of a local day, stored as charging stores it."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    period = periods_for({balance.pk: balance}, [(balance.pk, moment)])[balance.pk, moment]
    balance.refresh_from_db()
    balance.amount += Decimal(amount)
    balance.last_sequence += 1
    balance.save()
    ensure_months(["billing_usageentry"], [day.replace(day=1)])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_usageentry (setup_month, usage_on, balance_id, customer_id,"
            " issuer_id, period_id, sequence, amount, balance_after, posted_at, calls,"
            " billed_seconds) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s, 60)",
            [
                day.replace(day=1),
                day,
                balance.pk,
                balance.customer_id,
                balance.customer.owner_id,
                period.pk,
                balance.last_sequence,
                amount,
                balance.amount,
                calls,
            ],
        )


# Maintenance -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("action", "after"), [("debit", "84.50"), ("credit", "115.50"), ("add_funds", "115.50")]
)
def test_maintenance_moves_the_balance_by_the_sign_of_its_action(
    world: World, action: str, after: str
) -> None:
    client = browser(world, "sub_reseller")
    answer = client.post(url("maintenance", world.shop.pk), posting(action=action), follow=True)
    assert world.balance("shop").amount == Decimal(after)
    assert f"The balance is {after} GBP." in answer.content.decode()


def test_pressing_twice_posts_once(world: World) -> None:
    client, sent = browser(world, "sub_reseller"), posting()
    for _time in range(2):
        assert client.post(url("maintenance", world.shop.pk), sent).status_code == 302
    assert world.balance("shop").amount == Decimal("115.50")
    assert LedgerEntry.objects.filter(kind="add_funds").count() == 1


def test_a_key_used_for_another_posting_is_refused(world: World) -> None:
    client, sent = browser(world, "sub_reseller"), posting()
    client.post(url("maintenance", world.shop.pk), sent)
    answer = client.post(url("maintenance", world.shop.pk), sent | {"amount": "16"})
    assert answer.status_code == 422
    assert "already used" in answer.content.decode()


def test_another_currency_is_previewed_and_converted(world: World) -> None:
    client = browser(world, "sub_reseller")
    asked = {"action": "debit", "amount": "30", "currency": "EUR"}
    shown = client.get(
        url("maintenance", world.shop.pk), asked, headers={"HX-Request": "true"}
    ).content.decode()
    assert "−25.00" in shown  # EUR 1.25, GBP 1.5
    assert "at 0.833333" in shown
    client.post(url("maintenance", world.shop.pk), posting(**asked))
    entry = LedgerEntry.objects.get(kind="debit")
    assert (entry.amount, entry.original_amount) == (Decimal(-25), Decimal(-30))


@pytest.mark.parametrize("amount", ["0", "-1", "", "1e30"])
def test_an_amount_must_be_above_0(world: World, amount: str) -> None:
    client = browser(world, "sub_reseller")
    answer = client.post(url("maintenance", world.shop.pk), posting(amount=amount))
    assert answer.status_code == 422
    assert answer.context["form"].errors["amount"]
    assert world.balance("shop").amount == 100


def test_the_panel_on_the_customers_page_posts_and_returns(world: World) -> None:
    client = browser(world, "sub_reseller")
    detail = reverse("customers:customer_detail", args=[world.shop.pk])
    offer = client.get(detail).context["offer"]
    sent = posting(idempotency_key=str(offer.key), save_and_close="")
    answer = client.post(url("maintenance", world.shop.pk), sent)
    assert answer.headers["Location"] == detail
    assert "Bank transfer" in client.get(detail).content.decode()


def test_only_the_owner_posts(world: World) -> None:
    target = url("maintenance", world.shop.pk)
    assert browser(world, "reseller").post(target, posting()).status_code == 403
    assert browser(world, "shop").post(target, posting()).status_code == 403
    assert browser(world, "other_reseller").post(target, posting()).status_code == 404
    assert Client().get(target).status_code == 302
    noc = create_user(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        login="noc",
        password=PASSWORD,
        role=Role.NOC,
    )
    assert signed_in(noc).post(target, posting()).status_code == 403
    assert world.balance("shop").amount == 100


@pytest.mark.django_db(transaction=True)
def test_posts_at_once_with_one_key_make_one_entry_and_with_two_make_both(world: World) -> None:
    actor, balance = world.actor("sub_reseller"), world.balance("shop")

    def post(key: str) -> None:
        maintain(
            actor=actor,
            balance=balance,
            action="add_funds",
            amount=Decimal(10),
            currency="GBP",
            key=key,
        )

    at_once(*[lambda: post("one")] * 4)
    assert LedgerEntry.objects.filter(idempotency_key="one").count() == 1
    assert world.balance("shop").amount == 110
    at_once(lambda: post("two"), lambda: post("three"))
    entries = LedgerEntry.objects.filter(balance=balance).order_by("sequence")
    assert [entry.balance_after for entry in entries] == [100, 110, 120, 130]
    assert world.balance("shop").amount == 130


# Statements ------------------------------------------------------------------------------------
def test_a_statement_adds_calls_up_by_local_day_and_runs_on(world: World) -> None:
    balance = world.balance("shop")
    today = now().date()
    for amount, calls in (("-1.25", 3), ("-0.75", 2)):
        post_usage(balance, today - timedelta(days=1), amount, calls)
    post_usage(balance, today, "-4", 7)
    client = browser(world, "sub_reseller")
    client.post(url("maintenance", world.shop.pk), posting())
    shown = statement(
        actor=world.actor("sub_reseller"),
        balance=balance,
        since=today - timedelta(days=2),
        until=today,
    )
    assert shown.opening == 100
    assert shown.closing == world.balance("shop").amount == Decimal("109.50")
    assert [(line.calls, line.amount) for line in shown.lines if line.day] == [
        (5, Decimal(-2)),
        (7, Decimal(-4)),
    ]
    assert shown.lines[0].running == 98
    assert shown.opening + shown.credits - shown.debits == shown.closing
    page = client.get(url("ledger", world.shop.pk)).content.decode()
    assert "7 calls" in page
    assert "Bank transfer" in page


def test_asking_for_some_kinds_keeps_the_balances_true(world: World) -> None:
    client = browser(world, "sub_reseller")
    for action in ("debit", "credit"):
        client.post(url("maintenance", world.shop.pk), posting(action=action))
    shown = client.get(url("ledger", world.shop.pk), {"kind": "credit"}).context["statement"]
    assert [line.kind for line in shown.lines] == ["credit"]
    assert shown.lines[0].running == 100
    found = client.get(url("ledger", world.shop.pk), {"notes": "nowhere"}).context["statement"]
    assert (found.lines, found.closing) == ([], Decimal(100))


def test_wrong_days_are_said_and_nothing_is_shown(world: World) -> None:
    client = browser(world, "sub_reseller")
    answer = client.get(
        url("ledger", world.shop.pk), {"since": "2026-02-02", "until": "2026-02-01"}
    )
    assert "This is before the first day." in answer.content.decode()
    assert answer.context["statement"] is None


def test_the_statement_is_exported(world: World) -> None:
    client = browser(world, "sub_reseller")
    client.post(url("maintenance", world.shop.pk), posting(notes="=HYPERLINK()"))
    asked = {"export": "csv"}
    answer = client.get(url("ledger", world.shop.pk), asked)
    text = answer.getvalue().decode("utf-8-sig")
    assert "15.500000" in text
    assert "'=HYPERLINK()" in text
    book = client.get(url("ledger", world.shop.pk), {"export": "xlsx"})
    assert book.getvalue().startswith(b"PK")
    assert client.get(url("ledger", world.shop.pk), {"export": "doc"}).status_code == 404


def test_the_customer_reads_its_own_statement_but_not_who_is_above(world: World) -> None:
    browser(world, "sub_reseller").post(url("maintenance", world.shop.pk), posting())
    page = browser(world, "shop").get(url("own_ledger")).content.decode()
    assert "Your provider" in page
    assert "Sub reseller" not in page
    entry = LedgerEntry.objects.get(kind="add_funds")
    detail = browser(world, "shop").get(url("entry_detail", entry.pk)).content.decode()
    assert "Your provider" in detail
    assert "Sub reseller" not in detail
    owner = browser(world, "sub_reseller").get(url("entry_detail", entry.pk)).content.decode()
    assert "Sub reseller admin" in owner


def test_without_the_right_a_customer_sees_no_balance(world: World) -> None:
    held = delegated_rights(world.shop) - {"balance.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=held)
    client = browser(world, "shop")
    assert client.get(url("own_ledger")).status_code == 403
    assert client.get(url("ledger", world.shop.pk)).status_code == 403
    assert "100.00" not in client.get(reverse("customers:company")).content.decode()
    assert browser(world, "sub_reseller").get(url("ledger", world.shop.pk)).status_code == 200


def test_each_ledger_page_is_closed_to_strangers(world: World) -> None:
    entry = LedgerEntry.objects.get(customer=world.shop)
    stranger = browser(world, "other_reseller")
    for target in (url("ledger", world.shop.pk), url("entry_detail", entry.pk)):
        assert stranger.get(target).status_code == 404
        assert Client().get(target).status_code == 302
        assert browser(world, "reseller").get(target).status_code == 200
    assert "Shop" not in stranger.get(url("entry_list")).content.decode()
    assert "Shop" in browser(world, "reseller").get(url("entry_list")).content.decode()
    account_user = signed_in(User.objects.get(account=world.account))
    assert account_user.get(url("ledger", world.shop.pk)).status_code == 404
    assert account_user.get(url("account_ledger", world.account.pk)).status_code == 403


def test_root_has_no_statement_and_is_led_to_the_entries(world: World) -> None:
    client = browser(world, "operator")
    assert client.get(url("own_ledger")).headers["Location"] == url("entry_list")
    assert client.get(url("ledger", world.root.pk)).status_code == 404


def test_an_account_charged_by_itself_has_the_same_pages(world: World) -> None:
    street = AccountTariff(Tariff.objects.get(name="Street"))
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=street)
    balance = Balance.objects.get(account=world.account)
    with pytest.raises(PermissionDenied):  # an account's balance is between it and its customer
        maintain(
            actor=world.actor("sub_reseller"),
            balance=balance,
            action="add_funds",
            amount=Decimal(5),
            currency="GBP",
            key="five",
        )
    target = url("account_ledger", world.account.pk)
    assert browser(world, "shop").get(target).status_code == 200
    assert signed_in(User.objects.get(account=world.account)).get(target).status_code == 200
    assert browser(world, "other_reseller").get(target).status_code == 404


def test_the_statement_costs_the_same_with_ten_times_the_entries(
    world: World, django_assert_max_num_queries: Any
) -> None:
    client = browser(world, "sub_reseller")
    client.post(url("maintenance", world.shop.pk), posting())
    client.get(url("ledger", world.shop.pk))
    with django_assert_max_num_queries(60) as few:
        client.get(url("ledger", world.shop.pk))
        number_of_queries = len(few)
    for _time in range(10):
        client.post(url("maintenance", world.shop.pk), posting())
    client.get(url("ledger", world.shop.pk))
    with django_assert_max_num_queries(number_of_queries):
        client.get(url("ledger", world.shop.pk))
