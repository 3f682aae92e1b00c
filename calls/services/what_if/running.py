"""Answers what-ifs, a bounded number of calls in a transaction with the moment that was reached.

A worker that takes one sets ``updated_at`` and renews it with every batch; only the one that knows
the last value may go on. After LEASE without that another takes over where it stands.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import DataError, connection, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from calls.choices import WhatIfState
from calls.models import Call, PendingCall, UnratedCall, WhatIf
from calls.services.what_if.computing import SUMS, Lens, sums_of
from calls.services.what_if.questions import (
    changes_of,
    check_stored,
    lens_of,
    scope_of,
    variant_of,
)
from calls.services.what_if.reading import Scope, charged_calls
from customers.models import Customer
from customers.tenancy import Actor, subtree
from softswitch.core.columns import BIGINT, SMALLINT, Int64s, numeric, write_columns
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.moments import from_microseconds, to_microseconds

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
QUIET = timedelta(seconds=30)
MOST_ROWS = 500_000
TABLE = "calls_whatifrow"
KEYS = {
    "seller_id": BIGINT,
    "customer_id": BIGINT,
    "balance_id": BIGINT,
    "issuer_balance_id": BIGINT,
    "destination_id": BIGINT,
    "reason": SMALLINT,
}
_SUM_KINDS = {name: BIGINT if name in ("calls", "duration_ms") else numeric(6) for name in SUMS}
_FOLD = """
WITH gone AS (DELETE FROM calls_whatifrow WHERE what_if_id = %s RETURNING *)
INSERT INTO calls_whatifrow (what_if_id, {keys}, {sums})
SELECT what_if_id, {keys}, {summed} FROM gone GROUP BY what_if_id, {keys}
"""


class LeaseLost(Exception):  # noqa: N818 - says what happened, nothing failed
    """Another worker has taken over, or the what-if is asked anew or deleted."""


def run_what_if(*, what_if_id: int, seconds: float | None = None) -> bool:
    """Answer a waiting what-if from where it stands; False if time was up and more is to be read.

    Each batch of calls is a transaction with its sums and the cursor: a worker killed at any moment
    loses one batch, and of two the slower stops. What can never be answered ends as ``failed``.
    """
    held = _take(what_if_id)
    if held is None:
        return True
    try:
        return _Run(what_if_id, held).go(seconds)
    except LeaseLost:
        return True
    except DomainError as error:
        _fail(what_if_id, error.message)
    except (ArithmeticError, DataError):
        logger.exception("what-if %s failed", what_if_id)
        _fail(what_if_id, _("An amount is too large to be computed."))
    return True


def resume_what_ifs() -> list[int]:
    """Queue again what stands still: its message was lost, or its worker was killed."""
    moment = now()
    waiting = Q(state=WhatIfState.WAITING, updated_at__lt=moment - QUIET)
    abandoned = Q(state=WhatIfState.RUNNING, updated_at__lt=moment - LEASE)
    found = list(WhatIf.objects.filter(waiting | abandoned).values_list("pk", flat=True))
    for what_if_id in found:
        enqueue("calls.run_what_if", what_if_id=what_if_id)
    return found


def _take(what_if_id: int) -> datetime | None:
    moment = now()
    free = Q(state=WhatIfState.WAITING) | Q(
        state=WhatIfState.RUNNING, updated_at__lt=moment - LEASE
    )
    taken = WhatIf.objects.filter(free, pk=what_if_id).update(
        state=WhatIfState.RUNNING, updated_at=moment
    )
    return moment if taken else None


def _fail(what_if_id: int, text: str) -> None:
    WhatIf.objects.filter(pk=what_if_id, state=WhatIfState.RUNNING).update(
        state=WhatIfState.FAILED, failure=text, updated_at=now()
    )


class _Run:
    """One worker's way through the calls of a what-if."""

    def __init__(self, what_if_id: int, held: datetime) -> None:
        rows = WhatIf.objects.select_related("owner", "seller")
        self._what_if = rows.get(pk=what_if_id)
        self._held = held

    def go(self, seconds: float | None) -> bool:
        """Batch after batch to the end of the period, or until time is up."""
        deadline = None if seconds is None else time.monotonic() + seconds
        what_if = self._what_if
        if what_if.terms_at is None:
            what_if.terms_at = now()
            self._renew(terms_at=what_if.terms_at)
        scope = scope_of(what_if)
        lens = lens_of(what_if, scope.sellers)
        since = to_microseconds(what_if.read_till or what_if.since)
        with charged_calls(scope, since) as portions:  # the first is read while the rates are
            variants = [variant_of(what_if, change) for change in changes_of(what_if)]
            for charged in portions:
                with transaction.atomic():
                    self._keep(sums_of(charged, variants, lens))
                    self._renew(read_till=from_microseconds(charged.till))
                is_late = deadline is not None and time.monotonic() >= deadline
                if is_late and charged.till < scope.until:
                    self._renew(state=WhatIfState.WAITING)
                    return False
        self._end(scope, lens)
        return True

    def _keep(self, values: dict[str, Int64s]) -> None:
        if len(values["calls"]):
            owner = np.full_like(values["calls"], self._what_if.pk)
            kinds = {"what_if_id": BIGINT} | KEYS | _SUM_KINDS
            write_columns(TABLE, kinds, values | {"what_if_id": owner})

    def _end(self, scope: Scope, lens: Lens) -> None:
        """Add up the rows of all batches, count what is not in them, and say so.

        A month may have been archived since the question was asked, even while it was read.
        """
        with transaction.atomic():
            check_stored(self._what_if.since, self._what_if.until)
            with connection.cursor() as cursor:
                cursor.execute(_fold_sql(), [self._what_if.pk])
            if self._what_if.rows.count() > MOST_ROWS:
                raise DomainError("too_many", _("Too many pairs of customer and destination."))
            self._renew(state=WhatIfState.DONE, left_out=_left_out(self._what_if), done_at=now())

    def _renew(self, **values: Any) -> None:
        moment = max(now(), self._held + timedelta(microseconds=1))
        mine = WhatIf.objects.filter(
            pk=self._what_if.pk, state=WhatIfState.RUNNING, updated_at=self._held
        )
        if not mine.update(updated_at=moment, **values):
            raise LeaseLost
        self._held = moment


def _fold_sql() -> str:
    return _FOLD.format(
        keys=", ".join(KEYS),
        sums=", ".join(SUMS),
        summed=", ".join(f"sum({name})" for name in SUMS),
    )


def _left_out(what_if: WhatIf) -> dict[str, int]:
    """How many answered calls of the question have no charges yet: waiting, and unrated."""
    asker = Actor(user=None, customer=what_if.owner)
    top = what_if.customer_id or what_if.seller_id
    window = Q(setup_at__gte=what_if.since, setup_at__lt=what_if.until)
    if what_if.customer_id or not what_if.seller.is_root:
        window &= Q(customer__in=subtree(Customer, top).values("pk"))
    waiting = PendingCall.objects.filter(setup_at__gte=what_if.since, setup_at__lt=what_if.until)
    calls = Call.objects.visible_to(asker).filter(window, duration_ms__gt=0)
    return {
        "waiting": calls.filter(id__in=waiting.values("call_id")).count(),
        "unrated": UnratedCall.objects.visible_to(asker).filter(window).count(),
    }
