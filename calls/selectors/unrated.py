"""Calls that could not be charged, as far as each viewer may know why."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.choices import HoldReason
from calls.models import Call, UnratedCall
from customers.models import Customer
from customers.tenancy import Actor

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
    """The shown facts of some unrated calls, by call id, in two statements."""
    if not rows:
        return {}
    moments = [row.setup_at for row in rows]
    window = Q(setup_at__range=(min(moments), max(moments)))
    calls = Call.objects.filter(window, id__in=[row.call_id for row in rows])
    calls = calls.select_related("customer", "account")
    wanted = {row.level_customer_id for row in rows if row.level_customer_id}
    levels = {
        customer.pk: customer
        for customer in Customer.objects.visible_to(actor).filter(pk__in=wanted)
    }
    by_id = {call.id: call for call in calls}
    return {row.call_id: _line(row, by_id[row.call_id], levels) for row in rows}


def _line(row: UnratedCall, call: Call, levels: dict[int, Customer]) -> UnratedLine:
    level = levels.get(row.level_customer_id or 0)
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
