"""Automatic reports between two sides: who is told, by which right, and which names it reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from calls.selectors.daily_links import report_url
from calls.services.charging import charge_pending
from calls.services.daily_reports.sending import send_again
from customers.models import Customer
from customers.services.permissions import delegated_rights, set_rights
from notifications.models import Message, Webhook, WebhookDelivery
from tariffs.models import Tariff
from tests.billing.browsing import browser
from tests.billing.test_move import beside, move
from tests.calls.daily import AT, DAY, give_reports, tell_day
from tests.calls.stored import store_call
from tests.world import World

__all__ = ["beside"]
NEXT = datetime(2026, 10, 14, 6, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def shop(world: World) -> Customer:
    """The shop with a call on the day; its owner has an address."""
    store_call(world.shop, "33123456789", 60, at=AT)
    charge_pending()
    Customer.objects.filter(pk=world.sub_reseller.pk).update(main_email="desk@sub.example")
    return world.shop


@pytest.mark.parametrize(("told", "hooks"), [("owner", 1), ("customer", 2), ("both", 2)])
def test_what_only_the_owner_is_sent_reaches_no_webhook_of_the_customer(
    world: World, shop: Customer, told: str, hooks: int
) -> None:
    for owner in (world.sub_reseller, shop):
        Webhook.objects.create(
            owner=owner, name="n", url="https://x.example", events=["daily_cdrs"], secret=b"s"
        )
    give_reports(shop, email="shop@x.example", daily_cdrs=True, report_recipients=told)
    tell_day(until=NEXT)
    owners = set(WebhookDelivery.objects.values_list("webhook__owner", flat=True))
    assert (world.sub_reseller.pk in owners, len(owners)) == (True, hooks)


def test_long_addresses_of_both_sides_are_told(world: World, shop: Customer) -> None:
    long = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example"
    give_reports(shop, email=long, balance_summary=True, report_recipients="both")
    (report,) = tell_day(until=NEXT)
    assert (report.state, report.failure) == ("sent", "")
    assert set(Message.objects.values_list("recipient", flat=True)) == {long, "desk@sub.example"}


def test_an_owner_is_sent_only_what_it_may_see(world: World, shop: Customer) -> None:
    actor, before = world.actor("reseller"), delegated_rights(world.sub_reseller)
    set_rights(actor=actor, customer=world.sub_reseller, rights=before - {"cdrs.view"})
    give_reports(shop, daily_cdrs=True, usage_summary=True, report_recipients="owner")
    assert [report.kind for report in tell_day(until=NEXT)] == ["usage_summary"]
    set_rights(actor=actor, customer=world.sub_reseller, rights=before)
    kinds = {(report.kind, report.day) for report in tell_day(until=NEXT + ONE_DAY)}
    assert {day for kind, day in kinds if kind == "daily_cdrs"} == {DAY + ONE_DAY}


def test_nor_does_it_send_that_again(world: World, shop: Customer) -> None:
    give_reports(shop, email="shop@x.example", daily_cdrs=True)
    (report,) = tell_day(until=NEXT)
    rights = delegated_rights(world.sub_reseller) - {"cdrs.view"}
    set_rights(actor=world.actor("reseller"), customer=world.sub_reseller, rights=rights)
    with pytest.raises(PermissionDenied):
        send_again(actor=world.actor("sub_reseller"), report=report)


@pytest.mark.parametrize("by_link", [True, False])
def test_an_owner_that_a_customer_has_left_learns_no_later_name(
    world: World, shop: Customer, beside: Tariff, settings: Any, *, by_link: bool
) -> None:
    settings.REPORT_ATTACHED_CALLS, settings.ALLOWED_HOSTS = 0, ["*"]
    give_reports(world.sub_reseller, email="sub@x.example", daily_cdrs=True)
    (report,) = tell_day(until=NEXT)
    move(world, beside)
    for customer in (world.sub_reseller, shop):
        Customer.objects.filter(pk=customer.pk).update(name=f"Zanzibar {customer.pk}")
    path = f"/calls/{report_url(report, 'csv').partition('/calls/')[2]}"
    if not by_link:
        path = reverse("calls:daily_report_file", args=[report.pk])
    for who in ("reseller", "operator"):
        answer: Any = browser(world, who).get(path)
        assert 'filename="sub-reseller-calls-2026-10-13.csv"' in answer["Content-Disposition"]
        _head, line = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert "Zanzibar" not in line
        assert ",Shop," in line
