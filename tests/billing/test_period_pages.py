"""Pages of billing periods, as owner, those above, the customer and its account's user see them."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.utils.timezone import now

from billing import tasks
from billing.choices import ClosingState
from billing.models import Balance, BillingPeriod, ClosingHold
from billing.selectors.calendars import calendar_of
from billing.selectors.closing import closes_from, scheduled
from billing.services.accounts import AccountTariff, set_charging
from billing.services.calendars import change_calendar
from billing.services.closing import close_due
from customers.models import AuditEvent
from tests.billing.test_closing import FEBRUARY, HOUR, MARCH
from tests.billing.test_ledger_pages import browser, url
from tests.calls.stored import store_call
from tests.world import OPENED, World


def text_of(world: World, who: str, address: str) -> str:
    response = browser(world, who).get(address)
    assert response.status_code == 200
    return response.content.decode()


def states(world: World) -> dict[str, str]:
    """Of the balances with customers what they wait for, now."""
    rows = scheduled(Balance.objects.of_customers().select_related("customer"), now())
    return {row.customer.name: row.state for row in rows}


def test_what_waits_is_told_with_its_reason(world: World) -> None:
    close_due(moment=OPENED)
    moment = now()
    ends = {
        "shop": moment - 7 * HOUR,
        "sub_customer": moment - HOUR,
        "reseller": moment + HOUR,
        "sub_reseller": moment - 7 * HOUR,
    }
    for who, end in ends.items():
        Balance.objects.filter(pk=world.balance(who).pk).update(closes_at=end)
    ClosingHold.objects.create(
        call_id=1, customer=world.shop, ended_at=moment - 8 * HOUR, reason="no_rate"
    )
    found = states(world)
    assert found["Shop"] == ClosingState.HELD
    assert found["Sub customer"] == ClosingState.DELAYED
    assert found["Reseller"] == ClosingState.RUNNING
    assert found["Sub reseller"] == ClosingState.DUE
    shop = scheduled(Balance.objects.filter(customer=world.shop), moment).get()
    assert (shop.unrated_calls, closes_from(shop)) == (1, ends["shop"] + 78 * HOUR)
    page = text_of(world, "sub_reseller", url("closing_list"))
    assert "Held by unrated calls" in page
    assert "Sub customer" not in page
    only = text_of(world, "operator", url("closing_list") + "?state=delayed")
    assert "Sub customer" in only
    assert "Held by" not in only.split("<tbody")[1]


def test_run_now_closes_what_the_actor_bills(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "billing.services.closing.enqueue", lambda name, **kwargs: sent.append({name: kwargs})
    )
    response = browser(world, "sub_reseller").post(url("closing_run"))
    assert response.status_code == 302
    assert sent == [{"billing.close_periods": {"issuer_id": world.sub_reseller.pk}}]
    assert AuditEvent.objects.filter(action="closing_requested").count() == 1
    tasks.close_periods(issuer_id=world.sub_reseller.pk)
    closed = BillingPeriod.objects.filter(closed_at__isnull=False)
    assert set(closed.values_list("balance__customer", flat=True)) == {world.shop.pk}
    assert browser(world, "shop").post(url("closing_run")).status_code == 302  # its accounts
    assert browser(world, "sub_reseller").get(url("closing_run")).status_code == 405


def test_the_command_closes_and_says_what_waits(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    store_call(world.shop, "442071234567", 60, at=FEBRUARY - HOUR)
    call_command("close_periods")
    said = capsys.readouterr().out
    assert "wait to be charged" in said
    assert BillingPeriod.objects.filter(closed_at__isnull=False).count() == 0


def test_the_list_of_periods_has_what_the_viewer_bills(world: World) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR)
    page = text_of(world, "sub_reseller", url("period_list"))
    assert "Closed, nothing to invoice" in page
    assert "Shop" in page
    assert "Sub reseller" not in page.split("<tbody")[1]
    assert browser(world, "shop").get(url("period_list")).status_code == 200


def test_both_sides_read_the_calendar(world: World) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR)
    for who in ("sub_reseller", "operator"):
        page = text_of(world, who, url("periods", world.shop.pk))
        assert "Closed, nothing to invoice" in page
        assert "Unrated calls" in page
    page = text_of(world, "shop", url("periods", world.shop.pk))
    assert "nothing to invoice" not in page
    assert "Unrated calls" not in page.split("<main")[1]
    assert "Change the calendar" not in page
    assert browser(world, "other_reseller").get(url("periods", world.shop.pk)).status_code == 404
    assert browser(world, "operator").get(url("periods", world.root.pk)).status_code == 404


def test_an_account_has_a_calendar_of_its_own(world: World) -> None:
    assert browser(world, "shop").get(url("account_periods", world.account.pk)).status_code == 404
    street = world.sub_reseller.tariffs.get()
    actor = world.actor("shop")
    set_charging(actor=actor, account=world.account, by_itself=AccountTariff(street))
    own = Balance.objects.get(account=world.account)
    page = text_of(world, "shop", url("account_periods", world.account.pk))
    assert url("calendar", own.pk) in page
    leads = browser(world, "shop").get(url("balance_periods", own.pk))
    assert leads.headers["Location"] == url("account_periods", world.account.pk)
    assert browser(world, "sub_reseller").get(url("calendar", own.pk)).status_code == 403


def test_the_calendar_is_without_a_gap_and_shows_sums(world: World) -> None:
    shop = world.balance("shop")
    close_due(moment=MARCH + 6 * HOUR)
    lines = calendar_of(shop, MARCH + 20 * timedelta(days=1))[::-1]
    assert lines[0].start == OPENED
    assert all(line.end == after.start for line, after in pairwise(lines))
    assert [line.amount for line in lines[:3]] == [100, 0, None]
    assert [line.row is not None for line in lines[:3]] == [True, True, False]
    assert len([line for line in lines if line.start > MARCH]) == 3


def test_a_change_is_in_the_calendar_before_it_takes_effect(world: World) -> None:
    shop = world.balance("shop")
    change_calendar(
        actor=world.actor("sub_reseller"),
        balance=shop,
        period_type="weekly",
        period_timezone="UTC",
    )
    shop.refresh_from_db()
    lines = calendar_of(shop, OPENED + HOUR)[::-1]
    assert [(line.kind, line.start.day) for line in lines[:3]] == [
        ("monthly", 1),
        ("weekly", 1),
        ("weekly", 2),
    ]
    page = text_of(world, "sub_reseller", url("periods", world.shop.pk))
    assert "from the next close on Weekly" in page


def test_the_bridging_period_is_shown_before_saving(world: World) -> None:
    shop = world.balance("shop")
    client = browser(world, "sub_reseller")
    assert "the calendar in force" in client.get(url("calendar", shop.pk)).content.decode()
    asked = {"period_type": "weekly", "period_timezone": "UTC"}
    shown = client.post(url("calendar", shop.pk), asked | {"preview": "1"}).content.decode()
    assert "1 Feb 2026 00:00:00 to 2 Feb 2026 00:00:00" in shown
    shop.refresh_from_db()
    assert shop.next_period_type == ""
    saved = client.post(url("calendar", shop.pk), asked | {"save": ""})
    assert saved.headers["Location"] == url("periods", world.shop.pk)
    shop.refresh_from_db()
    assert shop.next_period_type == "weekly"
    wrong = client.post(url("calendar", shop.pk), asked | {"period_timezone": "Mars/Olympus"})
    assert wrong.status_code == 422


def test_only_who_bills_changes_the_calendar(world: World) -> None:
    shop = world.balance("shop")
    for who, status in (("operator", 403), ("shop", 403), ("other_reseller", 404)):
        assert browser(world, who).get(url("calendar", shop.pk)).status_code == status
