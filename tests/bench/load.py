"""The world that charging is measured in: four levels, 60,000 prefixes each, calls that wait."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from accounts.models import Trunk
from billing.services.first_run import set_up
from calls.models import Switch
from calls.services.test_data.prefixes import make_prefixes
from calls.services.test_data.traffic import BATCH, Traffic, ensure_call_months, store_batch
from calls.services.test_data.world import (
    Callers,
    Plan,
    add_foreign_rate,
    foreign_currency,
    open_callers,
)
from softswitch.core.partitions import ensure_months

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_CALL = datetime(2026, 3, 10, tzinfo=UTC)
APART = timedelta(seconds=1.5)


def load_world(customers: int) -> list[int]:
    """Root, three resellers below each other and ``customers`` of the last; returns their ids.

    Each of the four levels pays by a tariff of 60,000 prefixes of its own; two are converted.
    """
    set_up(name="Root", login="operator", password="correct horse battery")
    add_foreign_rate(valid_on=OPENED.date())
    plan = Plan(
        customers=customers,
        levels=4,
        opened_at=OPENED,
        prefixes=make_prefixes(is_named=False),
        foreign=foreign_currency(),
    )
    return open_callers(plan).customers


def load_calls(customer_ids: list[int], calls: int) -> None:
    """Store ``calls`` that wait to be charged, in the order of time, a quarter unanswered."""
    trunks = dict(Trunk.objects.values_list("customer_id", "pk"))
    traffic = Traffic(
        calls=calls,
        since=FIRST_CALL,
        until=FIRST_CALL + calls * APART,
        prefixes=[row.prefix for row in make_prefixes(is_named=False)],
        unanswered=0.25,
        mean_seconds=300,
    )
    ensure_call_months(traffic)
    ensure_months(("billing_charge", "billing_usageentry"), [FIRST_CALL.date().replace(day=1)])
    callers = Callers(customer_ids, [trunks[pk] for pk in customer_ids])
    switch = Switch.objects.create(name="bench")
    for first in range(0, calls, BATCH):
        store_batch(traffic, callers, switch=switch, run="bench", first=first)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
