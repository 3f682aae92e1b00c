"""Pages of one account: charging, SIP password, logins, delete; lists and bulk actions."""

from decimal import Decimal
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from accounts.services.logins import open_login
from billing.models import Balance, LedgerEntry
from billing.services.accounts import AccountTariff, open_account
from customers.models import Customer, User
from tests.accounts.browsing import BACKEND, browser
from tests.sql import count_queries
from tests.world import OPENED, PASSWORD, World, tariff_with_rates

PAGES = ("charging", "password", "archive", "logins", "login_add")


@pytest.fixture
def desk(world: World) -> Account:
    """An account of the reseller that is charged by itself and has 12.50 EUR."""
    tariff = tariff_with_rates(world.reseller, "Desks", "EUR")
    return open_account(
        actor=world.actor("reseller"),
        customer=world.reseller,
        auth_name="desk-1",
        by_itself=AccountTariff(tariff, opening_balance=Decimal("12.5")),
        opened_at=OPENED,
    )


def page(account: Account, name: str) -> str:
    return reverse(f"accounts:account_{name}", args=[account.pk])


def test_pages_of_an_account_by_who_asks(world: World) -> None:
    account = world.account
    for name in PAGES:
        url = page(account, name)
        assert browser(world, "shop").get(url).status_code == 200, name
        owner = 403 if name == "charging" else 200
        assert browser(world, "sub_reseller").get(url).status_code == owner, name
        above = 200 if name == "logins" else 403
        assert browser(world, "reseller").get(url).status_code == above, name
        assert browser(world, "other_reseller").get(url).status_code == 404, name
        assert Client().get(url).status_code == 302, name


def test_without_the_right_an_account_is_only_read(world: World) -> None:
    user = world.user("shop")
    user.role = "read_only"
    user.save(update_fields=["role"])
    client = Client()
    client.force_login(user, backend=BACKEND)
    for name in PAGES:
        assert client.get(page(world.account, name)).status_code == 403, name
    assert client.post(page(world.account, "deactivate")).status_code == 403
    assert client.get(page(world.account, "detail")).status_code == 200


def test_an_accounts_own_user_sees_it_and_changes_nothing(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(login="shop-1"), backend=BACKEND)
    assert client.get(page(world.account, "detail")).status_code == 200
    for name in PAGES:
        assert client.get(page(world.account, name)).status_code == 403, name


def test_charging_is_changed_and_its_history_shown(world: World) -> None:
    client, url = browser(world, "shop"), page(world.account, "charging")
    values = {"charging": "by_itself", "tariff": "same", "mode": "postpaid", "credit_limit": "30"}
    assert client.post(url, values | {"period_type": "weekly"}).status_code == 302
    balance = Balance.objects.get(account=world.account)
    assert (balance.mode, balance.credit_limit, balance.period_type) == (
        "postpaid",
        Decimal(30),
        "weekly",
    )
    text = client.get(page(world.account, "detail")).content.decode()
    assert "The customer&#x27;s rates" in text
    assert "Street" not in text
    assert text.count("With the customer") == 1


def test_a_refused_change_names_the_balance(world: World, desk: Account) -> None:
    answer = browser(world, "reseller").post(page(desk, "charging"), {"charging": "with_customer"})
    assert answer.status_code == 422
    assert "12.50 EUR" in answer.content.decode()


def test_a_generated_sip_password_is_shown_once(world: World) -> None:
    client = browser(world, "shop")
    answer = client.post(page(world.account, "password"), {"sip_password": ""}, follow=True)
    assert "shown this once" in answer.content.decode()
    assert Account.objects.get(pk=world.account.pk).digest_ha1
    again = client.get(page(world.account, "detail")).content.decode()
    assert "shown this once" not in again


