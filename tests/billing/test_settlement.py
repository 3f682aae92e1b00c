"""What late calls leave on a balance that has ended is settled by its issuer, once, to 0."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from billing.models import Balance, BillingPeriod, LedgerEntry, UsageEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.archive import archive_customer
from billing.services.ledger import Posting, post_entry
from billing.services.settlement import settle_balance
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.test_move import NUMBER, beside, fresh, move
from tests.calls.stored import store_call
from tests.world import OPENED, World, actor_of, customer_of, tariff_with_rates

__all__ = ["beside"]


@pytest.fixture
def left(world: World, beside: Tariff) -> Balance:
    """The balance of the sub-reseller with the owner that it has left, in debt by a late call."""
    store_call(world.shop, NUMBER)
    move(world, beside)
    assert charge_pending().charged == 1
    balance: Balance = Balance.objects.closed().get()
    assert balance.amount < 0
    return balance


@pytest.fixture
def gone(world: World) -> World:
    """``shop`` is a reseller that was archived, and so was its account; a late call of each."""
    tariff = tariff_with_rates(world.sub_reseller, "Lines", "GBP")
    world.shop = customer_of(world.sub_reseller, "Firm", "reseller", tariff)
    own = tariff_with_rates(world.shop, "Own", "GBP", factor="10")
    world.account = open_account(
        actor=actor_of(world.shop),
        customer=world.shop,
        auth_name="firm-1",
        by_itself=AccountTariff(own),
        opened_at=OPENED,
    )
    store_call(world.shop, NUMBER, account=world.account)
    owner = world.actor("sub_reseller")
    archive_customer(actor=owner, customer=world.shop, surplus="pay_out", reason="Closed")
    assert charge_pending().charged == 1
    return world


def settle(world: World, who: str, balance: Balance, **changes: Any) -> LedgerEntry:
    values = {"kind": "write_off", "reason": "Too late", "key": "once"} | changes
    return settle_balance(actor=world.actor(who), balance=balance, **values)


def differences() -> list[str]:
    return [*verify.differences(), *verify_calls.differences()]


@pytest.mark.parametrize("kind", ["write_off", "add_funds"])
def test_a_debt_that_a_move_left_behind_is_settled(world: World, left: Balance, kind: str) -> None:
    periods = set(BillingPeriod.objects.filter(balance=left).values_list("pk", flat=True))
    before = left.amount
    entry = settle(world, "reseller", left, kind=kind)
    left.refresh_from_db()
    assert left.amount == entry.balance_after == 0
    assert (entry.kind, entry.amount, entry.notes) == (kind, -before, "Too late")
    assert entry.acting_as == world.reseller
    assert left.closed_at is not None
    assert entry.posted_at > left.closed_at
    assert entry.period.starts_at == left.closed_at
    assert set(BillingPeriod.objects.filter(balance=left).values_list("pk", flat=True)) == periods
    assert differences() == []


def test_where_the_last_period_is_closed_it_goes_where_a_late_call_goes(
    world: World, left: Balance
) -> None:
    assert left.closed_at is not None
    store_call(world.shop, NUMBER, at=left.closed_at - timedelta(seconds=9))
    charge_pending()
    late = UsageEntry.objects.filter(balance=left).latest("sequence")
    entry = settle(world, "reseller", left)
    assert entry.period_id == late.period_id
    assert entry.period.starts_at == left.closed_at
    assert differences() == []


def test_what_comes_in_after_a_settlement_is_settled_again(world: World, left: Balance) -> None:
    first = settle(world, "reseller", left)
    store_call(world.shop, NUMBER)
    charge_pending()
    again = settle(world, "reseller", left, kind="add_funds", key="again")
    assert first.pk != again.pk
    left.refresh_from_db()
    assert left.amount == 0
    assert differences() == []


def test_pressing_twice_posts_once(world: World, left: Balance) -> None:
    first = settle(world, "reseller", left)
    assert settle(world, "reseller", left) == first
    with pytest.raises(DomainError) as caught:
        settle(world, "reseller", left, key="another")
    assert caught.value.code == "zero"
    assert AuditEvent.objects.filter(action="balance_settled").count() == 1


@pytest.mark.parametrize("who", ["operator", "other_reseller", "sub_reseller", "shop"])
def test_only_who_issued_it_settles(world: World, left: Balance, who: str) -> None:
    with pytest.raises(PermissionDenied):
        settle(world, who, left)
    actor = world.actor("reseller")
    actor = type(actor)(actor.user, actor.customer, actor.rights - {"money.manage"})
    with pytest.raises(PermissionDenied):
        settle_balance(actor=actor, balance=left, kind="write_off", reason="x", key="k")
    assert Balance.objects.get(pk=left.pk).amount == left.amount


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"reason": " "}, "reason"), ({"kind": "pay_out"}, "kind"), ({"kind": "credit"}, "kind")],
)
def test_what_is_refused(world: World, left: Balance, changes: dict[str, str], code: str) -> None:
    with pytest.raises(DomainError) as caught:
        settle(world, "reseller", left, **changes)
    assert (caught.value.code, caught.value.field) == (code, code)
    assert Balance.objects.get(pk=left.pk).amount == left.amount


def test_a_balance_in_use_is_not_settled(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        settle(world, "sub_reseller", world.balance("shop"), kind="pay_out")
    assert caught.value.code == "in_use"


def test_the_event_is_the_old_owners(world: World, left: Balance) -> None:
    settle(world, "reseller", left)
    for who, seen in (("operator", 1), ("reseller", 1), ("other_reseller", 0), ("sub_reseller", 0)):
        events = AuditEvent.objects.visible_to(world.actor(who)).filter(action="balance_settled")
        assert events.count() == seen, who


def test_the_owner_settles_all_of_an_archived_customer(gone: World) -> None:
    """Its account too: nobody acts for the customer any more."""
    ended: list[Balance] = list(Balance.objects.filter(customer=gone.shop).order_by("pk"))
    assert [balance.amount for balance in ended] == [Decimal("-0.015"), Decimal("-0.15")]
    for balance in ended:
        entry = settle(gone, "sub_reseller", balance, key=str(balance.pk))
        assert entry.period.starts_at == fresh(gone.shop).archived_at
    assert set(Balance.objects.filter(customer=gone.shop).values_list("amount", flat=True)) == {0}
    events = AuditEvent.objects.visible_to(gone.actor("sub_reseller"))
    told = events.filter(action="balance_settled").values_list("customer", "subject")
    assert set(told) == {(gone.shop.pk, "Firm"), (gone.shop.pk, "firm-1")}
    assert differences() == []


@pytest.mark.parametrize("kind", ["pay_out", "forfeit"])
def test_a_surplus_is_paid_out_or_forfeited(gone: World, kind: str) -> None:
    balance = gone.balance("shop")
    refund = Posting(kind="credit", amount=Decimal(2), currency="GBP", key="refund")
    post_entry(actor=gone.actor("sub_reseller"), balance_id=balance.pk, posting=refund)
    entry = settle(gone, "sub_reseller", balance, kind=kind)
    assert (entry.amount, entry.balance_after) == (Decimal("-1.985"), Decimal(0))
    assert differences() == []


def test_whoever_stands_above_an_archived_owner_settles_for_it(gone: World) -> None:
    owner = gone.sub_reseller
    for customer in Customer.objects.direct_of(owner.pk):
        archive_customer(
            actor=gone.actor("sub_reseller"), customer=customer, surplus="forfeit", reason="x"
        )
    archive_customer(actor=gone.actor("reseller"), customer=owner, surplus="forfeit", reason="x")
    balance = gone.balance("shop")
    with pytest.raises(PermissionDenied):
        settle(gone, "operator", balance)
    assert settle(gone, "reseller", balance).balance_after == 0
    assert differences() == []


def test_a_customer_settles_its_archived_account(world: World) -> None:
    tariff = tariff_with_rates(world.sub_reseller, "Desks", "GBP")
    actor = world.actor("sub_reseller")
    desk = open_account(
        actor=actor,
        customer=world.sub_reseller,
        auth_name="desk",
        by_itself=AccountTariff(tariff),
        opened_at=OPENED,
    )
    close_account(actor=actor, account=desk, reason="Left")
    store_call(world.sub_reseller, NUMBER, account=desk)
    charge_pending()
    balance = Balance.objects.get(account=desk)
    with pytest.raises(PermissionDenied):
        settle(world, "reseller", balance)
    assert settle(world, "sub_reseller", balance).balance_after == 0
    ledger = client_of(world, "sub_reseller").get(reverse("billing:account_ledger", args=[desk.pk]))
    assert reverse("billing:account_maintenance", args=[desk.pk]) not in ledger.content.decode()
    assert differences() == []


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(balance: Balance) -> str:
    return reverse("billing:settle", args=[balance.pk])


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("reseller", 200),
        ("operator", 403),
        ("sub_reseller", 403),
        ("other_reseller", 404),
        ("shop", 404),
        ("sub_customer", 404),
    ],
)
def test_who_opens_the_page(world: World, left: Balance, who: str, status: int) -> None:
    client = client_of(world, who)
    assert client.get(page(left)).status_code == status
    statement = client.get(reverse("billing:former_ledger", args=[left.pk])).content.decode()
    assert (page(left) in statement) is (status == 200)
    if status != 200:
        assert client.post(page(left), {"kind": "write_off", "reason": "x"}).status_code == status
        assert Balance.objects.get(pk=left.pk).amount == left.amount


def test_a_balance_in_use_has_no_such_page(world: World, left: Balance) -> None:
    assert client_of(world, "sub_reseller").get(page(world.balance("shop"))).status_code == 404


def test_the_form_settles_once_however_often_it_is_sent(world: World, left: Balance) -> None:
    client, statement = (
        client_of(world, "reseller"),
        reverse("billing:former_ledger", args=[left.pk]),
    )
    form = client.get(page(left)).context["form"]
    assert [value for value, _label in form.fields["kind"].choices] == ["add_funds", "write_off"]
    key = form["idempotency_key"].value()
    data = {"kind": "add_funds", "reason": "Wired", "idempotency_key": str(key), "save": ""}
    assert client.post(page(left), data | {"reason": ""}).status_code == 422
    for _press in range(2):
        answer = client.post(page(left), data)
        assert (answer.status_code, answer.headers["Location"]) == (302, statement)
    assert LedgerEntry.objects.filter(balance=left, source="settlement").count() == 1
    shown = client.get(statement)
    assert page(left) not in shown.content.decode()
    assert shown.context["statement"].closing == 0
    assert "Wired" in b"".join(client.get(statement, {"export": "csv"})).decode()
    nothing = client.get(page(left), follow=True)
    assert "nothing is left to settle" in nothing.content.decode()


def test_an_archived_customer_and_its_account_are_settled_from_their_statements(
    gone: World,
) -> None:
    client = client_of(gone, "sub_reseller")
    statement = partial(reverse, args=[gone.shop.pk])
    own = client.get(statement("billing:ledger")).content.decode()
    assert page(gone.balance("shop")) in own
    ledger = client.get(reverse("billing:account_ledger", args=[gone.account.pk]))
    desk = Balance.objects.get(account=gone.account)
    assert page(desk) in ledger.content.decode()
    asked = client.get(page(desk))
    assert "−0.1500 GBP" in asked.content.decode()
    key = str(asked.context["form"]["idempotency_key"].value())
    sent = client.post(page(desk), {"kind": "write_off", "reason": "x", "idempotency_key": key})
    assert sent.headers["Location"] == reverse("billing:account_ledger", args=[gone.account.pk])
    assert Balance.objects.get(pk=desk.pk).amount == 0


def test_the_statement_reaches_from_the_end_to_what_settled_it(world: World, left: Balance) -> None:
    settle(world, "reseller", left)
    shown = client_of(world, "reseller").get(reverse("billing:former_ledger", args=[left.pk]))
    assert left.closed_at is not None
    since, until = shown.context["statement"].since, shown.context["statement"].until
    assert since == left.closed_at.date().replace(day=1)
    assert until == datetime.now(UTC).date()
