"""The bell: who is told what, in which words, how many are new, and how they are marked read."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from billing.services.maintenance import maintain
from customers.models import Customer, User
from customers.selectors import actor_for
from customers.services.parameters import set_parameters
from customers.services.users import add_login
from notifications.choices import Event
from notifications.models import Notice, NoticeMark
from notifications.selectors import MOST_LOOKED_AT, unread_count
from notifications.services.notices import words_of_notice
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import PASSWORD, World

LIST = "notifications:notice_list"


def told(recipient: Customer, event: str = "suspended", **values: Any) -> Notice:
    """A notice of ``recipient`` about its own customer Baltic, or with other ``values``."""
    right = values.pop("right", "")
    extra = {name: values.pop(name) for name in ("account", "user", "path") if name in values}
    return Notice.objects.create(
        recipient=recipient,
        right=right,
        event=event,
        values={"customer.company": "Baltic", **values},
        **extra,
    )


def bell_of(client: Client) -> str:
    """What the bell of the dashboard says to a screen reader."""
    page = text_of(client.get(reverse("dashboard")))
    _before, _url, after = page.partition(f'href="{reverse(LIST)}" aria-label="')
    return after.partition('"')[0]


def press(client: Client) -> Any:
    """Press "Mark all as read", which the page must have."""
    page = text_of(client.get(reverse(LIST)))
    newest = max(Notice.objects.values_list("pk", flat=True))
    urls = [reverse("notifications:notice_read", args=[pk]) for pk in range(1, newest + 1)]
    [url] = [url for url in urls if f'action="{url}"' in page]
    return client.post(url)


@pytest.fixture
def reader(world: World) -> Client:
    return signed_in(world.user("sub_reseller"))


def test_the_bell_counts_what_is_new_up_to_nine(world: World, reader: Client) -> None:
    assert bell_of(reader) == "Notices"
    told(world.sub_reseller)
    assert bell_of(reader) == "Notices, new: 1"
    for _more in range(8):
        told(world.sub_reseller)
    assert bell_of(reader) == "Notices, new: 9"
    told(world.sub_reseller)
    assert bell_of(reader) == "Notices, new: 9+"


def test_the_count_is_one_statement_however_many_there_are(world: World) -> None:
    actor = world.actor("sub_reseller")
    for number in range(30):
        told(world.sub_reseller, right="" if number % 2 else "money.manage")
    assert count_queries(partial(unread_count, actor)) == 1
    assert unread_count(actor) == 10


def test_the_count_looks_at_the_newest_alone(world: World) -> None:
    """So that a login that may read few of very many does not pay for all on every page."""
    reporter = world.user("sub_reseller")
    reporter.role = "reporter"
    reporter.save()
    told(world.sub_reseller)
    foreign = Notice(recipient=world.sub_reseller, event="payment", right="money.manage")
    notices = [foreign] * (MOST_LOOKED_AT - 1)
    Notice.objects.bulk_create(
        Notice(recipient=one.recipient, event=one.event, right=one.right) for one in notices
    )
    assert unread_count(actor_for(reporter)) == 1
    told(world.sub_reseller, right="money.manage")
    assert unread_count(actor_for(reporter)) == 0


def test_read_is_by_login(world: World, reader: Client) -> None:
    told(world.sub_reseller)
    colleague = add_login(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        login="colleague",
        password=PASSWORD,
        role="administrator",
        name="Cole",
        email="",
    )
    other = signed_in(colleague)
    answer = press(reader)
    assert answer.headers["Location"] == reverse(LIST)
    assert bell_of(reader) == "Notices"
    assert bell_of(other) == "Notices, new: 1"
    page = text_of(reader.get(reverse(LIST)))
    assert "Mark all as read" not in page
    assert "Suspended: Baltic cannot make calls" in page  # what was read stays


def test_what_came_after_the_page_was_shown_stays_new(world: World, reader: Client) -> None:
    first = told(world.sub_reseller)
    later = told(world.sub_reseller, "lifted")
    for _twice in range(2):
        reader.post(reverse("notifications:notice_read", args=[first.pk]))
        assert bell_of(reader) == "Notices, new: 1"
    reader.post(reverse("notifications:notice_read", args=[later.pk]))
    reader.post(reverse("notifications:notice_read", args=[first.pk]))  # an old tab
    assert bell_of(reader) == "Notices"


def test_the_list_tells_new_from_read(world: World, reader: Client) -> None:
    first = told(world.sub_reseller)
    reader.post(reverse("notifications:notice_read", args=[first.pk]))
    told(world.sub_reseller, "lifted")
    new = text_of(reader.get(reverse(LIST) + "?state=new"))
    read = text_of(reader.get(reverse(LIST) + "?state=read"))
    assert ("can make calls again" in new, "Suspended: Baltic" in new) == (True, False)
    assert ("can make calls again" in read, "Suspended: Baltic" in read) == (False, True)
    only = text_of(reader.get(reverse(LIST) + "?event=lifted"))
    assert ("can make calls again" in only, "Suspended: Baltic" in only) == (True, False)


def test_newest_first_and_linked_to_their_pages(world: World, reader: Client) -> None:
    told(world.sub_reseller, path="/billing/invoices/1/")
    told(world.sub_reseller, "lifted")
    page = text_of(reader.get(reverse(LIST)))
    assert page.index("can make calls again") < page.index("Suspended: Baltic")
    assert '<a href="/billing/invoices/1/"><bdi>Suspended: Baltic' in page


@pytest.mark.parametrize("who", ["shop", "reseller", "operator", "other_reseller"])
def test_nobody_else_reads_them_nor_marks_them(world: World, who: str) -> None:
    notice = told(world.sub_reseller)
    client = signed_in(world.user(who))
    assert bell_of(client) == "Notices"
    assert "Baltic" not in text_of(client.get(reverse(LIST)))
    assert "Baltic" not in text_of(client.get(reverse(LIST) + "?export=csv"))
    url = reverse("notifications:notice_read", args=[notice.pk])
    assert client.post(url).status_code == 404


def test_who_acts_as_a_customer_reads_but_marks_nothing(world: World) -> None:
    """What the customer's own users have read is theirs, and so is what the operator has."""
    mine, theirs = told(world.root), told(world.reseller, "lifted")
    client = signed_in(world.user("operator"))
    client.post(reverse("customers:switch_to", args=[world.reseller.pk]))
    page = text_of(client.get(reverse(LIST)))
    assert "can make calls again" in page
    assert "Suspended: Baltic" not in page
    assert "Mark all as read" not in page
    assert bell_of(client) == "Notices"
    url = reverse("notifications:notice_read", args=[theirs.pk])
    assert client.post(url).status_code == 403
    assert not NoticeMark.objects.exists()
    client.post(reverse("customers:switch_back"))
    assert bell_of(client) == "Notices, new: 1"
    assert client.post(reverse("notifications:notice_read", args=[mine.pk])).status_code == 302


