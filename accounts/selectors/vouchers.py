"""Reads of vouchers and their batches for their pages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.choices import VoucherStatus
from accounts.models import Voucher, VoucherBatch
from accounts.querysets import VoucherQuerySet
from customers.models import Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from tariffs.models import Currency
from tariffs.selectors import currency_choices


@dataclass(frozen=True, slots=True)
class VoucherCounts:
    """How many vouchers of a batch stand where; ``unused`` are new, active or expired together."""

    unused: int = 0
    used: int = 0
    blocked: int = 0


def voucher_counts(batch_ids: Collection[int]) -> dict[int, VoucherCounts]:
    """The counts of each of some batches, in one statement."""
    rows: QuerySet[Any] = Voucher.objects.filter(batch__in=batch_ids).values("batch", "status")
    found: dict[int, dict[str, int]] = {pk: {} for pk in batch_ids}
    for pk, status, number in rows.annotate(number=Count("pk")).values_list(
        "batch", "status", "number"
    ):
        found[pk][status] = number
    return {
        pk: VoucherCounts(
            unused=counts.get(VoucherStatus.ACTIVE, 0),
            used=counts.get(VoucherStatus.USED, 0),
            blocked=counts.get(VoucherStatus.BLOCKED, 0),
        )
        for pk, counts in found.items()
    }


@dataclass(frozen=True, slots=True)
class VoucherSum:
    """How many vouchers of one currency, and what they are worth together."""

    count: int
    total: Decimal
    currency: str


def unused_vouchers(customers: Collection[Customer], at: datetime) -> list[VoucherSum]:
    """What can still be redeemed of vouchers of ``customers``, by currency.

    Those that are expired at ``at`` are worth nothing any more.
    """
    lasting = Q(batch__expires_at=None) | Q(batch__expires_at__gt=at)
    rows: QuerySet[Any] = Voucher.objects.filter(
        lasting, batch__customer__in=customers, status=VoucherStatus.ACTIVE
    ).values("batch__currency")
    sums = rows.annotate(number=Count("pk"), total=Sum("batch__value"))
    return [
        VoucherSum(row["number"], row["total"], row["batch__currency"])
        for row in sums.order_by("batch__currency")
    ]


def state_of_unused(batch: VoucherBatch, at: datetime) -> VoucherStatus:
    """What an unused voucher of ``batch`` is at ``at``: new, active or expired."""
    if batch.activates_at > at:
        return VoucherStatus.NEW
    is_over = batch.expires_at is not None and batch.expires_at <= at
    return VoucherStatus.EXPIRED if is_over else VoucherStatus.ACTIVE


def shown_vouchers(rows: QuerySet[Voucher], actor: Actor, at: datetime) -> QuerySet[Any]:
    """``rows`` with their batch, ``state`` at ``at`` and ``payer``, whose balance one went to."""
    vouchers = cast("VoucherQuerySet", rows).select_related("batch__customer").with_state(at)
    payer = shown_name(actor, "entry__customer", then="used_at")
    return vouchers.annotate(payer=Coalesce("entry__account__auth_name", payer))


def voucher_currency(actor: Actor) -> Currency | None:
    """The currency offered first for new vouchers: that of the actor's newest batch, or its own."""
    codes = currency_choices()
    last = VoucherBatch.objects.filter(customer=actor.customer_id).order_by("-pk").first()
    code = last.currency_id if last else actor.user.display_currency if actor.user else ""
    found: Currency | None = codes.filter(code=code).first() or codes.filter(is_base=True).first()
    return found
