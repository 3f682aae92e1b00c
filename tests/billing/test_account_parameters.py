"""How a customer invoices its accounts: settings for all of them, and for one."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Account
from billing.models import AccountParameters, Balance, InvoiceSettings, Tax, TaxRate
from billing.selectors.account_parameters import parameters_of_accounts
from billing.selectors.dunning_rules import terms_of as dunning_terms
from billing.services.account_parameters import set_account_parameters
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.invoice_settings import create_settings, create_term, delete_definition
from billing.services.issuing import issue_due
from billing.services.tax_settings import create_tax
from calls.services.charging import charge_pending
from customers.choices import Role
from customers.models import AuditEvent, User
from customers.selectors.parameters import NOTHING
from customers.services.users import create_user
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.browsing import browser, signed_in, url
from tests.billing.drafts import PARIS, D, drafted, lines_of
from tests.calls.stored import store_call
from tests.world import OPENED, PASSWORD, World


@pytest.fixture
def desk(world: World) -> Account:
    """An account of the shop's, a business, that is charged by itself; it had one call of 6.00."""
    account = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="desk",
        by_itself=AccountTariff(Tariff.objects.get(name="Street"), mode="postpaid"),
        opened_at=OPENED,
    )
    store_call(world.shop, PARIS, 4000, account=account)  # 66.7 minutes at 0.09
    charge_pending()
    return account


def own_url(name: str, *args: Any) -> str:
    return reverse(f"customers:{name}", args=args)


def put(world: World, account: Account | None = None, **values: Any) -> bool:
    return set_account_parameters(
        actor=world.actor("shop"), customer=world.shop, account=account, values=values
    )


def own(world: World) -> dict[str, Any]:
    """Settings, a term and a tax of 10 %, the own of the shop, which has accounts to invoice."""
    actor = world.actor("shop")
    tax = Tax.objects.create(owner=world.shop, name="City", mode="added", category="S")
    TaxRate.objects.create(tax=tax, position=1, name="City", percent=10)
    return {
        "invoice_settings": create_settings(actor=actor, name="Desks", series="DESK-"),
        "payment_term": create_term(actor=actor, name="Net 5", due_days=5, grace_days=2),
        "tax": tax,
    }


def test_a_business_defines_what_its_accounts_are_invoiced_by(world: World) -> None:
    client = browser(world, "shop")
    for name in ("invoice_settings_list", "payment_term_list", "tax_list"):
        assert client.get(url(name)).status_code == 200
    create_tax(actor=world.actor("shop"), name="None", mode="none", category="O", reason="Exempt")
    assert Tax.objects.get().owner == world.shop


def test_what_is_set_for_all_counts_for_each(world: World, desk: Account) -> None:
    put(world, **own(world), auto_invoice=True, minimum_commitment=D(10))
    invoice = drafted(desk.balance)
    assert invoice.terms["series"] == "DESK-"
    assert invoice.terms["due_days"] == 5
    assert [kind for (kind,) in lines_of(invoice, "kind")] == ["usage", "minimum"]
    assert (invoice.net, invoice.tax, invoice.total) == (D(10), D(1), D(11))
    assert invoice.issue_after is not None
    assert issue_due(moment=invoice.issue_after) == 1
    invoice.refresh_from_db()
    assert invoice.issued_on is not None
    assert invoice.due_on == invoice.issued_on + timedelta(days=5)
    assert invoice.number == "DESK-000001"
    assert dunning_terms([desk.balance])[desk.balance.pk].grace == 2


def test_an_account_of_its_own_terms(world: World, desk: Account) -> None:
    chosen = own(world)
    put(world, **chosen, auto_invoice=True)
    put(world, desk, tax=NOTHING, auto_invoice=False, grace_days=30)
    invoice = drafted(desk.balance)
    assert (invoice.terms["series"], invoice.tax) == ("DESK-", D(0))
    assert invoice.issue_after is None
    assert dunning_terms([desk.balance])[desk.balance.pk].grace == 30
    put(world, desk, tax=None)
    found = parameters_of_accounts([desk.balance])[desk.balance.pk]
    assert (found["tax"], found["auto_invoice"]) == (chosen["tax"], False)


def test_without_any_the_first_settings_count(world: World, desk: Account) -> None:
    InvoiceSettings.objects.create(owner=world.shop, name="Zed", series="Z-")
    InvoiceSettings.objects.create(owner=world.shop, name="Aye", series="A-")
    invoice = drafted(desk.balance)
    assert (invoice.terms["series"], invoice.tax) == ("Z-", D(0))
    assert invoice.issue_after is None
    put(world, invoice_settings=NOTHING)
    found = parameters_of_accounts([desk.balance])[desk.balance.pk]
    assert found["invoice_settings"] is None


def test_the_customers_own_invoices_do_not_change(world: World, desk: Account) -> None:
    put(world, **own(world), tax_percent=None)
    store_call(world.shop, PARIS)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert (invoice.terms["series"], invoice.tax) == ("INV-", D(0))


def test_what_is_chosen_is_in_use(world: World, desk: Account) -> None:
    chosen = own(world)
    put(world, tax=chosen["tax"], payment_term=chosen["payment_term"])
    put(world, desk, payment_term=chosen["payment_term"])
    for row, uses in ((chosen["tax"], "1 customer"), (chosen["payment_term"], "1 account")):
        with pytest.raises(DomainError, match=uses) as caught:
            delete_definition(actor=world.actor("shop"), row=row)
        assert caught.value.code == "in_use"
    delete_definition(actor=world.actor("shop"), row=chosen["invoice_settings"])


