"""Vouchers in the API: batches, their one export, blocking."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime

from accounts.api.schemas import Key
from accounts.models import Voucher, VoucherBatch
from accounts.selectors.vouchers import shown_vouchers
from accounts.services.vouchers import (
    NewBatch,
    block_voucher,
    create_batch,
    export_pins,
    unblock_voucher,
)
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, In, Paging, actor_of, visible, visible_or_404

router = Router(tags=["Vouchers"])


class BatchIn(In):
    """A batch to make: ``count`` vouchers of ``value`` in ``currency``."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    count: Annotated[int, Field(ge=1, le=100_000)]
    value: Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    pin_length: Annotated[int, Field(ge=10, le=16)] = 16
    activates_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


class BatchOut(Schema):
    """A batch; a big one is being made until ``is_made``."""

    id: int
    customer_id: int
    name: str
    count: int
    value: Decimal
    currency: str = Field(alias="currency_id")
    activates_at: datetime
    expires_at: datetime | None
    exported_at: datetime | None
    is_made: bool


class BatchPage(Schema):
    """One page of batches; ``next`` is what to ask ``after`` for more."""

    items: list[BatchOut]
    next: int | None


class PinOut(Schema):
    """A voucher as it is printed."""

    serial: str
    pin: str


class VoucherOut(Schema):
    """A voucher; its ``state`` is new, active, used, blocked or expired."""

    id: int
    batch_id: int
    serial: str
    state: str
    used_at: datetime | None


class VoucherPage(Schema):
    """One page of vouchers; ``next`` is what to ask ``after`` for more."""

    items: list[VoucherOut]
    next: int | None


class VoucherSearch(Paging):
    """Which vouchers: those of one batch, or the one with this serial."""

    batch_id: Key | None = None
    serial: Annotated[str, Field(max_length=20)] = ""


@router.get("/voucher-batches", response={200: BatchPage, REFUSALS: ErrorOut})
def list_batches(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The batches of the token's customer and of those below, in order of id."""
    return paging.page(visible(VoucherBatch, actor_of(request, "vouchers.view")))


@router.get("/voucher-batches/{key}", response={200: BatchOut, REFUSALS: ErrorOut})
def get_batch(request: HttpRequest, key: int) -> Any:
    """One batch."""
    return visible_or_404(visible(VoucherBatch, actor_of(request, "vouchers.view")), key)


@router.post("/voucher-batches", response={201: BatchOut, REFUSALS: ErrorOut})
def add_batch(request: HttpRequest, body: BatchIn) -> Any:
    """Make a batch of the token's customer; more than some thousand are made by a job."""
    actor = actor_of(request, "vouchers.add")
    return Status(201, create_batch(actor=actor, new=NewBatch(**body.model_dump())))


@router.post("/voucher-batches/{key}/pins", response={200: list[PinOut], REFUSALS: ErrorOut})
def take_pins(request: HttpRequest, key: int) -> Any:
    """Serials and PINs, once: they are forgotten with this answer, which no key brings back."""
    actor = actor_of(request, "vouchers.edit")
    batch = visible_or_404(visible(VoucherBatch, actor), key)
    pairs = export_pins(actor=actor, batch=batch)
    return [{"serial": serial, "pin": pin} for serial, pin in pairs]


@router.get("/vouchers", response={200: VoucherPage, REFUSALS: ErrorOut})
def list_vouchers(request: HttpRequest, search: Query[VoucherSearch]) -> Any:
    """The vouchers of the token's customer and of those below, in order of id."""
    actor = actor_of(request, "vouchers.view")
    rows = shown_vouchers(visible(Voucher, actor), actor, now())
    if search.batch_id is not None:
        rows = rows.filter(batch_id=search.batch_id)
    return search.page(rows.filter(serial=search.serial) if search.serial else rows)


@router.post("/vouchers/{key}/block", response={200: VoucherOut, REFUSALS: ErrorOut})
def block(request: HttpRequest, key: int) -> Any:
    """Refuse the PIN of an unused voucher until it is unblocked."""
    actor = actor_of(request, "vouchers.edit")
    block_voucher(actor=actor, record=find(actor, key))
    return find(actor, key)


@router.post("/vouchers/{key}/unblock", response={200: VoucherOut, REFUSALS: ErrorOut})
def unblock(request: HttpRequest, key: int) -> Any:
    """Let a blocked voucher be redeemed again."""
    actor = actor_of(request, "vouchers.edit")
    unblock_voucher(actor=actor, record=find(actor, key))
    return find(actor, key)


def find(actor: Actor, key: int) -> Any:
    """A voucher that the actor sees, with its state."""
    return visible_or_404(shown_vouchers(visible(Voucher, actor), actor, now()), key)
