"""Makes batches of vouchers, gives out their PINs once, blocks, extends and deletes them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import VoucherStatus
from accounts.models import Voucher, VoucherBatch
from accounts.selectors.vouchers import VoucherSum
from customers.models import Customer
from customers.services.audit import record
from customers.services.holding import hold, hold_live
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.locks import Space, lock
from softswitch.core.money import quantize
from softswitch.core.sealing import pin_hash, seal, unseal
from softswitch.core.validation import clean_columns

LARGEST_BATCH = 100_000
AT_ONCE = 10_000  # what is made while its maker waits; larger batches are a job's
PIN_LENGTHS = range(10, 17)
LARGEST_VALUE = Decimal(10) ** 9
STALE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What to make: ``count`` vouchers of ``value`` (above 0) in ``currency``.

    They can be redeemed from ``activates_at`` (empty: at once) until ``expires_at`` (empty: for
    ever). PINs have ``pin_length`` digits and never begin with 0, which spreadsheets drop.
    """

    name: str
    count: int
    value: Decimal
    currency: str
    pin_length: int = 16
    activates_at: datetime | None = None
    expires_at: datetime | None = None


def create_batch(*, actor: Actor, new: NewBatch) -> VoucherBatch:
    """A batch of the actor's customer; up to AT_ONCE vouchers are made with it, more by a job.

    Atomic with the audit row; holds the customer. Raises DomainError ``name``, ``count``,
    ``value``, ``currency``, ``pin_length`` or ``expires_at``, each naming its field; ``archived``.
    """
    if not actor.can("vouchers.add"):
        raise PermissionDenied
    starts = new.activates_at or now()
    _check(new, starts)
    columns = clean_columns(
        VoucherBatch, {"name": new.name.strip(), "currency": new.currency, "value": new.value}
    )
    with transaction.atomic():
        hold(actor=actor, customers=[actor.customer])
        batch = VoucherBatch.objects.create(
            customer=actor.customer,
            name=columns["name"],
            count=new.count,
            value=columns["value"],
            currency_id=columns["currency"],
            activates_at=starts,
            expires_at=new.expires_at,
            sealed_pins=seal("\n".join(_new_pins(new.count, new.pin_length))),
            created_by=actor.user,
        )
        _record(actor, batch, "voucher_batch_created", value=["", f"{new.value} {new.currency}"])
        if new.count <= AT_ONCE:
            make_vouchers(batch_id=batch.pk)
        else:
            enqueue("accounts.make_vouchers", batch_id=batch.pk)
    batch.refresh_from_db(fields=["made"])
    return batch


def make_vouchers(*, batch_id: int) -> None:
    """Make what is missing of a batch, AT_ONCE a transaction: safe to repeat and to break off.

    Once its customer is archived nothing more is made: nobody would block it.
    """
    while _make_part(batch_id):
        continue


def resume_batches() -> None:
    """Send again the batches that a lost message or a dead worker left half made."""
    unmade = VoucherBatch.objects.unmade().filter(
        created_at__lt=now() - STALE, customer__archived_at=None
    )
    for batch_id in unmade.values_list("pk", flat=True):
        enqueue("accounts.make_vouchers", batch_id=batch_id)


def export_pins(*, actor: Actor, batch: VoucherBatch) -> list[tuple[str, str]]:
    """Serial and PIN of each voucher, once: the PINs are forgotten in the same transaction.

    Raises DomainError ``exported``, ``not_made``, or ``switched`` for whoever acts as the customer.
    """
    check_own(actor, batch, "vouchers.edit")
    if actor.is_switched:
        raise DomainError("switched", _("PINs are not shown while switched."))
    with transaction.atomic():
        fresh = _locked(batch)
        if not fresh.is_made:
            raise DomainError("not_made", _("The vouchers are still being made."))
        if fresh.sealed_pins is None:
            raise DomainError(
                "exported", _("The PINs were exported before. They are given out once.")
            )
        pins = unseal(fresh.sealed_pins).split()
        fresh.sealed_pins, fresh.exported_at = None, now()
        fresh.save(update_fields=["sealed_pins", "exported_at"])
        _record(actor, fresh, "voucher_pins_exported")
    return [(serial_of(fresh.pk, place), pin) for place, pin in enumerate(pins, start=1)]


def block_voucher(*, actor: Actor, record: Voucher) -> None:
    """Refuse the PIN of one voucher until it is unblocked. Raises DomainError ``state``."""
    _set_status(actor, record, VoucherStatus.ACTIVE, VoucherStatus.BLOCKED)


