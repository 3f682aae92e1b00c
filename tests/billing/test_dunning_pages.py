"""Pages of dunning: the owner's list and decisions, the log, what who owes reads of itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Balance, DunningStep, PaymentTerm, Suspension
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login
from billing.services.dunning import run_dunning
from billing.services.dunning_actions import promise, suspend
from customers.models import User
from tariffs.models import Tariff
from tests.billing.dunned import invoice, postpaid, ready
from tests.sql import count_queries
from tests.world import OPENED, PASSWORD, World

BACKEND = "django.contrib.auth.backends.ModelBackend"
DAY = timedelta(days=1)
FORMS = ("promise", "suspend", "lift")


@pytest.fixture
def balance(world: World) -> Balance:
    """The shop's, suspended for two invoices of 15 GBP together, by the sub-reseller's rules."""
    found = ready(world)
    invoice(found, "10", due=now().date() - 30 * DAY)
    invoice(found, "5", due=now().date() - 20 * DAY)
    run_dunning(moment=now())
    return found


def browser(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"billing:dunning_{name}", args=args)


def listed(client: Client, **query: str) -> list[Any]:
    answer = client.get(url("list"), query)
    assert answer.status_code == 200
    return [item.record for item in answer.context["page"].object_list]


def test_an_owner_lists_who_owes_it(world: World, balance: Balance) -> None:
    client = browser(world, "sub_reseller")
    (row,) = listed(client)
    assert (row.pk, row.state, row.overdue_count) == (balance.pk, "suspended", 2)
    assert row.overdue_amount == 15
    assert row.overdue_since == now().date() - 30 * DAY
    text = client.get(url("list")).content.decode()
    assert "15.00" in text
    assert url("promise", balance.pk) in text
    assert url("lift", balance.pk) in text
    assert url("suspend", balance.pk) not in text
    assert listed(client, state="overdue") == []
    assert len(listed(client, state="suspended", customer="sho")) == 1
    assert "15" in b"".join(client.get(url("list"), {"export": "csv"})).decode()


def test_above_it_is_read_and_not_decided(world: World, balance: Balance) -> None:
    client = browser(world, "reseller")
    assert listed(client) == []
    (row,) = listed(client, show="all")
    assert row.pk == balance.pk
    text = client.get(url("list"), {"show": "all"}).content.decode()
    assert url("promise", balance.pk) not in text
    page = client.get(url("detail", balance.pk))
    assert page.status_code == 200
    assert "billing/dunning" not in str(page.context["actions"])
    assert page.context["panel"].may_act is False
    for name in FORMS:
        assert client.get(url(name, balance.pk)).status_code == 403
        assert client.post(url(name, balance.pk)).status_code == 403
    step = DunningStep.objects.latest("pk")
    assert client.post(url("undo", step.pk)).status_code == 403


@pytest.mark.parametrize("who", ["other_reseller", "sub_customer", "shop"])
def test_nobody_else_has_it(world: World, balance: Balance, who: str) -> None:
    """Who owes has no log of its own either: it reads a note."""
    client, step = browser(world, who), DunningStep.objects.latest("pk")
    for name in ("detail", *FORMS):
        assert client.get(url(name, balance.pk)).status_code == 404
        assert client.post(url(name, balance.pk)).status_code in (404, 405)
    assert client.post(url("undo", step.pk)).status_code == 404
    assert listed(client) == []
    assert listed(client, show="all") == []


def test_without_the_right_it_is_refused(world: World, balance: Balance) -> None:
    User.objects.filter(pk=world.user("sub_reseller").pk).update(role="read_only")
    client = browser(world, "sub_reseller")
    for path in (url("list"), url("detail", balance.pk), url("lift", balance.pk)):
        assert client.get(path).status_code == 403


def test_a_promise_is_taken_and_shown(world: World, balance: Balance) -> None:
    client, until = browser(world, "sub_reseller"), now().date() + 3 * DAY
    page = client.get(url("promise", balance.pk))
    assert page.context["form"]["until"].value() == now().date() + 7 * DAY
    data = {"until": until.isoformat(), "notes": "By phone"}
    answer = client.post(url("promise", balance.pk), data)
    assert answer.headers["Location"] == url("detail", balance.pk)
    (row,) = listed(client)
    assert (row.state, row.promised_until, row.next_step.on) == ("promised", until, until + DAY)
    text = client.get(url("detail", balance.pk)).content.decode()
    assert "By phone" in text
    assert "Promised to pay" in text
    wrong = client.post(url("promise", balance.pk), {"until": "2020-01-01"})
    assert wrong.status_code == 422
    assert "Choose a day from today" in wrong.content.decode()


def test_lift_and_suspend_by_hand(world: World, balance: Balance) -> None:
    client = browser(world, "sub_reseller")
    assert client.post(url("lift", balance.pk), {"notes": ""}).status_code == 302
    assert Suspension.objects.standing().count() == 0
    (row,) = listed(client)
    assert row.state == "overdue"
    assert client.post(url("suspend", balance.pk), {"reason": ""}).status_code == 422
    assert client.post(url("suspend", balance.pk), {"reason": "Enough"}).status_code == 302
    assert Suspension.objects.stopping().count() == 1
    again = client.post(url("suspend", balance.pk), {"reason": "Enough"})
    assert again.status_code == 422


def test_the_customers_page_has_the_log_with_undo(world: World, balance: Balance) -> None:
    client = browser(world, "sub_reseller")
    detail = reverse("customers:customer_detail", args=[world.shop.pk])
    page = client.get(detail)
    step = DunningStep.objects.get(kind="suspended")
    text = page.content.decode()
    assert "2 invoices are overdue" in text
    assert url("undo", step.pk) in text
    answer = client.post(url("undo", step.pk), {"next": detail})
    assert answer.headers["Location"] == detail
    assert Suspension.objects.standing().count() == 0
    answer = client.post(url("undo", step.pk), {"next": "https://evil.example/"})
    assert answer.headers["Location"] == url("detail", balance.pk)


def test_an_undone_mark_can_be_redone_from_the_page(world: World, balance: Balance) -> None:
    client = browser(world, "sub_reseller")
    mark = DunningStep.objects.filter(kind="overdue").earliest("pk")
    client.post(url("undo", mark.pk))
    text = client.get(url("detail", balance.pk)).content.decode()
    assert "Redo" in text
    assert listed(client)[0].overdue_count == 1
    client.post(url("undo", mark.pk))
    assert listed(client)[0].overdue_count == 2


def test_prepaid_without_a_step_has_no_panel(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(reverse("customers:customer_detail", args=[world.sub_customer.pk]))
    assert page.context["dunning"] is None


def test_who_owes_reads_what_to_do_and_no_notes(world: World, balance: Balance) -> None:
    client = browser(world, "shop")
    pages = (reverse("dashboard"), reverse("billing:own_ledger"), reverse("customers:company"))
    for path in pages[:2]:
        text = client.get(path).content.decode()
        assert "Suspended: calls are stopped." in text, path
        assert "2 invoices are overdue: pay" in text, path
        assert "15.00" in text
    until = now().date() + 3 * DAY
    promise(actor=world.actor("sub_reseller"), balance=balance, until=until, notes="zanzibar")
    for path in pages:
        text = client.get(path).content.decode()
        assert "calls are stopped" not in text
        assert "zanzibar" not in text
    assert "You have promised to pay by" in client.get(pages[0]).content.decode()
    assert (
        "2 invoices are overdue"
        not in browser(world, "sub_reseller")
        .get(reverse("billing:ledger", args=[world.shop.pk]))
        .content.decode()
    )


def test_a_reseller_reads_its_own_on_its_dashboard(world: World) -> None:
    suspend(actor=world.actor("reseller"), balance=world.balance("sub_reseller"), reason="zanzibar")
    text = browser(world, "sub_reseller").get(reverse("dashboard")).content.decode()
    assert "Suspended: calls are stopped." in text
    assert "Ask your provider for the reason." in text
    assert "zanzibar" not in text
    below = browser(world, "shop").get(reverse("dashboard")).content.decode()
    assert "calls are stopped" not in below


def test_a_suspended_user_signs_in_and_sees_its_pages(world: World, balance: Balance) -> None:
    client = Client()
    answer = client.post(reverse("login"), {"username": "shop", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get(reverse("billing:own_ledger")).status_code == 200


def test_an_accounts_user_reads_its_own(world: World) -> None:
    owner = world.sub_reseller
    account = open_account(
        actor=world.actor("sub_reseller"),
        customer=owner,
        auth_name="payer",
        by_itself=AccountTariff(Tariff.objects.get(owner=owner), mode="postpaid"),
        opened_at=OPENED,
        login=Login("payer", PASSWORD),
    )
    found = Balance.objects.get(account=account)
    invoice(found, due=now().date() - 30 * DAY)
    run_dunning(moment=now())
    client = Client()
    client.force_login(User.objects.get(login="payer"), backend=BACKEND)
    assert "1 invoice is overdue: pay" in client.get(reverse("dashboard")).content.decode()
    assert client.get(url("list")).status_code == 403
    assert client.get(url("detail", found.pk)).status_code == 403
    (row,) = listed(browser(world, "sub_reseller"))
    assert row.pk == found.pk


def test_the_list_costs_the_same_with_more_rows(world: World) -> None:
    client = browser(world, "sub_reseller")

    def load(first: int, last: int) -> None:
        for number in range(first, last):
            invoice(postpaid(world, f"C{number}"), due=now().date() - 3 * DAY)
        run_dunning(moment=now())

    load(0, 2)
    client.get(url("list"))
    few = count_queries(lambda: client.get(url("list")))
    load(2, 10)
    assert len(listed(client)) == 10
    assert count_queries(lambda: client.get(url("list"))) == few


def test_a_payment_term_says_when_to_remind(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(reverse("billing:payment_term_create"))
    assert 'value="1,7"' in page.content.decode()
    data = {"name": "Net 30", "period_type": "monthly", "due_days": "30", "grace_days": "5"}
    wrong = client.post(reverse("billing:payment_term_create"), data | {"reminders_before": "1,x"})
    assert wrong.status_code == 422
    client.post(
        reverse("billing:payment_term_create"),
        data | {"reminders_before": "", "reminders_after": "14, 2,2"},
    )
    made = PaymentTerm.objects.get()
    assert (made.reminders_before, made.reminders_after) == ([], [2, 14])
    page = client.get(reverse("billing:payment_term_edit", args=[made.pk]))
    assert 'value="2,14"' in page.content.decode()
