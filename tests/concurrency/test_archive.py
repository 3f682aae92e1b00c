"""Archiving beside redemption, edits and postings: one order of locks, no money behind it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import Account, Voucher
from accounts.services.vouchers import NewBatch, create_batch
from billing.models import Balance
from billing.services import verify
from billing.services.accounts import AccountTariff, open_account
from billing.services.archive import archive_customer
from billing.services.maintenance import maintain
from billing.services.resets import reset_balance
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tests.world import actor_of, build_world, customer_of, tariff_with_rates

pytestmark = pytest.mark.django_db(transaction=True)
Rows = Callable[[], "QuerySet[Any]"]


@pytest.fixture
def firm(transactional_db: None) -> Customer:
    """A reseller below another one, with a paying account and an unused voucher."""
    world = build_world()
    tariff = tariff_with_rates(world.sub_reseller, "Lines", "GBP")
    firm = customer_of(world.sub_reseller, "Firm", "reseller", tariff, opening_balance=Decimal(7))
    own = tariff_with_rates(firm, "Own", "GBP")
    actor = actor_of(firm)
    open_account(actor=actor, customer=firm, auth_name="firm-1", by_itself=AccountTariff(own))
    create_batch(actor=actor, new=NewBatch(name="Shelf", count=1, value=Decimal(5), currency="GBP"))
    return firm


def archive(firm: Customer) -> str:
    """Archive through the service, on a connection of its own."""
    try:
        archive_customer(
            actor=actor_of(Customer.objects.get(pk=firm.owner_id)),
            customer=Customer.objects.get(pk=firm.pk),
            surplus="pay_out",
            reason="Closed",
        )
    finally:
        connection.close()
    return "archived"


def wait_for_a_lock() -> None:
    """Return once some connection waits for another one's lock."""
    for _try in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("Nobody waits for a lock.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Customer.objects.all, lambda: Balance.objects.filter(account=None)),
        (Account.objects.all, Balance.objects.all),
        (Balance.objects.all, Voucher.objects.all),
    ],
    ids=["customer, balance", "account, balance", "balance, voucher"],
)
def test_who_holds_the_first_lock_gets_the_second(
    firm: Customer, before: Rows, after: Rows
) -> None:
    """As an edit locks customer and balance, a charge account and balance, redeeming a voucher."""

    def own(rows: Rows) -> list[object]:
        found = rows()
        path = {Customer: "pk", Voucher: "batch__customer"}.get(found.model, "customer")
        locked = found.select_for_update(no_key=True, nowait=True, of=("self",))
        return list(locked.filter(**{path: firm.pk}).order_by("pk"))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert own(before)
            archiving = pool.submit(archive, firm)
            wait_for_a_lock()
            assert own(after)
        assert archiving.result(timeout=60) == "archived"
    assert [*verify.differences()] == []
    assert set(Voucher.objects.values_list("status", flat=True)) == {"blocked"}


def credit(firm: Customer, owner: Actor) -> None:
    maintain(
        actor=owner,
        balance=Balance.objects.get(customer=firm, account=None),
        action="credit",
        amount=Decimal(1),
        currency="GBP",
        key="behind",
    )


def reset(firm: Customer, owner: Actor) -> None:
    reset_balance(actor=owner, customer=firm, reason="Tidy", key="behind")


@pytest.mark.parametrize("post", [credit, reset])
def test_nobody_posts_behind_an_archive(
    firm: Customer, post: Callable[[Customer, Actor], None]
) -> None:
    owner = actor_of(Customer.objects.get(pk=firm.owner_id))

    def refused() -> str:
        try:
            post(firm, owner)
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "posted"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            archive_customer(actor=owner, customer=firm, surplus="pay_out", reason="Closed")
            posting = pool.submit(refused)
            wait_for_a_lock()
        assert posting.result(timeout=60) == "archived"
    assert Balance.objects.get(customer=firm, account=None).amount == 0
