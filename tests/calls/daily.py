"""Customers with automatic reports, and what was told of them."""

from datetime import UTC, datetime
from typing import Any

from calls.models import DailyReport
from calls.services.daily_reports.running import send_due
from customers.models import Customer, CustomerParameters
from notifications.models import Message

# A Tuesday; its day is told on Wednesday.
AT = datetime(2026, 10, 13, 9, tzinfo=UTC)
DAY = AT.date()


def give_reports(customer: Customer, *, email: str = "", **parameters: Any) -> None:
    """Set parameters of a customer, and its address for all letters."""
    CustomerParameters.objects.update_or_create(customer=customer, defaults=parameters)
    if email:
        customer.main_email = email
        customer.save(update_fields=["main_email"])


def tell_day(*, since: datetime = AT, until: datetime) -> list[DailyReport]:
    """Let the reports begin at ``since``, tell all that is due by ``until``; all in order."""
    send_due(moment=since)
    send_due(moment=until)
    return list(DailyReport.objects.order_by("day", "kind", "pk"))


def letter_of(report: DailyReport) -> Message:
    """The last letter that tells a report."""
    return Message.objects.filter(event=report.kind, customer=report.customer).latest("pk")