def unblock_voucher(*, actor: Actor, record: Voucher) -> None:
    """Let a blocked voucher be redeemed again. Raises DomainError ``state``."""
    _set_status(actor, record, VoucherStatus.BLOCKED, VoucherStatus.ACTIVE)


def block_batch(*, actor: Actor, batch: VoucherBatch) -> int:
    """Block all unused vouchers of a batch; returns how many. Atomic with the audit row."""
    return _set_all(actor, batch, VoucherStatus.ACTIVE, VoucherStatus.BLOCKED)


def unblock_batch(*, actor: Actor, batch: VoucherBatch) -> int:
    """Unblock all blocked vouchers of a batch, those blocked one by one too; returns how many."""
    return _set_all(actor, batch, VoucherStatus.BLOCKED, VoucherStatus.ACTIVE)


# The sums are of the very rows that this blocks, whoever blocks or unblocks some meanwhile.
_FORFEIT = """
WITH blocked AS (
    UPDATE accounts_voucher v SET status = %(blocked)s FROM accounts_voucherbatch b
    WHERE b.id = v.batch_id AND b.customer_id = %(customer)s AND v.status = %(active)s
    RETURNING b.currency_id, b.value, b.expires_at
)
SELECT count(*), sum(value), currency_id FROM blocked
WHERE expires_at IS NULL OR expires_at > %(at)s
GROUP BY currency_id ORDER BY currency_id
"""


def forfeit_unused(*, customer: Customer, at: datetime) -> list[VoucherSum]:
    """Block all unused vouchers of ``customer``; what that forfeits, by currency.

    No balance holds the value of a voucher before it is redeemed, so no entry says that it is
    gone: the caller's event does. Expired ones are blocked too, and worth nothing. Part of the
    caller's transaction, after it has locked the balances into which they could be paid.
    """
    values: dict[str, Any] = {
        "customer": customer.pk,
        "active": VoucherStatus.ACTIVE.value,
        "blocked": VoucherStatus.BLOCKED.value,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORFEIT, values)
        return [VoucherSum(*row) for row in cursor.fetchall()]


def extend_batch(*, actor: Actor, batch: VoucherBatch, expires_at: datetime | None) -> VoucherBatch:
    """Move the expiry of a batch to later, or take it away (None).

    Atomic with the audit row. Raises DomainError ``expires_at`` for one that is not later than the
    present one and than now.
    """
    check_own(actor, batch, "vouchers.edit")
    with transaction.atomic():
        fresh = _locked(batch)
        before = fresh.expires_at
        least = max(now(), before or fresh.activates_at)
        if before is None or (expires_at is not None and expires_at <= least):
            text = (
                _("It does not expire.") if before is None else _("Choose a later time than now.")
            )
            raise DomainError("expires_at", text, field="expires_at")
        fresh.expires_at = expires_at
        fresh.save(update_fields=["expires_at"])
        _record(actor, fresh, "voucher_batch_extended", expires_at=[before, expires_at or ""])
    return fresh


def delete_batch(*, actor: Actor, batch: VoucherBatch) -> None:
    """Delete a batch of which nothing was redeemed, with its vouchers. Atomic with the audit row.

    Raises DomainError ``used`` with the count.
    """
    check_own(actor, batch, "vouchers.delete")
    with transaction.atomic():
        fresh = _locked(batch)
        vouchers = Voucher.objects.filter(batch=fresh)
        unused = vouchers.exclude(status=VoucherStatus.USED).delete()[0]
        if vouchers.exists():
            raise DomainError(
                "used",
                ngettext(
                    "%(count)s of its vouchers was redeemed.",
                    "%(count)s of its vouchers were redeemed.",
                    vouchers.count(),
                )
                % {"count": vouchers.count()},
            )
        _record(actor, fresh, "voucher_batch_deleted", vouchers=[unused, 0])
        fresh.delete()


def check_own(actor: Actor, batch: VoucherBatch, right: str) -> None:
    """Vouchers are changed by their own customer, with ``right``; raises PermissionDenied."""
    if batch.customer_id != actor.customer_id or not actor.can(right):
        raise PermissionDenied


def serial_of(batch_id: int, place: int) -> str:
    """The serial of the voucher at ``place`` (from 1) of a batch, such as ``000042-000017-5``.

    Batch, place and a check digit (Luhn's), which a mistyped digit does not pass.
    """
    digits = f"{batch_id:06}{place:06}"
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits))]
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    return f"{batch_id:06}-{place:06}-{check}"


