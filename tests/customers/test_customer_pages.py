"""The customer pages as people use them: list, forms, status, archive, rights, logins, tree."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, LedgerEntry
from customers.models import Customer, User
from customers.services.customers import set_status
from customers.services.permissions import delegated_rights
from tariffs.selectors import tariff_of
from tests.world import PASSWORD, World


def browser(world: World, who: str) -> Client:
    """Somebody's signed-in browser."""
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"customers:{name}", args=args)


def new_customer(world: World, **changes: Any) -> dict[str, Any]:
    """What the short form sends."""
    tariff = world.sub_customer.tariff_assignments.get().tariff
    return {
        "name": "Hartwell & Sons",
        "kind": "business",
        "tariff": tariff.pk,
        "currency": "",
        "mode": "postpaid",
        "credit_limit": "250",
        "opening_balance": "-12.50",
        "timezone": "Europe/London",
        "language": "en",
        "login": "hartwell",
        "password": PASSWORD,
        "main_email": "office@hartwell.example",
    } | changes


# The list --------------------------------------------------------------------------------------
def test_the_list_shows_direct_customers_by_name_and_all_below_on_request(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(url("customer_list")).content.decode()
    assert page.index("Sub customer") < page.index("Sub reseller")
    assert "Shop" not in page
    assert "Reseller, 1 sub-customer" in page
    assert "Shop" in client.get(url("customer_list"), {"show": "all"}).content.decode()
    assert (
        "Other reseller" not in client.get(url("customer_list"), {"show": "all"}).content.decode()
    )


def test_the_list_counts_all_direct_customers_of_a_row(world: World) -> None:
    page = browser(world, "operator").get(url("customer_list")).content.decode()
    assert "Reseller, 2 sub-customers" in page


def test_the_list_is_searched_and_sorted(world: World) -> None:
    client = browser(world, "reseller")
    found = client.get(url("customer_list"), {"show": "all", "mode": "postpaid"}).context["page"]
    assert [row.record.name for row in found.object_list] == ["Shop"]
    asked = {"show": "all", "sort": "-balance"}
    rows = list(client.get(url("customer_list"), asked).context["page"].object_list)
    assert rows[0].record.name == "Shop"
    exhausted = client.get(url("customer_list"), {"show": "all", "status": "exhausted"})
    assert "Shop" not in [row.record.name for row in exhausted.context["page"].object_list]


def test_the_list_converts_to_the_viewers_currency(world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(amount=Decimal(100))
    page = browser(world, "sub_reseller").get(url("customer_list")).content.decode()
    assert "In USD" in page
    assert "150.00" in page  # 100 GBP at 1.5


def test_the_export_holds_what_was_found(world: World) -> None:
    answer = browser(world, "reseller").get(url("customer_list"), {"show": "all", "export": "csv"})
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["Shop", "Sub customer", "Sub reseller"]
    assert "100.000000" in lines[1]


def test_bulk_changes_direct_customers_and_says_what_it_skipped(world: World) -> None:
    ticked = [world.sub_reseller.pk, world.sub_customer.pk, world.shop.pk]
    answer = browser(world, "reseller").post(
        url("customer_list") + "?show=all", {"do": "deactivate", "pk": ticked}, follow=True
    )
    assert "2 done, 1 skipped: Shop: not yours to change." in answer.content.decode()
    assert Customer.objects.filter(status="inactive").count() == 2


def test_the_list_costs_the_same_with_ten_times_the_rows(
    world: World, django_assert_max_num_queries: Any
) -> None:
    client = browser(world, "reseller")
    for number in range(5):
        client.post(url("customer_create"), new_customer(world, name=f"A{number}", login=""))
    client.get(url("customer_list"))
    with django_assert_max_num_queries(100) as few:
        client.get(url("customer_list"))
        number_of_queries = len(few)
    for number in range(20):
        client.post(url("customer_create"), new_customer(world, name=f"B{number}", login=""))
    with django_assert_max_num_queries(number_of_queries):
        client.get(url("customer_list"))


# Opening and editing ---------------------------------------------------------------------------
def test_a_customer_is_opened_with_tariff_login_and_balance(world: World) -> None:
    client = browser(world, "reseller")
    answer = client.post(url("customer_create"), new_customer(world))
    made = Customer.objects.get(name="Hartwell & Sons")
    assert answer.headers["Location"] == url("customer_edit", made.pk)
    assert made.owner == world.reseller
    assert (str(made.timezone), made.language, made.kind) == ("Europe/London", "en", "business")
    assert tariff_of(made.pk, now()) == world.sub_customer.tariff_assignments.get().tariff
    balance = Balance.objects.get(customer=made)
    assert (balance.amount, balance.credit_limit) == (Decimal("-12.50"), Decimal(250))
    assert (balance.mode, balance.currency_id) == ("postpaid", "EUR")
    user = User.objects.get(login="hartwell")
    assert (user.customer, user.check_password(PASSWORD)) == (made, True)
    assert "Hartwell &amp; Sons" in client.get(url("customer_list")).content.decode()
    assert "Switch to this customer" in client.get(answer.headers["Location"]).content.decode()


def test_save_and_close_leads_to_the_customer(world: World) -> None:
    answer = browser(world, "reseller").post(
        url("customer_create"), new_customer(world, save_and_close="")
    )
    made = Customer.objects.get(name="Hartwell & Sons")
    assert answer.headers["Location"] == url("customer_detail", made.pk)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", "other RESELLER ", "This name is taken."),
        ("login", "shop-1", "This login is taken."),
        ("password", "short", "too short"),
        ("opened_at", "2025-01-01T00:00", "before the start of your own service"),
        ("opened_at", "2999-01-01T00:00", "in the future"),
        ("credit_limit", "-1", "greater than or equal to 0"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_nothing_is_made(
    world: World, field: str, value: str, text: str
) -> None:
    before = Customer.objects.count(), User.objects.count()
    answer = browser(world, "reseller").post(
        url("customer_create"), new_customer(world, **{field: value})
    )
    assert answer.status_code == 422
    assert text in " ".join(answer.context["form"].errors[field])
    assert "Hartwell &amp; Sons" in answer.content.decode() or field == "name"
    assert (Customer.objects.count(), User.objects.count()) == before


def test_without_a_tariff_the_form_says_so(world: World) -> None:
    client = browser(world, "other_reseller")
    page = client.get(url("customer_create")).content.decode()
    assert "needs one of your tariffs" in page
    assert reverse("tariffs:tariff_create") in page
    answer = client.post(url("customer_create"), new_customer(world))
    assert answer.status_code == 422  # the tariff of another reseller
    assert not Customer.objects.filter(name="Hartwell & Sons").exists()


def edited(world: World, who: str, **changes: Any) -> dict[str, Any]:
    """What the edit form of ``who`` sends after some changes."""
    form = browser(world, "reseller").get(url("customer_edit", getattr(world, who).pk))
    initial = form.context["form"].initial
    values = {key: "" if value is None else str(value) for key, value in initial.items()}
    return values | {"tariff": initial["tariff"].pk} | changes


def test_the_owner_edits_record_tariff_and_terms(world: World) -> None:
    client = browser(world, "reseller")
    notes = "pays tardily"
    sent = edited(world, "sub_customer", name="Renamed", credit_limit="75", internal_notes=notes)
    answer = client.post(url("customer_edit", world.sub_customer.pk), sent, follow=True)
    assert answer.status_code == 200
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.name == "Renamed"
    assert Balance.objects.get(customer=world.sub_customer).credit_limit == 75
    own = browser(world, "sub_customer")
    for page in ("company", "company_edit"):
        assert "tardily" not in own.get(url(page)).content.decode()


def test_the_balance_is_shown_but_never_set_by_the_edit_form(world: World) -> None:
    sent = edited(world, "sub_customer", balance="999")
    browser(world, "reseller").post(url("customer_edit", world.sub_customer.pk), sent)
    assert world.balance("sub_customer").amount == 0
    assert not LedgerEntry.objects.filter(customer=world.sub_customer).exists()


def test_a_kind_that_cannot_have_customers_is_refused_to_who_has_some(world: World) -> None:
    sent = edited(world, "sub_reseller", kind="business")
    answer = browser(world, "reseller").post(url("customer_edit", world.sub_reseller.pk), sent)
    assert answer.status_code == 422
    assert "1 live sub-customer," in " ".join(answer.context["form"].errors["kind"])


def test_a_customer_edits_its_own_company_and_nothing_else(world: World) -> None:
    client = browser(world, "shop")
    sent = {"company_name": "Shop Ltd", "timezone": "Europe/Paris", "language": "es"}
    client.post(url("company_edit"), sent | {"name": "Mine", "credit_limit": "9999"})
    world.shop.refresh_from_db()
    assert (world.shop.company_name, world.shop.name) == ("Shop Ltd", "Shop")
    assert world.balance("shop").credit_limit == 0
    assert client.post(url("customer_edit", world.shop.pk), sent).status_code == 403


# Status and archive ----------------------------------------------------------------------------
def test_status_buttons_and_the_badge(world: World) -> None:
    client = browser(world, "reseller")
    pk = world.sub_reseller.pk
    client.post(url("customer_deactivate", pk))
    assert "Inactive" in client.get(url("customer_detail", pk)).content.decode()
    assert "Blocked by owner" in client.get(url("customer_detail", world.shop.pk)).content.decode()
    client.post(url("customer_activate", pk))
    page = client.get(url("customer_close", pk)).content.decode()
    assert "Close Sub reseller" in page
    client.post(url("customer_close", pk))
    world.sub_reseller.refresh_from_db()
    assert world.sub_reseller.status == "closed"


def test_who_blocks_from_above_is_not_told(world: World) -> None:
    set_status(actor=world.actor("operator"), customer=world.reseller, status="inactive")
    page = browser(world, "shop").get(url("company")).content.decode()
    assert "Not available from your provider" in page
    assert "Blocked by owner" not in page


def test_archiving_settles_the_balance_with_a_reason(world: World) -> None:
    client = browser(world, "sub_reseller")
    page = client.get(url("customer_archive", world.shop.pk)).content.decode()
    assert "accounts: 1" in page
    assert "−100.00 GBP" in page
    refused = client.post(url("customer_archive", world.shop.pk), {"surplus": "pay_out"})
    assert refused.status_code == 422
    client.post(
        url("customer_archive", world.shop.pk), {"surplus": "forfeit", "reason": "moved away"}
    )
    world.shop.refresh_from_db()
    assert world.shop.archived_at is not None
    assert world.balance("shop").amount == 0
    assert LedgerEntry.objects.get(customer=world.shop, kind="forfeit").notes == "moved away"
    assert "Shop" not in client.get(url("customer_list")).content.decode()
    assert client.get(url("customer_edit", world.shop.pk)).status_code == 403
    assert "Archived" in client.get(url("customer_detail", world.shop.pk)).content.decode()


def test_live_sub_customers_refuse_the_archive(world: World) -> None:
    client = browser(world, "reseller")
    target = url("customer_archive", world.sub_reseller.pk)
    assert "1 live sub-customer" in client.get(target).content.decode()
    answer = client.post(target, {"surplus": "pay_out", "reason": "gone"})
    assert answer.status_code == 422
    world.sub_reseller.refresh_from_db()
    assert world.sub_reseller.archived_at is None


# Rights and logins -----------------------------------------------------------------------------
def test_rights_are_ticked_and_what_the_owner_lacks_is_disabled(world: World) -> None:
    client = browser(world, "reseller")
    target = url("customer_rights", world.sub_customer.pk)
    page = client.get(target).content.decode()
    assert "customers.edit" not in page  # a business customer has no customers to edit
    assert "System settings" not in page  # system-wide rights are not of its kind
    chosen = ["accounts.add", "cdrs.view"]
    client.post(target, {"rights": chosen, "previewed": " ".join(chosen)})
    assert delegated_rights(world.sub_customer) == {"accounts.add", "cdrs.view"}
    reseller = client.get(url("customer_rights", world.sub_reseller.pk)).content.decode()
    assert "You do not hold it, so you cannot grant it" in reseller


def test_a_right_that_the_owner_lost_stays_with_its_customer(world: World) -> None:
    operator, reseller = browser(world, "operator"), browser(world, "reseller")
    held = delegated_rights(world.reseller) - {"vouchers.add"}
    for client, customer, chosen, left in (
        (operator, world.reseller, sorted(held), sorted(held)),
        (reseller, world.sub_reseller, ["cdrs.view"], ["cdrs.view", "vouchers.add"]),
    ):
        sent = {"rights": chosen, "previewed": " ".join(left)}
        client.post(url("customer_rights", customer.pk), sent)
    assert delegated_rights(world.sub_reseller) == {"cdrs.view", "vouchers.add"}


def test_the_owner_adds_a_login_and_sets_its_password(world: World) -> None:
    client = browser(world, "reseller")
    sent = {"login": "noc", "password": PASSWORD, "role": "noc"}
    client.post(url("customer_user_add", world.sub_reseller.pk), sent)
    user = User.objects.get(login="noc")
    assert (user.customer, user.role) == (world.sub_reseller, "noc")
    client.post(url("user_password", user.pk), {"password": "another long phrase"})
    user.refresh_from_db()
    assert user.check_password("another long phrase")


def test_no_password_is_set_while_switched(world: World) -> None:
    client = browser(world, "operator")
    client.post(url("switch_to", world.reseller.pk))
    user = world.user("reseller")
    assert client.get(url("customer_users", world.reseller.pk)).status_code == 200
    sent = {"password": "another long phrase"}
    assert client.post(url("user_password", user.pk), sent).status_code == 403
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


# The tree --------------------------------------------------------------------------------------
def test_the_tree_opens_level_by_level(world: World) -> None:
    client = browser(world, "operator")
    closed = client.get(url("customer_tree"))
    assert [node.customer.name for node in closed.context["nodes"]] == [
        "Other reseller",
        "Reseller",
    ]
    asked = {"open": [world.reseller.pk, world.sub_reseller.pk]}
    opened = client.get(url("customer_tree"), asked, headers={"HX-Request": "true"})
    assert "<html" not in opened.content.decode()
    page = client.get(url("customer_tree"), asked)
    names = [(node.depth, node.customer.name) for node in page.context["nodes"]]
    assert names[1:] == [(0, "Reseller"), (1, "Sub customer"), (1, "Sub reseller"), (2, "Shop")]


def test_the_tree_opens_nothing_outside_the_subtree(world: World) -> None:
    page = browser(world, "sub_reseller").get(url("customer_tree"), {"open": [world.root.pk]})
    assert [node.customer.name for node in page.context["nodes"]] == ["Shop"]
