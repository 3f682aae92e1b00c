"""Services of accounts: ways of charging, limits, kinds, SIP passwords, the end of one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from accounts.choices import Charging
from accounts.models import Account, AccountTerms
from accounts.services.accounts import digest_ha1, edit_account, set_sip_password
from accounts.services.logins import open_login
from billing.models import Balance, BillingPeriod, LedgerEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account, set_charging
from billing.services.maintenance import maintain
from calls.services.charging import charge_pending
from customers.models import BusinessModel, Customer, User
from notifications.models import Message
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.selectors import tariff_of
from tests.calls.stored import charges_of, store_call
from tests.world import OPENED, PASSWORD, World, actor_of, customer_of, tariff_with_rates

LONDON = "442071234567"


def own_rates(customer: Customer) -> Tariff:
    """The tariff by which the customer itself pays."""
    tariff = tariff_of(customer.pk, now())
    assert tariff is not None
    return tariff


def add_funds(world: World, account: Account, amount: str) -> Balance:
    balance = Balance.objects.get(account=account)
    maintain(
        actor=world.actor("shop"),
        balance=balance,
        action="add_funds",
        amount=Decimal(amount),
        currency="GBP",
        key=f"funds-{amount}",
    )
    balance.refresh_from_db()
    return balance


def test_charging_by_itself_counts_for_calls_that_start_later(world: World) -> None:
    before = store_call(world.shop, LONDON, at=now() - timedelta(minutes=5), account=world.account)
    terms = AccountTariff(own_rates(world.shop), mode="postpaid", credit_limit=Decimal(20))
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=terms)
    after = store_call(world.shop, LONDON, at=now(), account=world.account)
    charge_pending()
    assert [row.level for row in charges_of(before)] == [1, 2, 3]
    assert [row.level for row in charges_of(after)] == [0, 1, 2, 3]
    own, customers = charges_of(after)[:2]
    assert own.cost == customers.cost  # at the same rates, each to its own balance
    balance = Balance.objects.get(account=world.account)
    assert (balance.amount, balance.currency_id) == (-own.amount, "GBP")
    assert (balance.mode, balance.credit_limit) == ("postpaid", Decimal(20))
    assert [*verify.differences()] == []


def test_the_way_changes_only_at_a_zero_balance_which_is_named(world: World) -> None:
    actor = world.actor("shop")
    terms = AccountTariff(own_rates(world.shop))
    set_charging(actor=actor, account=world.account, by_itself=terms)
    add_funds(world, world.account, "3.50")
    with pytest.raises(DomainError, match=r"is 3\.50 GBP") as refused:
        set_charging(actor=actor, account=world.account, by_itself=None)
    assert (refused.value.code, refused.value.field) == ("balance_not_zero", "charging")
    maintain(
        actor=actor,
        balance=Balance.objects.get(account=world.account),
        action="debit",
        amount=Decimal("3.50"),
        currency="GBP",
        key="back",
    )
    set_charging(actor=actor, account=world.account, by_itself=None)
    rows = AccountTerms.objects.filter(account=world.account).order_by("valid_from")
    ways = [row.charging for row in rows]
    assert ways == [Charging.WITH_CUSTOMER, Charging.BY_ITSELF, Charging.WITH_CUSTOMER]
    assert [row.valid_till for row in rows][:2] == [row.valid_from for row in rows][1:]
    set_charging(actor=actor, account=world.account, by_itself=terms)
    assert Balance.objects.filter(account=world.account).count() == 1


def test_another_tariff_is_dated_and_needs_no_zero_balance(world: World) -> None:
    actor = world.actor("reseller")
    first = tariff_with_rates(world.reseller, "First", "EUR")
    second = tariff_with_rates(world.reseller, "Second", "EUR", factor="2")
    account = open_account(
        actor=actor,
        customer=world.reseller,
        auth_name="own",
        by_itself=AccountTariff(first, opening_balance=Decimal(5)),
        opened_at=OPENED,
    )
    old = store_call(world.reseller, LONDON, at=now() - timedelta(minutes=1), account=account)
    set_charging(actor=actor, account=account, by_itself=AccountTariff(second))
    new = store_call(world.reseller, LONDON, at=now(), account=account)
    charge_pending()
    assert charges_of(new)[0].cost == 2 * charges_of(old)[0].cost
    assert AccountTerms.objects.filter(account=account).count() == 2


def test_another_calendar_waits_for_the_next_close(world: World) -> None:
    actor, tariff = world.actor("shop"), own_rates(world.shop)
    set_charging(actor=actor, account=world.account, by_itself=AccountTariff(tariff))
    add_funds(world, world.account, "1")
    weekly = AccountTariff(tariff, period_type="weekly", period_timezone="Europe/London")
    set_charging(actor=actor, account=world.account, by_itself=weekly)
    balance = Balance.objects.get(account=world.account)
    assert (balance.period_type, balance.next_period_type) == ("monthly", "weekly")
    assert str(balance.next_period_timezone) == "Europe/London"


def test_charging_is_between_the_customer_and_its_accounts(world: World) -> None:
    """Neither its owner nor a foreign tariff comes in between."""
    terms = AccountTariff(own_rates(world.shop))
    with pytest.raises(PermissionDenied):
        set_charging(actor=world.actor("sub_reseller"), account=world.account, by_itself=terms)
    noc = replace(world.actor("shop"), rights=frozenset({"accounts.edit"}))
    with pytest.raises(PermissionDenied):
        set_charging(actor=noc, account=world.account, by_itself=terms)
    foreign = AccountTariff(tariff_with_rates(world.reseller, "Foreign", "EUR"))
    with pytest.raises(DomainError) as refused:
        set_charging(actor=world.actor("shop"), account=world.account, by_itself=foreign)
    assert refused.value.field == "tariff"


@pytest.mark.parametrize("name", ["max_sessions", "cps_limit"])
def test_a_customer_stays_within_its_owners_ceiling(world: World, name: str) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=10, cps_limit=10)
    account = Account.objects.get(pk=world.account.pk)
    with pytest.raises(DomainError) as refused:
        edit_account(actor=world.actor("shop"), account=account, values={name: 11})
    assert (refused.value.code, refused.value.field) == ("above_ceiling", name)
    account = Account.objects.get(pk=world.account.pk)
    edit_account(actor=world.actor("shop"), account=account, values={name: 10})
    edit_account(actor=world.actor("sub_reseller"), account=account, values={name: 50})
    edit_account(actor=world.actor("shop"), account=account, values={"name": "Desk"})
    stored = Account.objects.get(pk=account.pk)
    assert (getattr(stored, name), stored.name) == (50, "Desk")


@pytest.mark.parametrize("kind", ["termination", "virtual"])
def test_kinds_without_sip_accounts_get_none(world: World, kind: str) -> None:
    tariff = own_rates(world.sub_customer)
    customer = customer_of(world.reseller, "Other kind", kind, tariff)
    with pytest.raises((DomainError, PermissionDenied)):
        open_account(actor=actor_of(customer), customer=customer, auth_name="nobody")
    with pytest.raises(DomainError) as refused:
        open_account(actor=world.actor("reseller"), customer=customer, auth_name="nobody")
    assert refused.value.code == "kind"


def test_a_business_model_narrows_the_account_kinds(world: World) -> None:
    model = BusinessModel.objects.create(
        owner=world.sub_reseller, name="Cards only", kinds=["business"], account_kinds=["card"]
    )
    Customer.objects.filter(pk=world.shop.pk).update(business_model=model)
    shop = Customer.objects.get(pk=world.shop.pk)
    with pytest.raises(DomainError) as refused:
        open_account(actor=world.actor("sub_reseller"), customer=shop, auth_name="desk")
    assert refused.value.code == "kind"


def test_a_generated_sip_password_is_kept_as_a_digest_only(world: World) -> None:
    password = set_sip_password(actor=world.actor("shop"), account=world.account)
    stored = Account.objects.get(pk=world.account.pk)
    assert len(password) == 20
    assert stored.digest_ha1 == digest_ha1("shop-1", password)
    switched = replace(world.actor("shop"), stack=(1, 2))
    with pytest.raises(DomainError, match="while switched"):
        set_sip_password(actor=switched, account=stored)


def test_an_account_ends_with_a_zero_balance_and_its_name_stays_taken(world: World) -> None:
    actor = world.actor("shop")
    terms = AccountTariff(own_rates(world.shop))
    set_charging(actor=actor, account=world.account, by_itself=terms)
    balance = add_funds(world, world.account, "7.25")
    with pytest.raises(DomainError) as refused:
        close_account(actor=actor, account=world.account, reason="left")
    assert refused.value.field == "surplus"
    assert Account.objects.get(pk=world.account.pk).archived_at is None
    close_account(actor=actor, account=world.account, surplus="pay_out", reason="left")
    entry = LedgerEntry.objects.get(balance=balance, kind="pay_out")
    assert (entry.amount, entry.balance_after, entry.notes) == (
        Decimal("-7.25"),
        Decimal(0),
        "left",
    )
    archived = Account.objects.get(pk=world.account.pk)
    period = BillingPeriod.objects.get(balance=balance, closed_at__isnull=False)
    assert archived.archived_at == period.ends_at
    assert not AccountTerms.objects.filter(account=archived, valid_till=None).exists()
    assert not User.objects.get(login="shop-1").is_active
    with pytest.raises(DomainError) as taken:
        open_account(actor=actor, customer=world.shop, auth_name="Shop-1")
    assert taken.value.code == "taken"
    close_account(actor=actor, account=archived, reason="again")
    assert [*verify.differences()] == []


def test_what_an_account_owes_is_written_off(world: World) -> None:
    terms = AccountTariff(own_rates(world.shop))
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=terms)
    call = store_call(world.shop, LONDON, 600, at=now(), account=world.account)
    charge_pending()
    owed = charges_of(call)[0].amount
    with pytest.raises(DomainError) as refused:
        close_account(actor=world.actor("sub_reseller"), account=world.account, reason="gone")
    assert refused.value.code == "balance_not_zero"
    assert str(owed) not in refused.value.message
    close_account(actor=world.actor("shop"), account=world.account, reason="gone")
    assert LedgerEntry.objects.get(account=world.account, kind="write_off").amount == owed
    assert Balance.objects.get(account=world.account).amount == 0


def test_a_login_is_invited_by_mail_or_gets_a_password(world: World) -> None:
    actor = world.actor("shop")
    invited = open_login(actor=actor, account=world.account, login="anna", email="anna@example.com")
    assert not invited.has_usable_password()
    assert Message.objects.get(user=invited).recipient == "anna@example.com"
    ready = open_login(actor=actor, account=world.account, login="ben", password=PASSWORD)
    assert (ready.account_id, ready.check_password(PASSWORD)) == (world.account.pk, True)
    with pytest.raises(DomainError) as refused:
        open_login(actor=actor, account=world.account, login="carla")
    assert refused.value.code == "no_email"
    assert not User.objects.filter(login="carla").exists()
