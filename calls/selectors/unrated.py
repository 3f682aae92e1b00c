"""Calls that could not be charged, as far as each viewer may know why."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.choices import HoldReason
from calls.models import Call, UnratedCall
from calls.selectors.cdrs import with_names
from customers.models import Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor, StoodAbove

NOT_AVAILABLE = _("Not available from your provider")


@dataclass(frozen=True, slots=True)
class UnratedLine:
    """An unrated call: the level at fault is None where it is above the viewer, or nobody's.

    ``level_name``, and ``customer_name`` of the call, are what the viewer may read.
    """

    call: Any
    reason: str | Promise
    level: Customer | None
    level_name: str
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
    calls = with_names(Call.objects.filter(window, id__in=[row.call_id for row in rows]), actor)
    calls = calls.select_related("account")
    levels = _levels(actor, [row.call_id for row in rows])
    by_id = {call.id: call for call in calls}
    return {row.call_id: _line(row, by_id[row.call_id], levels.get(row.call_id)) for row in rows}


def _levels(actor: Actor, call_ids: Collection[int]) -> dict[int, Any]:
    """The row of each call whose level at fault the actor may know, with its ``level_name``."""
    if actor.account_id is not None:
        return {}
    rows = UnratedCall.objects.filter(call_id__in=call_ids, level_customer__isnull=False)
    if not actor.is_root:
        viewer = Value(actor.customer_id)
        rows = rows.filter(StoodAbove(F("level_customer"), viewer, F("setup_at")))
    named = rows.annotate(level_name=shown_name(actor, "level_customer", then="setup_at"))
    return {row.call_id: row for row in named.select_related("level_customer")}


def _line(row: UnratedCall, call: Any, known: Any) -> UnratedLine:
    level = known and known.level_customer
    is_above = row.level_customer_id is not None and level is None
    reason = NOT_AVAILABLE if is_above else HoldReason(row.reason).label
    is_account_level = row.is_account_level and level is not None
    return UnratedLine(call, reason, level, known.level_name if known else "", is_account_level)


def unrated_count(actor: Actor, limit: int = 100) -> int:
    """How many unrated calls the actor sees, counted no further than ``limit``."""
    rows = UnratedCall.objects.visible_to(actor)
    return int(rows.order_by()[:limit].count())


def unrated_line(actor: Actor, call: Call) -> UnratedLine | None:
    """Why one call is not charged; None if it is not unrated."""
    row = UnratedCall.objects.filter(call_id=call.id).first()
    return unrated_lines(actor, [row])[call.id] if row else None