def test_logins_are_added_listed_and_blocked(world: World) -> None:
    client = browser(world, "shop")
    values = {"login": "anna", "email": "anna@example.com"}
    assert client.post(page(world.account, "login_add"), values).status_code == 302
    anna = User.objects.get(login="anna")
    assert anna.account_id == world.account.pk
    shown = client.get(page(world.account, "logins")).content.decode()
    assert "anna@example.com" in shown
    assert "shop-1" in shown
    client.post(reverse("customers:user_block", args=[anna.pk]))
    anna.refresh_from_db()
    assert not anna.is_active
    refused = client.post(page(world.account, "login_add"), {"login": "ben"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["email"])


def test_an_account_is_deleted_with_what_it_has_left(world: World, desk: Account) -> None:
    client, url = browser(world, "reseller"), page(desk, "archive")
    assert "12.50" in client.get(url).content.decode()
    assert client.post(url, {"surplus": "forfeit"}).status_code == 422  # no reason
    assert client.post(url, {"surplus": "forfeit", "reason": "left"}).status_code == 302
    assert LedgerEntry.objects.get(account=desk, kind="forfeit").amount == Decimal("-12.5")
    assert "desk-1" not in client.get(reverse("accounts:account_list")).content.decode()
    assert client.get(page(desk, "detail")).status_code == 404


def test_bulk_delete_skips_what_has_a_balance(world: World, desk: Account) -> None:
    plain = open_account(actor=world.actor("reseller"), customer=world.reseller, auth_name="plain")
    ticked = {"do": "delete", "pk": [desk.pk, plain.pk, world.account.pk]}
    url = reverse("accounts:account_list")
    client = browser(world, "reseller")
    assert "plain" in client.post(url, ticked).content.decode()  # asks first
    answer = client.post(url, ticked | {"confirmed": "1"}, follow=True).content.decode()
    assert "1 done, 2 skipped" in answer
    live = Account.objects.live().values_list("auth_name", flat=True)
    assert set(live) == {"desk-1", "shop-1"}


def test_a_limit_above_the_ceiling_names_its_field(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=5)
    answer = browser(world, "shop").post(
        page(world.account, "edit"), {"status": "active", "max_sessions": "6"}
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["max_sessions"]
    assert "at most 5" in answer.content.decode()


def test_the_accounts_of_one_customer_are_its_alone(world: World, desk: Account) -> None:
    client = browser(world, "reseller")
    url = reverse("accounts:accounts_of", args=[world.shop.pk])
    text = client.get(url).content.decode()
    assert "shop-1" in text
    assert "desk-1" not in text
    assert browser(world, "other_reseller").get(url).status_code == 404
    detail = reverse("customers:customer_detail", args=[world.shop.pk])
    assert f'href="{url}"' in client.get(detail).content.decode()


def test_balances_are_for_roles_with_money(world: World, desk: Account) -> None:
    url = reverse("accounts:account_list")
    assert "12.50" in browser(world, "reseller").get(url).content.decode()
    noc = User.objects.create(login="noc", customer=world.reseller, role="noc")
    client = Client()
    client.force_login(noc, backend=BACKEND)
    text = client.get(url).content.decode()
    assert "desk-1" in text
    assert "12.50" not in text


def test_the_pages_ask_the_same_number_of_questions_for_more_rows(
    world: World, desk: Account
) -> None:
    client, actor = browser(world, "reseller"), world.actor("reseller")
    urls = [reverse("accounts:account_list"), page(desk, "logins")]
    open_login(actor=actor, account=desk, login="desk-0", password=PASSWORD)
    few = [count_queries(partial(client.get, url)) for url in urls]
    tariff = tariff_with_rates(world.reseller, "More", "EUR")
    for number in range(12):
        open_account(
            actor=actor,
            customer=world.reseller,
            auth_name=f"more-{number}",
            by_itself=AccountTariff(tariff, opening_balance=Decimal(1)),
        )
        open_login(actor=actor, account=desk, login=f"user-{number}", password=PASSWORD)
    assert [count_queries(partial(client.get, url)) for url in urls] == few