def test_the_page_of_all_accounts(world: World, desk: Account) -> None:
    chosen = own(world)
    client, page = browser(world, "shop"), own_url("account_parameters_all")
    form = client.get(page).content.decode()
    assert "Inherited: none (default)" in form
    sent = {"tax": chosen["tax"].pk, "auto_invoice": "true", "invoice_at": "07:30"}
    assert client.post(page, sent).status_code == 302
    row = AccountParameters.objects.get()
    assert (row.customer, row.account, row.tax) == (world.shop, None, chosen["tax"])
    event = AuditEvent.objects.get(action="account_parameters_changed")
    assert event.customer == world.shop
    assert event.changes["auto_invoice"] == ["", "True"]
    assert client.post(page, sent).status_code == 302
    assert AuditEvent.objects.filter(action="account_parameters_changed").count() == 1


def test_the_page_of_one_account(world: World, desk: Account) -> None:
    put(world, auto_invoice=True)
    client, page = browser(world, "shop"), own_url("account_parameters", desk.pk)
    detail = reverse("accounts:account_detail", args=[desk.pk])
    assert page in client.get(detail).content.decode()
    assert "Inherited: yes (all accounts)" in client.get(page).content.decode()
    answer = client.post(page, {"auto_invoice": "false", "save_and_close": ""})
    assert answer.headers["Location"] == detail
    assert AccountParameters.objects.get(account=desk).auto_invoice is False
    plain = reverse("accounts:account_detail", args=[world.account.pk])
    assert "/invoicing/" not in client.get(plain).content.decode()


def test_a_term_of_its_own_brings_its_period_at_the_next_close(world: World, desk: Account) -> None:
    weekly = create_term(actor=world.actor("shop"), name="Weekly", period_type="weekly")
    put(world, payment_term=weekly)
    assert Balance.objects.get(account=desk).next_period_type == ""
    page = own_url("account_parameters", desk.pk)
    answer = browser(world, "shop").post(page, {"payment_term": weekly.pk}, follow=True)
    assert "Billing period: Monthly now, Weekly from the next close." in answer.content.decode()
    assert Balance.objects.get(account=desk).next_period_type == "weekly"


def test_settings_of_somebody_else_are_no_choice(world: World, desk: Account) -> None:
    foreign = create_settings(actor=world.actor("sub_reseller"), name="Above", series="UP-")
    client, page = browser(world, "shop"), own_url("account_parameters", desk.pk)
    assert "Above" not in client.get(page).content.decode()
    answer = client.post(page, {"invoice_settings": foreign.pk})
    assert (answer.status_code, [*answer.context["form"].errors]) == (422, ["invoice_settings"])
    with pytest.raises(DomainError) as caught:
        put(world, desk, invoice_settings=foreign)
    assert caught.value.code == "not_found"


def test_only_the_customer_itself_decides(world: World, desk: Account) -> None:
    pages = (own_url("account_parameters", desk.pk), own_url("account_parameters_all"))
    login = create_user(
        actor=world.actor("shop"),
        customer=world.shop,
        login="desk-user",
        password=PASSWORD,
        name="Desk",
        email="",
        account_id=desk.pk,
    )
    for page in pages:
        assert signed_in(login).get(page).status_code == 403
    assert browser(world, "sub_reseller").get(pages[0]).status_code == 403
    assert browser(world, "sub_customer").get(pages[0]).status_code == 404
    for who in ("sub_reseller", "operator", "sub_customer"):
        with pytest.raises(PermissionDenied):
            set_account_parameters(
                actor=world.actor(who), customer=world.shop, values={"auto_invoice": True}
            )


@pytest.mark.parametrize(("role", "status"), [(Role.BILLING, 200), (Role.NOC, 403)])
def test_it_takes_the_right_to_move_money(
    world: World, desk: Account, role: Role, status: int
) -> None:
    actor = world.actor("shop")
    user: User = create_user(
        actor=actor,
        customer=world.shop,
        login="somebody",
        password=PASSWORD,
        name="Some",
        email="",
        role=role,
    )
    for page in (own_url("account_parameters", desk.pk), own_url("account_parameters_all")):
        assert signed_in(user).get(page).status_code == status


def test_what_is_refused(world: World, desk: Account) -> None:
    with pytest.raises(DomainError, match="low_balance_amount"):
        put(world, low_balance_amount=D(1))
    with pytest.raises(DomainError) as caught:
        put(world, minimum_commitment=D(-1))
    assert caught.value.field == "minimum_commitment"
    close_account(actor=world.actor("shop"), account=desk, surplus="pay_out", reason="Gone")
    with pytest.raises(DomainError) as caught:
        put(world, desk, auto_invoice=True)
    assert caught.value.code == "archived"
    assert browser(world, "shop").get(own_url("account_parameters", desk.pk)).status_code == 404


def test_many_accounts_cost_two_statements(
    world: World, desk: Account, django_assert_num_queries: Any
) -> None:
    other = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="lobby",
        by_itself=AccountTariff(Tariff.objects.get(name="Street")),
    )
    put(world, desk, auto_invoice=True)
    put(world, grace_days=4)
    rows = list(Balance.objects.filter(account__in=[desk, other]).select_related("customer"))
    with django_assert_num_queries(2):
        found = parameters_of_accounts(rows)
    assert {row.account_id: found[row.pk]["auto_invoice"] for row in rows} == {
        desk.pk: True,
        other.pk: False,
    }
    assert {found[row.pk]["grace_days"] for row in rows} == {4}