def test_rights_logins_and_accounts_part_them(world: World) -> None:
    desk = User.objects.get(login="shop-1")
    told(world.shop, "payment", right="balance.view")
    told(world.shop, "suspended", user=world.user("shop"))
    told(world.shop, "lifted", account=world.account)
    shop, account = signed_in(world.user("shop")), signed_in(desk)
    assert bell_of(shop) == "Notices, new: 2"
    assert bell_of(account) == "Notices, new: 1"
    assert "can make calls again" in text_of(account.get(reverse(LIST)))
    reporter = world.user("shop")
    reporter.role = "reporter"
    reporter.save()
    assert bell_of(shop) == "Notices, new: 1"  # its own; the payment is not for its role


def test_a_payment_rings_at_the_payer_and_at_who_is_paid(world: World) -> None:
    owner = world.actor("sub_reseller")
    values = {"notifications": True, "payment_notice": True}
    set_parameters(actor=owner, customer=world.shop, values=values)
    balance = world.balance("shop")
    maintain(
        actor=owner, balance=balance, action="add_funds", amount=Decimal(1250), currency="GBP",
        key="once",
    )  # fmt: skip
    for who in ("shop", "sub_reseller"):
        page = text_of(signed_in(world.user(who)).get(reverse(LIST)))
        assert "Payment of 1,250.00 GBP received" in page
        assert '<bdi title="Shop">Shop</bdi>' in page  # the owner reads whose it was


def test_the_words_are_the_reader_s(world: World, reader: Client) -> None:
    amount = {"amount": "1248.36", "currency": "EUR"}
    told(world.sub_reseller, "invoice_due", **{
        "invoice.number": "INV-1", "invoice.open": amount, "invoice.due_on": {"day": "2026-11-18"},
    })  # fmt: skip
    assert "Invoice INV-1: 1,248.36 EUR due on 18 Nov 2026" in text_of(reader.get(reverse(LIST)))
    User.objects.filter(login="sub-reseller").update(language="es")
    page = text_of(reader.get(reverse(LIST)))
    assert "1.248,36 EUR" in page
    assert "18 nov 2026" in page


@pytest.mark.parametrize("event", Event.values)
def test_each_event_has_a_line_even_of_nothing(event: str) -> None:
    """A notice holds what its time knew; fields that came later are empty."""
    with override("en"):
        line = words_of_notice(Notice(event=event, values={}))
    assert line
    assert "{" not in line


def test_an_owner_reads_of_its_customer_and_not_of_itself(world: World, reader: Client) -> None:
    told(world.sub_reseller, "credit_limit", threshold=80)
    page = text_of(reader.get(reverse(LIST)))
    assert "Baltic: 80% of the credit limit is used" in page
    assert "your credit limit" not in page


def test_the_list_can_be_exported_in_words(world: World, reader: Client) -> None:
    told(world.sub_reseller)
    assert "Suspended: Baltic cannot make calls" in text_of(
        reader.get(reverse(LIST) + "?export=csv")
    )


def test_no_markup_of_others_gets_into_the_page(world: World, reader: Client) -> None:
    told(world.sub_reseller, **{"customer.company": "<b>Bold</b>"})
    page = text_of(reader.get(reverse(LIST)))
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold" in page
