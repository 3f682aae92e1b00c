"""What is made of a customer at the moment of its archive: it is refused, or archived with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.models import Account, AccountTerms, Host, Trunk, Voucher, VoucherBatch
from accounts.services.cards import NewCards
from accounts.services.hosts import NewHost, add_host
from accounts.services.trunks import archive_trunk, create_trunk
from accounts.services.vouchers import NewBatch, create_batch, make_vouchers
from billing.models import Balance
from billing.services import verify
from billing.services.accounts import AccountTariff, open_account, set_charging
from billing.services.archive import archive_customer
from billing.services.cards import open_cards
from billing.services.customers import Terms, edit_customer, open_customer
from billing.services.records.applying import apply_import
from billing.services.records.uploads import request_apply
from calls.services.charging import charge_pending
from customers.models import Customer
from customers.services.holding import hold
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.records import checked
from tests.calls.stored import store_call
from tests.concurrency.test_archive import archive, firm, wait_for_a_lock
from tests.world import actor_of, tariff_with_rates

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[[Customer, Actor], object]

__all__ = ["firm"]


def plain_account(firm: Customer, actor: Actor) -> object:
    return open_account(actor=actor, customer=firm, auth_name="new")


def paying_account(firm: Customer, actor: Actor) -> object:
    terms = AccountTariff(Tariff.objects.get(owner=firm), opening_balance=Decimal(3))
    return open_account(actor=actor, customer=firm, auth_name="new", by_itself=terms)


def cards(firm: Customer, actor: Actor) -> object:
    new = NewCards("New", 3, Decimal(5), Tariff.objects.get(owner=firm))
    return open_cards(actor=actor, customer=firm, new=new)


def vouchers(_firm: Customer, actor: Actor) -> object:
    return create_batch(actor=actor, new=NewBatch("New", 2, Decimal(5), "GBP"))


def trunk(firm: Customer, actor: Actor) -> object:
    return create_trunk(actor=actor, customer=firm, name="New", hosts=[NewHost("192.0.2.1")])


def host(firm: Customer, actor: Actor) -> object:
    found = Trunk.objects.select_related("customer").get(customer=firm)
    return add_host(actor=actor, trunk=found, host=NewHost("192.0.2.2"))


def charging(firm: Customer, actor: Actor) -> object:
    """Another tariff for an account, which an archive ends."""
    account = Account.objects.select_related("customer").get(auth_name="firm-1")
    terms = AccountTariff(Tariff.objects.get(owner=firm), credit_limit=Decimal(1))
    set_charging(actor=actor, account=account, by_itself=terms)
    return account


def customer(firm: Customer, actor: Actor) -> object:
    terms = Terms(Tariff.objects.get(owner=firm))
    return open_customer(actor=actor, name="New", kind="business", terms=terms)


MAKERS = [plain_account, paying_account, cards, vouchers, trunk, host, charging]


@pytest.fixture
def with_trunk(firm: Customer) -> Customer:
    create_trunk(actor=actor_of(firm), customer=firm, name="Old", hosts=[])
    return firm


def assert_all_gone(firm: Customer) -> None:
    """Nothing of the firm is live, and nothing has money."""
    assert not Account.objects.live().filter(customer=firm).exists()
    assert not Trunk.objects.live().filter(customer=firm).exists()
    assert not Host.objects.current().filter(trunk__customer=firm).exists()
    assert not Voucher.objects.filter(batch__customer=firm, status="active").exists()
    assert not Customer.objects.direct_of(firm.pk).exists()
    assert not Balance.objects.filter(customer=firm).exclude(amount=0).exists()
    assert [*verify.differences()] == []


@pytest.mark.parametrize("make", [*MAKERS, customer])
def test_nothing_is_made_behind_an_archive(with_trunk: Customer, make: Make) -> None:
    """Its maker read the customer before the archive was committed."""
    actor = actor_of(with_trunk)

    def refused() -> str:
        try:
            make(Customer.objects.get(pk=with_trunk.pk), actor)
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            archive_customer(
                actor=actor_of(Customer.objects.get(pk=with_trunk.owner_id)),
                customer=with_trunk,
                surplus="pay_out",
                reason="Closed",
            )
            making = pool.submit(refused)
            wait_for_a_lock()
        assert making.result(timeout=60) == "archived"
    assert_all_gone(with_trunk)


@pytest.mark.parametrize("make", MAKERS)
def test_what_was_made_before_is_archived_with_its_customer(
    with_trunk: Customer, make: Make
) -> None:
    """The archive waits for whoever makes something, and finds it."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            make(with_trunk, actor_of(with_trunk))
            archiving = pool.submit(archive, with_trunk)
            wait_for_a_lock()
        assert archiving.result(timeout=60) == "archived"
    assert_all_gone(with_trunk)


