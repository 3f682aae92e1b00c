"""What can be done about unrated calls: rate them again, or settle a level at 0."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from billing.choices import HoldReason
from calls.models import CallSettlement, UnratedCall
from calls.services.identify import identify_again
from customers.models import Customer, CustomerOwnership
from customers.services.audit import record
from customers.tenancy import Actor, subtree
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

# The row leaves one table for the other at once, so that two at work move it once.
_WAIT_AGAIN = """
WITH again AS (
    DELETE FROM calls_unratedcall WHERE call_id = ANY(%s) RETURNING call_id, setup_at
)
INSERT INTO calls_pendingcall (call_id, setup_at) SELECT call_id, setup_at FROM again
ON CONFLICT DO NOTHING
"""


def rate_again(*, actor: Actor, call_ids: Collection[int] | None = None) -> int:
    """Let unrated calls wait to be charged again; returns how many.

    Without ``call_ids``: all that the actor may. The levels at fault must be sold by the actor's
    customer or one below it; calls of an unknown owner are Root's, and go only if it is known by
    now. Raises PermissionDenied if any of ``call_ids`` is another's. Atomic with the audit row.
    """
    if not actor.can("tariffs.edit"):
        raise PermissionDenied
    rows = answerable(actor)
    if call_ids is not None:
        rows = rows.filter(call_id__in=call_ids)
        if rows.count() < len(set(call_ids)):
            raise PermissionDenied
    with transaction.atomic():
        unknown = list(rows.filter(reason=HoldReason.UNKNOWN).values_list("call_id", flat=True))
        known = rows.exclude(reason=HoldReason.UNKNOWN).values_list("call_id", flat=True)
        moved = _wait_again([*known, *(identify_again(call_ids=unknown) if unknown else ())])
        if moved:
            record(
                actor=actor,
                customer=actor.customer,
                action="calls_rated_again",
                subject=f"{moved} calls",
            )
            enqueue("calls.charge_pending")
    return moved


def settle_at_zero(*, actor: Actor, call_id: int, reason: str) -> CallSettlement:
    """Let the level at fault of an unrated call cost 0, and the call wait to be charged again.

    For who sells to that level, or one above it: else PermissionDenied. Raises DomainError
    ``reason`` (empty), ``no_level`` (no single level is at fault) and UnratedCall.DoesNotExist.
    Atomic with the audit row; the call's row is locked, so that it is settled once.
    """
    if not reason.strip():
        raise DomainError("reason", _("Enter a reason."), field="reason")
    call = UnratedCall.objects.visible_to(actor).get(call_id=call_id)
    if not actor.can("money.manage") or not may_answer(actor, call):
        raise PermissionDenied
    with transaction.atomic():
        call = UnratedCall.objects.select_for_update().get(call_id=call_id)
        level = call.level_customer
        if level is None:
            raise DomainError("no_level", _("No level of this call can be settled."))
        settlement, _is_new = CallSettlement.objects.get_or_create(
            call_id=call_id,
            customer=level,
            is_account_level=call.is_account_level,
            defaults={
                "setup_at": call.setup_at,
                "reason": reason.strip(),
                "settled_by": actor.user,
            },
        )
        record(
            actor=actor,
            customer=level,
            action="call_settled",
            subject=f"{call_id}",
            changes={"reason": ["", reason.strip()]},
            is_private=True,
        )
        _wait_again([call_id])
        enqueue("calls.charge_pending")
    return settlement


def may_answer(actor: Actor, call: UnratedCall) -> bool:
    """Whether the level at fault of ``call`` was sold by the actor's customer or one below it."""
    return answerable(actor).filter(call_id=call.call_id).exists()


def answerable(actor: Actor) -> "QuerySet[UnratedCall, UnratedCall]":
    """The unrated calls whose level at fault was sold by the actor's customer or one below it."""
    visible: QuerySet[UnratedCall] = UnratedCall.objects.visible_to(actor)
    if actor.account_id is not None:
        return visible.none()
    if actor.is_root:
        return visible
    return visible.annotate(seller=_seller()).filter(
        seller__in=subtree(Customer, actor.customer_id).values("pk")
    )


def _seller() -> Any:
    """Who sold to the level at fault when the call began: an account's customer, or the owner."""
    at = OuterRef("setup_at")
    owner = CustomerOwnership.objects.filter(
        Q(valid_till=None) | Q(valid_till__gt=at),
        customer=OuterRef("level_customer"),
        valid_from__lte=at,
    )
    return Case(
        When(is_account_level=True, then=F("level_customer")),
        default=Subquery(owner.values("owner")[:1]),
        output_field=BigIntegerField(),
    )


def _wait_again(call_ids: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_AGAIN, [call_ids])
        return int(cursor.rowcount)
