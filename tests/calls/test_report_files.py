"""The files of old reports go; the reports, and what a letter carries, stay."""

from datetime import timedelta

import pytest

from calls import tasks
from calls.models import DailyReport
from calls.selectors.daily_reports import has_file
from calls.services.daily_reports.retention import purge_files
from calls.services.daily_reports.running import send_due
from calls.services.daily_reports.sending import send_again
from notifications.models import Attachment, Message
from tests.calls.daily import AT, give_reports, tell_day
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def told(world: World) -> DailyReport:
    give_reports(world.shop, email="shop@x.example", balance_summary=True)
    (report,) = tell_day(until=AT + DAY)
    assert has_file(report)
    return report


def test_a_file_goes_when_it_is_old_and_the_report_stays(world: World, told: DailyReport) -> None:
    assert told.sent_at is not None
    assert purge_files(moment=told.sent_at + 400 * DAY) == 0
    assert purge_files(moment=told.sent_at + 401 * DAY) == 1
    assert purge_files(moment=told.sent_at + 401 * DAY) == 0
    told.refresh_from_db()
    assert (told.state, told.times_sent, has_file(told)) == ("sent", 1, False)
    assert not Attachment.objects.exists()
    assert send_due(moment=AT + DAY) == 0  # it is not told again
    assert Message.objects.count() == 1
    send_again(actor=world.actor("sub_reseller"), report=told)
    told.refresh_from_db()
    assert has_file(told)


def test_a_letter_keeps_the_file_that_it_carries(world: World) -> None:
    give_reports(world.shop, email="shop@x.example", daily_cdrs=True)
    (report,) = tell_day(until=AT + DAY)
    DailyReport.objects.update(sent_at=AT - 400 * DAY)
    tasks.purge_report_files()
    report.refresh_from_db()
    assert report.file is None
    letter = Message.objects.get()
    assert letter.attachment is not None
    assert letter.attachment == Attachment.objects.get()