def _check(new: NewBatch, starts: datetime) -> None:
    if not new.name.strip():
        raise DomainError("name", _("Enter a name."), field="name")
    if not 1 <= new.count <= LARGEST_BATCH:
        raise DomainError("count", _("A batch has 1 to 100,000 vouchers."), field="count")
    if new.pin_length not in PIN_LENGTHS:
        raise DomainError("pin_length", _("A PIN has 10 to 16 digits."), field="pin_length")
    if not (new.value.is_finite() and 0 < new.value < LARGEST_VALUE):
        raise DomainError(
            "value", _("Enter a value above 0 and below 1,000,000,000."), field="value"
        )
    if new.value != quantize(new.value):
        raise DomainError("value", _("Enter at most 6 decimals."), field="value")
    if new.expires_at is not None and new.expires_at <= max(starts, now()):
        text = _("Choose a time after now and after the first day.")
        raise DomainError("expires_at", text, field="expires_at")


def _new_pins(count: int, length: int) -> list[str]:
    """``count`` random PINs, all different."""
    least = 10 ** (length - 1)
    pins: set[int] = set()
    while len(pins) < count:
        pins.add(least + secrets.randbelow(9 * least))
    return [str(pin) for pin in pins]


def _make_part(batch_id: int) -> bool:
    """The next vouchers of a batch; whether there are more to make.

    PINs that some voucher has already are replaced, under a lock that keeps all others out.
    """
    with transaction.atomic():
        owners = VoucherBatch.objects.filter(pk=batch_id).values_list("customer_id", flat=True)
        if not hold_live(owners):
            return False
        lock(Space.VOUCHER_PINS)
        rows = VoucherBatch.objects.select_for_update(no_key=True)
        batch = rows.filter(pk=batch_id).first()
        if batch is None or batch.is_made or batch.sealed_pins is None:
            return False
        pins = unseal(batch.sealed_pins).split()
        part = slice(batch.made, batch.made + AT_ONCE)
        hashes = _unused(pins, part)
        Voucher.objects.bulk_create(
            [
                Voucher(batch=batch, serial=serial_of(batch.pk, place), pin_hash=hashed)
                for place, hashed in enumerate(hashes, start=batch.made + 1)
            ],
            batch_size=2_000,
        )
        batch.sealed_pins = seal("\n".join(pins))
        batch.made += len(hashes)
        batch.save(update_fields=["made", "sealed_pins"])
        return not batch.is_made


def _unused(pins: list[str], part: slice) -> list[str]:
    """The hashes of ``pins[part]``, after those in use elsewhere were replaced in ``pins``."""
    while True:
        hashes = {pin_hash(pins[place]): place for place in range(*part.indices(len(pins)))}
        taken = Voucher.objects.filter(pin_hash__in=hashes).values_list("pin_hash", flat=True)
        places = [hashes[hashed] for hashed in taken]
        if not places:
            return list(hashes)
        for place in places:
            others = set(pins)
            while pins[place] in others:
                pins[place] = _new_pins(1, len(pins[place]))[0]


def _locked(batch: VoucherBatch) -> VoucherBatch:
    return VoucherBatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=batch.pk)


def _set_status(
    actor: Actor, voucher: Voucher, before: VoucherStatus, after: VoucherStatus
) -> None:
    check_own(actor, voucher.batch, "vouchers.edit")
    with transaction.atomic():
        rows = Voucher.objects.filter(pk=voucher.pk, status=before)
        if not rows.update(status=after):
            label = VoucherStatus(voucher.status).label.lower()
            raise DomainError("state", _("It is %(state)s.") % {"state": label})
        record(
            actor=actor,
            customer=voucher.batch.customer,
            action=f"voucher_{'blocked' if after == VoucherStatus.BLOCKED else 'unblocked'}",
            subject=voucher,
        )


def _set_all(actor: Actor, batch: VoucherBatch, before: VoucherStatus, after: VoucherStatus) -> int:
    check_own(actor, batch, "vouchers.edit")
    with transaction.atomic():
        fresh = _locked(batch)
        if not fresh.is_made:
            raise DomainError("not_made", _("The vouchers are still being made."))
        changed = int(Voucher.objects.filter(batch=fresh, status=before).update(status=after))
        name = "blocked" if after == VoucherStatus.BLOCKED else "unblocked"
        _record(actor, fresh, f"voucher_batch_{name}", vouchers=["", changed])
    return changed


def _record(actor: Actor, batch: VoucherBatch, action: str, **changes: list[object]) -> None:
    record(actor=actor, customer=batch.customer, action=action, subject=batch, changes=changes)
