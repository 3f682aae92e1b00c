"""Tells an automatic report: letters to who was chosen, webhooks, and its file kept."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from calls.choices import DailyReportState
from calls.models import DailyReport
from calls.selectors.daily_reports import may_send_again
from calls.services.daily_reports.contents import Content, content_of
from customers.choices import Recipients
from customers.tenancy import Actor
from notifications.choices import Event, Mailbox
from notifications.models import Attachment
from notifications.selectors import mailbox_of
from notifications.services.events import News, tell
from notifications.services.outbox import keep_attachment
from notifications.services.retention import drop_unused
from softswitch.core.errors import DomainError


def send_report(*, actor: Actor, report: DailyReport, moment: datetime) -> None:
    """Compute a report and tell it, in the caller's transaction, which holds its row.

    Each time it is told has a key of its own, so that no time is told twice. Raises DomainError
    (contents.content_of).
    """
    content = content_of(report)
    theirs, own = _addresses(report)
    before, report.file = report.file_id, _kept(content)
    report.times_sent += 1
    news = News(
        event=Event(report.kind),
        owner=report.issuer,
        customer=report.customer,
        values=content.values,
        key=f"{report.kind}:{report.customer_id}:{report.day}:{report.times_sent}",
        recipients=theirs,
        own_recipients=own,
        attachment=report.file if content.is_attached else None,
        path=reverse("calls:daily_report_list"),
        is_private=report.told == Recipients.OWNER,
    )
    tell(actor=actor, news=news)
    is_addressed = theirs or own
    report.state = DailyReportState.SENT if is_addressed else DailyReportState.UNADDRESSED
    report.recipients, report.own_recipients = theirs, own
    report.calls, report.closing = content.calls, content.closing
    report.sent_at, report.failure = moment, ""
    report.save()
    drop_unused([before])


def send_again(*, actor: Actor, report: DailyReport) -> None:
    """Tell a report once more, by hand: as its day stands now, to who is chosen by now.

    For the owner's users that edit customers, else PermissionDenied. One transaction with the audit
    row that letters sent by hand have, under the lock of the report. Raises DomainError ``waiting``
    (it was not told yet), ``no_email``, or those of contents.content_of.
    """
    if not may_send_again(report, actor):
        raise PermissionDenied
    with transaction.atomic():
        rows = DailyReport.objects.select_related("issuer", "customer")
        fresh = rows.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
        if fresh.state == DailyReportState.WAITING:
            raise DomainError("waiting", _("This report was not sent yet."))
        send_report(actor=actor, report=fresh, moment=now())
        if fresh.state == DailyReportState.UNADDRESSED:
            raise DomainError("no_email", _("There is no e-mail address."))


def _addresses(report: DailyReport) -> tuple[list[str], list[str]]:
    """The customer's address and its owner's own, each as far as it was chosen and is known."""
    own = theirs = ""
    if report.told != Recipients.OWNER:
        theirs = mailbox_of(report.customer, Mailbox.BILLING)
    if report.told != Recipients.CUSTOMER:
        own = mailbox_of(report.issuer, Mailbox.BILLING)
    return [theirs] if theirs else [], [own] if own and own != theirs else []


def _kept(content: Content) -> Attachment | None:
    if content.file is None:
        return None
    file = content.file
    return keep_attachment(name=file.name, content_type=file.content_type, content=file.content)