def test_an_import_into_a_customer_that_is_being_archived_makes_nothing(firm: Customer) -> None:
    actor = actor_of(firm)
    job = checked(actor, "account", [{"auth_name": f"row-{number}"} for number in range(3)])
    request_apply(actor=actor, job=job)

    def apply() -> None:
        try:
            apply_import(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            archive_customer(
                actor=actor_of(Customer.objects.get(pk=firm.owner_id)),
                customer=firm,
                surplus="pay_out",
                reason="Closed",
            )
            applying = pool.submit(apply)
            wait_for_a_lock()
        applying.result(timeout=60)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "Firm is archived.")
    assert_all_gone(firm)


def test_the_rest_of_a_batch_of_vouchers_is_not_made_after_an_archive(
    firm: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.services.vouchers.AT_ONCE", 2)
    monkeypatch.setattr("accounts.services.vouchers.enqueue", lambda *_args, **_more: None)
    batch = create_batch(actor=actor_of(firm), new=NewBatch("Large", 3, Decimal(5), "GBP"))
    archive(firm)
    make_vouchers(batch_id=batch.pk)
    assert VoucherBatch.objects.get(pk=batch.pk).made == 0
    assert_all_gone(firm)


def test_a_trunk_that_is_being_archived_gets_no_host(with_trunk: Customer) -> None:
    actor = actor_of(with_trunk)

    def refused() -> str:
        try:
            host(with_trunk, actor)
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            old = Trunk.objects.select_related("customer").get(customer=with_trunk)
            archive_trunk(actor=actor, trunk=old)
            adding = pool.submit(refused)
            wait_for_a_lock()
        assert adding.result(timeout=60) == "archived"
    assert not Host.objects.current().filter(trunk=old).exists()


def desk_opened(firm: Customer, actor: Actor) -> object:
    terms = AccountTariff(Tariff.objects.get(name="Lines"))
    return open_account(actor=actor, customer=firm, auth_name="new", by_itself=terms)


def desk_changed(firm: Customer, actor: Actor) -> object:
    account = Account.objects.select_related("customer").get(auth_name="firm-1")
    terms = AccountTariff(Tariff.objects.get(name="Lines"))
    set_charging(actor=actor, account=account, by_itself=terms)
    return account


@pytest.mark.parametrize("make", [desk_opened, desk_changed])
@pytest.mark.parametrize("is_first", [True, False])
def test_no_account_stays_at_rates_that_its_customer_has_left(
    firm: Customer, make: Make, *, is_first: bool
) -> None:
    """Its owner changes the tariff at the moment in which an account is put at it."""
    owner, actor = actor_of(Customer.objects.get(pk=firm.owner_id)), actor_of(firm)
    dear = tariff_with_rates(owner.customer, "Dear", "GBP", factor="9")
    steps: dict[str, Callable[[], object]] = {
        "made": partial(make, firm, actor),
        "changed": partial(edit_customer, actor=owner, customer=firm, profile={}, tariff=dear),
    }
    first, second = steps if is_first else reversed(steps)

    def follow() -> str:
        try:
            steps[second]()
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return second

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            steps[first]()
            following = pool.submit(follow)
            wait_for_a_lock()
        assert following.result(timeout=60) == ("changed" if is_first else "tariff")
    in_force = AccountTerms.objects.filter(account__customer=firm, valid_till=None)
    assert not in_force.filter(tariff__name="Lines").exists()
    assert in_force.filter(tariff=dear).count() == is_first


def test_nobody_who_charges_or_makes_something_waits_for_who_holds(firm: Customer) -> None:
    """Only what writes the customer's row does."""
    store_call(firm, "442071234567", account=Account.objects.get(auth_name="firm-1"))

    def charge_and_make() -> int:
        try:
            plain_account(Customer.objects.get(pk=firm.pk), actor_of(firm))
            return charge_pending().charged
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        hold(actor=actor_of(firm), customers=[firm])
        assert pool.submit(charge_and_make).result(timeout=60) == 1
