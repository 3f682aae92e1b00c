"""What the demo's customers are told by: alert rules, and automatic reports with some history."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from billing.choices import Mode
from billing.services.alerts import run_alerts
from calls.services.daily_reports.planning import plan_reports
from calls.services.daily_reports.running import send_due
from calls.services.demo.opening import Opened
from customers.choices import Frequency, Recipients
from customers.services.parameters import set_parameters

ALERTED: dict[Mode, dict[str, Any]] = {
    Mode.POSTPAID: {"low_balance_percent": Decimal(20), "credit_thresholds": [50, 80, 95]},
    Mode.PREPAID: {"low_balance_amount": Decimal(25)},
}
REPORT_AT = time(5)
DAYS = 3  # that were told of before the demo begins
REPORTED_ONE_IN = 5  # firms


def tell_news(*, opened: Sequence[Opened], anchor: datetime) -> str:
    """Let owners warn all who buy from them, and report to some; tell what is due by ``anchor``.

    Returns a line that says how much was told.
    """
    for number, one in enumerate(opened):
        values = dict(ALERTED[Mode(one.firm.mode)])
        values |= {
            "notifications": True,
            "low_balance_frequency": Frequency.DAILY,
            "low_balance_days": 7,
            "zero_balance_notice": True,
        }
        if number % REPORTED_ONE_IN == 0:
            values |= {
                "usage_summary": True,
                "balance_summary": True,
                "daily_cdrs": True,
                "report_at": REPORT_AT,
                "report_recipients": Recipients.BOTH,
            }
        set_parameters(actor=one.owner, customer=one.customer, values=values)
    plan_reports(moment=anchor - timedelta(days=DAYS))
    alerted = reports = 0
    for day in reversed(range(DAYS)):
        moment = anchor - timedelta(days=day)
        alerted += run_alerts(moment=moment)
        reports += send_due(moment=moment)
    return f"{alerted} alerts, {reports} automatic reports"
