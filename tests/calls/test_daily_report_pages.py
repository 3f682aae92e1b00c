"""The history of automatic reports: who sees which, files, links, and one more sending."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from billing.models import ArchivedMonth
from calls.models import DailyReport
from calls.selectors.daily_links import report_of_link, report_url
from calls.services.charging import charge_pending
from calls.services.daily_reports.sending import send_again
from customers.models import AuditEvent, Customer, User
from notifications.models import Message
from softswitch.core.errors import DomainError
from tests.billing.browsing import browser, signed_in
from tests.calls.daily import AT, DAY, give_reports, tell_day
from tests.calls.stored import store_call
from tests.world import World

NEXT = datetime(2026, 10, 14, 6, tzinfo=UTC)
LIST = "calls:daily_report_list"


def url(name: str, *args: Any) -> str:
    return reverse(f"calls:{name}", args=args)


@pytest.fixture
def reports(world: World) -> dict[str, DailyReport]:
    """Three of the shop for one day, told to both sides, by kind."""
    store_call(world.shop, "33123456789", 60, at=AT)
    charge_pending()
    Customer.objects.filter(pk=world.sub_reseller.pk).update(main_email="desk@sub.example")
    give_reports(
        world.shop,
        email="shop@x.example",
        report_recipients="both",
        usage_summary=True,
        balance_summary=True,
        daily_cdrs=True,
    )
    return {report.kind: report for report in tell_day(until=NEXT)}


def listed(client: Client, **query: str) -> str:
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_both_sides_and_those_above_see_them(world: World, reports: dict[str, DailyReport]) -> None:
    for who in ("shop", "sub_reseller", "reseller", "operator"):
        page = listed(browser(world, who))
        for label in ("Daily usage summary", "Daily balance summary", "Daily CDR file"):
            assert label in page
    for who in ("other_reseller", "sub_customer"):
        assert "No automatic reports yet" in listed(browser(world, who))
        for report in reports.values():
            answer = browser(world, who).get(url("daily_report_file", report.pk))
            assert answer.status_code == 404


def test_a_customer_does_not_read_the_addresses_of_its_provider(
    world: World, reports: dict[str, DailyReport]
) -> None:
    theirs, own = listed(browser(world, "shop")), listed(browser(world, "sub_reseller"))
    assert "shop@x.example" in theirs
    assert "desk@sub.example" not in theirs
    assert "shop@x.example" in own
    assert "desk@sub.example" in own


def test_what_only_the_owner_is_sent_stays_its_own(
    world: World, reports: dict[str, DailyReport]
) -> None:
    DailyReport.objects.update(told="owner")
    assert "No automatic reports yet" in listed(browser(world, "shop"))
    assert "Daily CDR file" in listed(browser(world, "sub_reseller"))


def test_each_kind_needs_its_right(world: World, reports: dict[str, DailyReport]) -> None:
    User.objects.filter(pk=world.user("shop").pk).update(role="reporter")
    page = listed(signed_in(User.objects.get(login="shop")))
    assert "Daily usage summary" in page
    assert "Daily CDR file" in page
    assert "Daily balance summary</td>" not in page
    client = signed_in(User.objects.get(login="shop"))
    answer = client.get(url("daily_report_file", reports["balance_summary"].pk))
    assert answer.status_code == 404


def test_the_login_of_an_account_has_no_such_page(
    world: World, reports: dict[str, DailyReport]
) -> None:
    client = signed_in(User.objects.get(login="shop-1"))
    assert client.get(reverse(LIST)).status_code == 403


def test_they_are_found_by_day_customer_report_and_state(
    world: World, reports: dict[str, DailyReport]
) -> None:
    client = browser(world, "sub_reseller")
    empty = "No automatic reports"
    for query in (
        {"since": "2026-10-14"},
        {"until": "2026-10-12"},
        {"customer": "nobody"},
        {"state": "failed"},
    ):
        assert "shop@x.example" not in listed(client, **query)
    page = listed(client, since=str(DAY), until=str(DAY), customer="sho", kind="daily_cdrs")
    assert "shop@x.example" in page
    assert empty not in page
    file = url("daily_report_file", reports["usage_summary"].pk)
    assert file not in page


def test_the_kept_file_is_downloaded(world: World, reports: dict[str, DailyReport]) -> None:
    for who in ("shop", "sub_reseller"):
        for kind, name in (("usage_summary", "usage"), ("balance_summary", "balance"),
                           ("daily_cdrs", "calls")):  # fmt: skip
            report = reports[kind]
            answer = browser(world, who).get(url("daily_report_file", report.pk))
            wanted = f'attachment; filename="shop-{name}-2026-10-13.csv"'
            assert answer["Content-Disposition"] == wanted
            assert report.file is not None
            assert answer.content == bytes(report.file.content)


def test_waiting_ones_have_no_file(world: World, reports: dict[str, DailyReport]) -> None:
    DailyReport.objects.update(state="waiting", file=None)
    client = browser(world, "sub_reseller")
    for report in reports.values():
        assert url("daily_report_file", report.pk) not in listed(client)
        assert client.get(url("daily_report_file", report.pk)).status_code == 404


@pytest.fixture
def linked(world: World, settings: Any) -> DailyReport:
    """A CDR file of the shop that has too many calls for a letter, told at NEXT."""
    settings.REPORT_ATTACHED_CALLS = 0
    settings.ALLOWED_HOSTS = ["*"]
    store_call(world.shop, "33123456789", 60, at=AT)
    charge_pending()
    give_reports(world.shop, email="shop@x.example", daily_cdrs=True)
    (report,) = tell_day(until=NEXT)
    return report


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_many_calls_are_read_when_they_are_asked_for(world: World, linked: DailyReport) -> None:
    client = browser(world, "shop")
    file = url("daily_report_file", linked.pk)
    answer = client.get(file)
    assert answer["Content-Disposition"] == 'attachment; filename="shop-calls-2026-10-13.csv"'
    head, line = text_of(answer).splitlines()
    assert head.startswith("Set-up time,Answered")
    assert line.startswith("2026-10-13T09:00:00+00:00,")
    book: Any = client.get(file, {"format": "xlsx"})
    assert b"".join(book.streaming_content).startswith(b"PK")
    assert client.get(file, {"format": "pdf"}).status_code == 404
    ArchivedMonth.objects.create(month=DAY.replace(day=1), calls=0, charges=0)
    answer = client.get(file, follow=True)
    assert "The calls of this day are archived." in answer.content.decode()


def test_the_link_needs_no_login_and_lasts_two_weeks(linked: DailyReport) -> None:
    with time_machine.travel(NEXT, tick=False) as clock:
        link = report_url(linked, "csv").partition("/calls/")[2]
        link = f"/calls/{link}"
        answer = Client().get(link)
        assert "33123456789" in text_of(answer)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        clock.move_to(NEXT + timedelta(days=14, minutes=-1))
        assert "33123456789" in text_of(Client().get(link))
        clock.move_to(NEXT + timedelta(days=14, minutes=1))
        late = Client().get(link)
        assert late.status_code == 410
        assert "among the automatic reports" in late.content.decode()


def test_a_link_that_was_changed_leads_nowhere(linked: DailyReport) -> None:
    token = report_url(linked, "csv").partition("by-link/")[2].partition("/")[0]
    assert report_of_link(token) == linked
    for wrong in (f"{token[:-1]}", "x", token.replace(":", "", 1)):
        assert Client().get(url("report_by_link", wrong)).status_code == 404
    DailyReport.objects.update(kind="usage_summary")
    assert report_of_link(token) is None


def test_an_archived_month_says_so_to_whoever_has_the_link(linked: DailyReport) -> None:
    ArchivedMonth.objects.create(month=DAY.replace(day=1), calls=0, charges=0)
    answer = Client().get(f"/calls/{report_url(linked, 'csv').partition('/calls/')[2]}")
    assert answer.status_code == 410
    assert "The calls of this day are archived." in answer.content.decode()


def test_it_is_sent_again_as_the_day_stands_now(
    world: World, reports: dict[str, DailyReport]
) -> None:
    store_call(world.shop, "33123456789", 60, at=AT + timedelta(hours=1))
    charge_pending()
    report = reports["usage_summary"]
    client = browser(world, "sub_reseller")
    answer = client.post(url("daily_report_send", report.pk), follow=True)
    assert "The report is on its way again." in answer.content.decode()
    report.refresh_from_db()
    assert (report.times_sent, report.calls) == (2, 2)
    assert Message.objects.filter(event="usage_summary").count() == 4
    audit = AuditEvent.objects.filter(action="usage_summary_mailed")
    seen = {who: audit.visible_to(world.actor(who)).values_list("subject", flat=True)
            for who in ("shop", "sub_reseller")}  # fmt: skip
    assert set(seen["shop"]) == {"shop@x.example"}
    assert set(seen["sub_reseller"]) == {"shop@x.example", "desk@sub.example"}


def test_only_who_told_it_sends_it_again(world: World, reports: dict[str, DailyReport]) -> None:
    report = reports["usage_summary"]
    path = url("daily_report_send", report.pk)
    assert path not in listed(browser(world, "shop"))
    assert browser(world, "shop").post(path).status_code == 403
    assert browser(world, "reseller").post(path).status_code == 403
    assert browser(world, "other_reseller").post(path).status_code == 404
    with pytest.raises(PermissionDenied):
        send_again(actor=world.actor("operator"), report=report)


def test_one_without_an_address_is_not_sent_again(
    world: World, reports: dict[str, DailyReport]
) -> None:
    Customer.objects.filter(pk__in=(world.shop.pk, world.sub_reseller.pk)).update(main_email="")
    report = reports["usage_summary"]
    with pytest.raises(DomainError) as refused:
        send_again(actor=world.actor("sub_reseller"), report=report)
    assert refused.value.code == "no_email"
    report.refresh_from_db()
    assert (report.times_sent, report.state) == (1, "sent")


def test_a_failed_one_can_be_sent_by_hand(world: World, reports: dict[str, DailyReport]) -> None:
    report = reports["daily_cdrs"]
    DailyReport.objects.filter(pk=report.pk).update(state="failed", failure="Because of it.")
    assert "Because of it." in listed(browser(world, "sub_reseller"))
    send_again(actor=world.actor("sub_reseller"), report=report)
    report.refresh_from_db()
    assert (report.state, report.failure) == ("sent", "")


def test_the_list_is_exported(world: World, reports: dict[str, DailyReport]) -> None:
    answer: Any = browser(world, "shop").get(reverse(LIST), {"export": "csv"})
    head, *lines = text_of(answer).splitlines()
    assert head.startswith("Day,Customer,Report,Calls,Sent to,Sent,State")
    assert len(lines) == 3
    assert all("desk@sub.example" not in line for line in lines)
