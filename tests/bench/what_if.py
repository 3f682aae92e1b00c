"""A what-if over a million stored calls at four levels: reading them, pricing, adding up.

Asked by Root with a mark-up on the tariff of every level, so that all charges are read and all
levels priced once more; and as it mostly is, about what one seller earns and pays.
"""

import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.models import Sum

from calls.models import Call, WhatIf
from calls.services.charging import charge_pending
from calls.services.what_if.asking import Question, ask_what_if
from calls.services.what_if.questions import Change
from calls.services.what_if.running import run_what_if
from customers.models import Customer, User
from customers.selectors import actor_for
from tariffs.models import Tariff
from tests.bench.databases import fresh_database
from tests.bench.load import FIRST_CALL, load_calls, load_world

CALLS = 1_000_000
CUSTOMERS = 500
LIMIT_SECONDS = 5.0


def run() -> tuple[list[str], bool]:
    """Seconds of each question; whether the limit is kept."""
    # No broker runs here, and none is waited for.
    with fresh_database(), patch("softswitch.core.jobs.current_app"):
        customers = load_world(CUSTOMERS)
        load_calls(customers, CALLS)
        charge_pending()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE billing_charge")
            cursor.execute("VACUUM ANALYZE calls_call")
        root = Customer.objects.get(is_root=True)
        # Each level has a tariff, Root's first.
        tariffs = list(Tariff.objects.select_related("owner").order_by("pk"))
        whole = _seconds(root, tariffs, has_below=True)
        parts = {
            "Root's customers": _seconds(root, tariffs[:1]),
            "a reseller's": _seconds(tariffs[1].owner, tariffs[1:2]),
            "one customer": _seconds(
                root, tariffs[:1], customer=Customer.objects.get(pk=customers[7])
            ),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines = [
        (
            f"what if over {CALLS:,} calls at 4 levels: {whole:.2f} s"
            f" (limit {LIMIT_SECONDS:.0f} s), memory of the process at most {peak:,} MB"
        ),
        "  about " + ", ".join(f"{name} {spent:.2f} s" for name, spent in parts.items()),
    ]
    return lines, whole <= LIMIT_SECONDS


def _seconds(seller: Customer, tariffs: Sequence[Tariff], **asked: Any) -> float:
    """From the question to the answer."""
    question = Question(
        name="Bench",
        since=FIRST_CALL,
        until=FIRST_CALL + timedelta(days=40),
        seller=seller,
        changes=[
            Change(kind="markup", tariff=tariff.pk, amount=Decimal("7.5"), time="call")
            for tariff in tariffs
        ],
        **asked,
    )
    actor = actor_for(User.objects.get(login="operator"))
    start = time.perf_counter()
    what_if = ask_what_if(actor=actor, question=question, by_job=False)
    run_what_if(what_if_id=what_if.pk)
    spent = time.perf_counter() - start
    _check(what_if, is_whole=not asked.get("customer"))
    return spent


def _check(what_if: WhatIf, *, is_whole: bool) -> None:
    what_if.refresh_from_db()
    rows = what_if.rows.filter(seller_id=what_if.seller_id)
    calls = rows.aggregate(calls=Sum("calls"))["calls"]
    answered = Call.objects.filter(duration_ms__gt=0).count()
    if what_if.state != "done" or (is_whole and calls != answered):
        raise RuntimeError(f"{what_if.state}: {what_if.failure}, {calls} calls")
