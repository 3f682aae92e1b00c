"""Builds a system of millions of calls: what charging makes of them is really charged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.db import connection
from django.utils.timezone import now

from calls.models import Switch
from calls.services.charging import charge_pending
from calls.services.months import TABLES
from calls.services.switches import create_switch
from calls.services.test_data.prefixes import countries, make_prefixes
from calls.services.test_data.traffic import (
    BATCH,
    LONGEST,
    Traffic,
    ensure_call_months,
    store_batch,
)
from calls.services.test_data.world import (
    CUSTOMER,
    Callers,
    Plan,
    add_foreign_rate,
    foreign_currency,
    has_others,
    open_callers,
)
from calls.services.traffic import fold_traffic
from customers.models import Customer
from customers.selectors import system_actor
from softswitch.core.errors import DomainError
from tariffs.models import ExchangeRate

SWITCH = "Test switch"
DAYS = 30  # of a month
MOST_LEVELS = 12
SKEW = 3.0
_QUEUES = ("calls_pendingcall", "calls_trafficdelta")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How big the system is to be; the calls are those of the last ``months`` of 30 days."""

    calls: int
    customers: int = 500
    months: int = 1
    levels: int = 4


def load_test_data(*, size: Size, say: Say, beside_others: bool = False) -> int:
    """Open customers, store ``size.calls`` calls, charge them; returns how many were charged.

    A second run uses the customers of the first and adds its calls; one that was interrupted has
    left calls that wait, and the next run, or a worker, charges them. Batches are transactions of
    their own. Raises DomainError ``size``, ``not_test_data`` (there are other customers, and
    ``beside_others`` does not say that they may be), ``levels`` or ``opened_at``.
    """
    _check(size, beside_others=beside_others)
    started = time.monotonic()
    until = now().astimezone(UTC).replace(minute=0, second=0, microsecond=0) - 2 * LONGEST
    since = (until - timedelta(days=DAYS * size.months)).replace(hour=0)
    callers = _open(size, since, beside_others=beside_others)
    say(f"{len(callers.customers)} customers at level {size.levels} ({_seconds(started)})")
    charged = charge_pending().charged
    prefixes = make_prefixes()
    traffic = Traffic(
        calls=size.calls,
        since=since,
        until=until,
        prefixes=[row.prefix for row in prefixes],
        ring=len(countries()),
        skew=SKEW,
    )
    charged += load_calls(traffic, callers, say=say)
    _vacuum()
    say(f"{charged:,} calls charged ({_seconds(started)})")
    return charged


def load_calls(traffic: Traffic, callers: Callers, *, say: Say) -> int:
    """Store and charge calls, batch by batch; returns how many were charged."""
    switch, run = _switch(), uuid4().hex[:12]
    ensure_call_months(traffic)
    charged, started = 0, time.monotonic()
    for first in range(0, traffic.calls, BATCH):
        store_batch(traffic, callers, switch=switch, run=run, first=first)
        charged += charge_pending().charged
        while fold_traffic():
            pass
        if first == 0:
            _analyze()
        done = min(first + BATCH, traffic.calls)
        speed = done / (time.monotonic() - started)
        say(
            f"{done:,} of {traffic.calls:,} calls, {speed:,.0f}/s,"
            f" {(traffic.calls - done) / speed:,.0f} s left"
        )
    return charged


def _check(size: Size, *, beside_others: bool) -> None:
    if size.calls < 1 or size.customers < 1 or size.months < 1:
        raise DomainError("size", "There is at least one call, of one customer, in one month.")
    if not 1 <= size.levels <= MOST_LEVELS:
        raise DomainError("size", f"There are 1 to {MOST_LEVELS} levels.")
    if has_others() and not beside_others:
        message = "Here are customers that are no test data: this is no place for a load test."
        raise DomainError("not_test_data", message)


def _open(size: Size, since: datetime, *, beside_others: bool) -> Callers:
    """Open what is missing; customers that are there stay in service since they were opened."""
    known = Customer.objects.filter(name__startswith=CUSTOMER).order_by("opened_at").first()
    plan = Plan(
        customers=size.customers,
        levels=size.levels,
        opened_at=since,
        prefixes=make_prefixes(),
    )
    if known is not None and known.opened_at > since:
        raise DomainError("opened_at", f"The test customers were opened on {known.opened_at:%F}.")
    foreign = ExchangeRate.objects.filter(currency=foreign_currency())
    if not foreign.exists() and not beside_others:
        add_foreign_rate(valid_on=since.date())
    if foreign.filter(valid_on__lte=since.date()).exists():
        plan = replace(plan, foreign=foreign_currency())
    return open_callers(plan)


def _switch() -> Switch:
    found = Switch.objects.filter(name=SWITCH).first()
    if found is not None:
        return found
    switch, _token = create_switch(actor=system_actor(), name=SWITCH)
    return switch


def _analyze() -> None:
    """Tell the planner of the first calls: nobody else does so soon."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _vacuum() -> None:
    """Leave the tables as autovacuum would some time later."""
    with connection.cursor() as cursor:
        for table in (*TABLES, *_QUEUES):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _seconds(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"
