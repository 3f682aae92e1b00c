"""The portal of an account's user: money only while, and as far as, it is charged by itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Account, AccountTerms
from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.models import Balance, Charge, LedgerEntry
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login
from calls.services.charging import charge_pending
from customers.models import User
from customers.selectors import actor_for
from customers.services.permissions import set_rights
from softswitch.core.display import price_text
from tariffs.models import Tariff
from tests.calls.stored import store_call
from tests.calls.test_selfcare import check_portal, home, shown_menu
from tests.security.portal import signed_in, text_of
from tests.world import OPENED, PASSWORD, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(world: World) -> Account:
    """An account of the sub-reseller, charged by itself since OPENED."""
    return open_account(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        auth_name="desk",
        opened_at=OPENED,
        by_itself=AccountTariff(
            Tariff.objects.get(owner=world.sub_reseller), opening_balance=Decimal("7.25")
        ),
        login=Login("desk", PASSWORD),
    )


def client_of(account: Account) -> Client:
    return signed_in(User.objects.get(account=account))


def charge_with_customer(account: Account, since: Any) -> None:
    """From ``since`` on the account's calls are its customer's to pay."""
    AccountTerms.objects.filter(account=account).update(valid_till=since)
    AccountTerms.objects.create(account=account, charging="with_customer", valid_from=since)


def test_charged_by_itself_it_sees_and_tops_up_its_own_balance(world: World, desk: Account) -> None:
    call = store_call(world.sub_reseller, "442079460000", 120, at=now(), account=desk)
    charge_pending()
    charges = {charge.level: price_text(charge.amount) for charge in Charge.objects.all()}
    client = client_of(desk)
    check_portal(client, actor_for(User.objects.get(account=desk)))
    _response, text = home(client)
    assert charges[0] in text
    assert "7.25" in text
    listed = text_of(client.get(reverse("calls:call_list")))
    drawer = text_of(client.get(reverse("calls:call_detail", args=[call.id])))
    for page in (text, listed, drawer):
        assert charges[0] in page
        assert not {amount for level, amount in charges.items() if level} & set(page.split())
        assert "Wholesale" not in page
        assert world.reseller.name not in page
    statement = client.get(reverse("billing:own_ledger"), follow=True)
    assert statement.status_code == 200
    assert "Opening balance" in text_of(statement)


def test_it_redeems_a_voucher_of_its_customer(world: World, desk: Account) -> None:
    actor = world.actor("sub_reseller")
    new = NewBatch(name="Shelf", count=1, value=Decimal(20), currency="GBP")
    ((_serial, pin),) = export_pins(actor=actor, batch=create_batch(actor=actor, new=new))
    client = client_of(desk)
    answer = client.post(reverse("billing:redeem"), {"pin": pin, "save_and_close": ""}, follow=True)
    assert answer.redirect_chain == [(reverse("dashboard"), 302)]
    assert "Paid in: 20.00 GBP. The balance is 27.25 GBP." in text_of(answer)
    assert Balance.objects.get(account=desk).amount == Decimal("27.25")
    again = client.post(reverse("billing:redeem"), {"pin": pin})
    assert again.status_code == 422
    assert "This PIN cannot be redeemed." in text_of(again)


def test_charged_with_the_customer_it_sees_calls_and_nothing_of_money(world: World) -> None:
    call = store_call(world.shop, "442079460000", 120, at=now(), account=world.account)
    charge_pending()
    amounts = {price_text(charge.amount) for charge in Charge.objects.all()}
    client = client_of(world.account)
    check_portal(client, actor_for(User.objects.get(account=world.account)))
    response, text = home(client)
    assert reverse("billing:redeem") not in shown_menu(response)
    pages = [text, text_of(client.get(reverse("calls:call_list")))]
    pages.append(text_of(client.get(reverse("calls:call_detail", args=[call.id]))))
    for page in pages:
        assert "442079460000" in page
        assert "Answered" in page
        assert "GBP" not in page
        assert not amounts & set(page.split())
    entry = LedgerEntry.objects.filter(customer=world.shop).earliest("pk")
    for url in (
        reverse("billing:account_ledger", args=[world.account.pk]),
        reverse("billing:redeem"),
        reverse("billing:own_ledger"),
    ):
        assert client.get(url).status_code == 403
    assert client.get(reverse("billing:entry_detail", args=[entry.pk])).status_code == 404
    assert client.get(reverse("billing:ledger", args=[world.shop.pk])).status_code == 404


def test_a_change_of_the_way_counts_at_once_and_leaves_history(world: World, desk: Account) -> None:
    """Calls it paid keep their price; those its customer pays never show one."""
    old = store_call(
        world.sub_reseller, "442079460001", 60, at=now() - timedelta(hours=2), account=desk
    )
    charge_with_customer(desk, now() - timedelta(hours=1))
    store_call(world.sub_reseller, "442079460002", 60, at=now(), account=desk)
    charge_pending()
    own = Charge.objects.get(account=desk)
    assert own.call_id == old.id
    client = client_of(desk)
    assert actor_for(User.objects.get(account=desk)).rights == {"cdrs.view"}
    response, text = home(client)
    lines = {line.call.called_number: line for line in response.context["lines"]}
    assert lines["442079460001"].paid_amount == own.amount
    assert (lines["442079460002"].paid_amount, lines["442079460002"].result) == (None, "answered")
    assert 'id="funds"' not in text
    assert "7.25" not in text
    for name in ("billing:own_ledger", "billing:entry_list", "billing:redeem"):
        assert client.get(reverse(name)).status_code == 403
    assert "GBP" not in text_of(client.get(reverse("accounts:account_detail", args=[desk.pk])))
    free = text_of(client.get(reverse("calls:call_list") + "?result=free"))
    assert "442079460002" not in free


def test_before_it_paid_itself_calls_have_no_price(world: World, desk: Account) -> None:
    start = now() - timedelta(hours=1)
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    charge_with_customer(desk, OPENED + timedelta(seconds=1))
    AccountTerms.objects.filter(account=desk, valid_till=None).update(valid_till=start)
    AccountTerms.objects.create(account=desk, charging="by_itself", tariff=tariff, valid_from=start)
    store_call(world.sub_reseller, "442079460001", 60, at=start - timedelta(hours=1), account=desk)
    store_call(world.sub_reseller, "442079460002", 60, at=now(), account=desk)
    charge_pending()
    response, _text = home(client_of(desk))
    lines = {line.call.called_number: line for line in response.context["lines"]}
    assert (lines["442079460001"].paid_amount, lines["442079460001"].result) == (None, "answered")
    assert lines["442079460002"].result == "charged"


def test_what_the_customer_may_not_see_its_account_does_not_either(world: World) -> None:
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=frozenset())
    user = User.objects.get(account=world.account)
    assert actor_for(user).rights == frozenset()
    check_portal(signed_in(user), actor_for(user))


def test_an_account_of_a_kind_without_vouchers_redeems_none(world: World, desk: Account) -> None:
    world.sub_reseller.kind = "residential"
    world.sub_reseller.save()
    rights = actor_for(User.objects.get(account=desk)).rights
    assert rights == {"cdrs.view", "balance.view", "invoices.view"}


def test_its_own_profile_and_nothing_of_the_customer(world: World, desk: Account) -> None:
    client = client_of(desk)
    assert client.get(reverse("customers:profile")).status_code == 200
    for name, key in (
        ("customers:customer_detail", world.sub_reseller.pk),
        ("billing:ledger", world.sub_reseller.pk),
        ("billing:customer_redeem", world.shop.pk),
        ("accounts:account_detail", world.account.pk),
    ):
        assert client.get(reverse(name, args=[key])).status_code in (403, 404), name
    assert client.get(reverse("accounts:account_detail", args=[desk.pk])).status_code == 200
