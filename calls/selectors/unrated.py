"""Calls that could not be charged, as far as each viewer may know why."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.choices import HoldReason
from calls.models import Call, UnratedCall
from customers.models import Customer
from customers.tenancy import Actor, StoodAbove

NOT_AVAILABLE = _("Not available from your provider")


@dataclass(frozen=True, slots=True)
class UnratedLine:
    """An unrated call: the level at fault is None where it is above the viewer, or nobody's."""

    call: Call
    reason: str | Promise
    level: Customer | None
    is_account_level: bool

    @property
    def seconds(self) -> Decimal:
        return Decimal(self.call.duration_ms) / 1000


def unrated_lines(actor: Actor, rows: Collection[UnratedCall]) -> dict[int, UnratedLine]:
    """The shown facts of some unrated calls, by call id, in two statements.

    The level at fault is told to who stood above it, or was it, when the call began.
    """
    if not rows:
        return {}
    moments = [row.setup_at for row in rows]
    window = Q(setup_at__range=(min(moments), max(moments)))
    calls = Call.objects.filter(window, id__in=[row.call_id for row in rows])
    calls = calls.select_related("customer", "account")
    levels = _levels(actor, [row.call_id for row in rows])
    by_id = {call.id: call for call in calls}
    return {row.call_id: _line(row, by_id[row.call_id], levels.get(row.call_id)) for row in rows}


def _levels(actor: Actor, call_ids: Collection[int]) -> dict[int, Customer]:
    """The level at fault of each call, where the actor may know it."""
    if actor.account_id is not None:
        return {}
    rows = UnratedCall.objects.filter(call_id__in=call_ids, level_customer__isnull=False)
    if not actor.is_root:
        viewer = Value(actor.customer_id)
        rows = rows.filter(StoodAbove(F("level_customer"), viewer, F("setup_at")))
    known = rows.select_related("level_customer")
    return {row.call_id: row.level_customer for row in known if row.level_customer}


def _line(row: UnratedCall, call: Call, level: Customer | None) -> UnratedLine:
    is_above = row.level_customer_id is not None and level is None
    reason = NOT_AVAILABLE if is_above else HoldReason(row.reason).label
    return UnratedLine(call, reason, level, row.is_account_level and level is not None)


def unrated_count(actor: Actor, limit: int = 100) -> int:
    """How many unrated calls the actor sees, counted no further than ``limit``."""
    rows = UnratedCall.objects.visible_to(actor)
    return int(rows.order_by()[:limit].count())


def unrated_line(actor: Actor, call: Call) -> UnratedLine | None:
    """Why one call is not charged; None if it is not unrated."""
    row = UnratedCall.objects.filter(call_id=call.id).first()
    return unrated_lines(actor, [row])[call.id] if row else None
