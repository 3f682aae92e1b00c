"""Keeps calls that could not be charged: which level, why, and whose periods they hold back."""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from billing.choices import HoldReason
from billing.models import ClosingHold
from calls.choices import REASONS
from calls.models import CallSettlement, UnratedCall
from calls.services.levels import Levels
from calls.services.picking import Calls
from calls.services.pricing import OK, Prices
from softswitch.core.columns import Int64s
from softswitch.core.moments import from_microseconds

# Nearly always there is nothing between the ids of a batch, and 10,000 of them need not be sent.
_HELD_BETWEEN = """
SELECT call_id FROM calls_unratedcall WHERE call_id BETWEEN %s AND %s
UNION SELECT call_id FROM billing_closinghold WHERE call_id BETWEEN %s AND %s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A call that stays unrated: ``level_customer`` is 0 where the owner is unknown."""

    call: int
    level_customer: int
    is_account_level: bool
    reason: str
    chain: tuple[int, ...]


def apply_settlements(calls: Calls, levels: Levels, prices: Prices) -> None:
    """Let levels that cannot be charged cost nothing where that was decided for the call."""
    failing = np.flatnonzero(prices.reasons != OK)
    if not failing.size:
        return
    ids = calls.ids[levels.calls[failing]].tolist()
    settled = set(
        CallSettlement.objects.filter(call_id__in=set(ids)).values_list(
            "call_id", "customer_id", "is_account_level"
        )
    )
    customers, numbers = levels.customers[failing].tolist(), levels.numbers[failing].tolist()
    is_settled = [
        (call, customer, number == 0) in settled
        for call, customer, number in zip(ids, customers, numbers, strict=True)
    ]
    prices.settle(failing[np.array(is_settled, dtype=np.bool_)])


def find_held(levels: Levels, prices: Prices) -> list[Held]:
    """The calls of which some level cannot be charged, each with its lowest such level."""
    failing = np.flatnonzero(prices.reasons != OK)
    _calls, first = np.unique(levels.calls[failing], return_index=True)
    held = []
    for row in failing[first].tolist():
        call = int(levels.calls[row])
        start, end = np.searchsorted(levels.calls, (call, call + 1))
        held.append(
            Held(
                call=call,
                level_customer=int(levels.customers[row]),
                is_account_level=bool(levels.numbers[row] == 0),
                reason=REASONS[int(prices.reasons[row])],
                chain=tuple(np.unique(levels.customers[start:end]).tolist()),
            )
        )
    return held


def held_as(reason: HoldReason, calls: Calls, rows: Int64s) -> list[Held]:
    """Calls that stay unrated as a whole, without a level at fault."""
    chains = [(customer,) if customer else () for customer in calls.customers[rows].tolist()]
    return [
        Held(call, 0, is_account_level=False, reason=reason.value, chain=chain)
        for call, chain in zip(rows.tolist(), chains, strict=True)
    ]


def hold(calls: Calls, held: list[Held]) -> None:
    """Store the unrated calls and what they hold back; what is stored of them already goes."""
    UnratedCall.objects.bulk_create(
        [
            UnratedCall(
                call_id=int(calls.ids[one.call]),
                setup_at=from_microseconds(calls.setup_at[one.call]),
                customer_id=int(calls.customers[one.call]) or None,
                account_id=int(calls.accounts[one.call]) or None,
                level_customer_id=one.level_customer or None,
                is_account_level=one.is_account_level,
                reason=one.reason,
            )
            for one in held
        ]
    )
    ClosingHold.objects.bulk_create(
        [
            ClosingHold(
                call_id=int(calls.ids[one.call]),
                customer_id=customer_id,
                ended_at=from_microseconds(calls.ended_at[one.call]),
                reason=one.reason,
            )
            for one in held
            for customer_id in one.chain
        ]
    )


def release(calls: Calls) -> None:
    """Forget that these calls were unrated, before they are charged or held anew."""
    span = [int(calls.ids.min()), int(calls.ids.max())]
    with connection.cursor() as cursor:
        cursor.execute(_HELD_BETWEEN, [*span, *span])
        kept = [row[0] for row in cursor.fetchall()]
    again = np.intersect1d(kept, calls.ids).tolist()
    if again:
        ClosingHold.objects.filter(call_id__in=again).delete()
        UnratedCall.objects.filter(call_id__in=again).delete()
