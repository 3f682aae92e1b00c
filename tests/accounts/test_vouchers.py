"""Batches of vouchers: making them, the one export of PINs, blocking, expiry, who may what."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from accounts.choices import VoucherStatus
from accounts.models import Voucher, VoucherBatch
from accounts.selectors.vouchers import shown_vouchers, voucher_counts
from accounts.services import vouchers
from accounts.services.vouchers import NewBatch, create_batch, export_pins, serial_of
from customers.models import AuditEvent
from customers.selectors import actor_for
from softswitch.core.errors import DomainError
from softswitch.core.sealing import pin_hash
from tests.world import World

pytestmark = pytest.mark.django_db


def batch_of(world: World, who: str = "sub_reseller", **values: Any) -> VoucherBatch:
    """Five vouchers of 20 GBP of ``who``, valid at once and for ever."""
    new: dict[str, Any] = {
        "name": "Shelf",
        "count": 5,
        "value": Decimal(20),
        "currency": "GBP",
    } | values
    return create_batch(actor=world.actor(who), new=NewBatch(**new))


def test_a_batch_has_vouchers_of_unique_serials_and_hashed_pins(world: World) -> None:
    batch = batch_of(world)
    made = list(Voucher.objects.filter(batch=batch).order_by("serial"))
    assert [row.serial for row in made] == [serial_of(batch.pk, place) for place in range(1, 6)]
    assert (batch.made, batch.customer) == (5, world.sub_reseller)
    pins = export_pins(actor=world.actor("sub_reseller"), batch=batch)
    assert [serial for serial, _pin in pins] == [row.serial for row in made]
    assert {pin_hash(pin) for _serial, pin in pins} == {row.pin_hash for row in made}
    assert all(len(pin) == 16 and pin.isdigit() and pin[0] != "0" for _serial, pin in pins)


def test_the_check_digit_finds_any_one_wrong_digit() -> None:
    """Luhn's: the doubled digits from the right and the check digit add up to a multiple of 10."""
    assert serial_of(7992, 739871)[:13] == "007992-739871"
    for place in (1, 17, 99_999):
        digits = [int(digit) for digit in serial_of(42, place).replace("-", "")]
        total = sum(
            sum(divmod(digit * 2, 10)) if index % 2 else digit
            for index, digit in enumerate(reversed(digits))
        )
        assert total % 10 == 0


def test_pins_are_given_out_once_and_forgotten(world: World) -> None:
    batch = batch_of(world)
    export_pins(actor=world.actor("sub_reseller"), batch=batch)
    batch.refresh_from_db()
    assert batch.sealed_pins is None
    assert batch.exported_at is not None
    assert AuditEvent.objects.filter(action="voucher_pins_exported", subject="Shelf").count() == 1
    with pytest.raises(DomainError) as refused:
        export_pins(actor=world.actor("sub_reseller"), batch=batch)
    assert refused.value.code == "exported"


def test_whoever_is_switched_reads_no_pins(world: World) -> None:
    batch = batch_of(world)
    owner = actor_for(world.user("reseller"), stack=[world.sub_reseller.pk])
    assert owner.can("vouchers.edit")
    with pytest.raises(DomainError) as refused:
        export_pins(actor=owner, batch=batch)
    assert refused.value.code == "switched"
    assert VoucherBatch.objects.get(pk=batch.pk).sealed_pins is not None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"count": 0}, "count"),
        ({"count": 100_001}, "count"),
        ({"value": Decimal(0)}, "value"),
        ({"value": Decimal(-1)}, "value"),
        ({"value": Decimal("NaN")}, "value"),
        ({"value": Decimal("0.0000001")}, "value"),
        ({"value": Decimal(10) ** 9}, "value"),
        ({"pin_length": 9}, "pin_length"),
        ({"pin_length": 17}, "pin_length"),
        ({"expires_at": now() - timedelta(days=1)}, "expires_at"),
        (
            {"activates_at": now() + timedelta(days=9), "expires_at": now() + timedelta(days=8)},
            "expires_at",
        ),
    ],
)
def test_what_cannot_be_a_batch_names_its_field(
    world: World, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        batch_of(world, **values)
    assert refused.value.field == field
    assert not VoucherBatch.objects.exists()


def test_a_pin_that_is_taken_is_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = batch_of(world, count=3, pin_length=10)
    taken = dict(export_pins(actor=world.actor("sub_reseller"), batch=first)).values()
    real = vouchers._new_pins
    given = [list(taken)]
    monkeypatch.setattr(vouchers, "_new_pins", lambda *args: given.pop() if given else real(*args))
    second = batch_of(world, "reseller", count=3, pin_length=10)
    pins = [pin for _serial, pin in export_pins(actor=world.actor("reseller"), batch=second)]
    assert not set(pins) & set(taken)
    hashes = Voucher.objects.filter(batch=second).order_by("serial")
    assert [row.pin_hash for row in hashes] == [pin_hash(pin) for pin in pins]


def test_a_large_batch_is_made_by_a_job_that_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(vouchers, "AT_ONCE", 4)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(vouchers, "enqueue", lambda name, **kwargs: sent.append(kwargs))
    batch = batch_of(world, count=10)
    assert (batch.made, sent) == (0, [{"batch_id": batch.pk}])
    with pytest.raises(DomainError) as early:
        export_pins(actor=world.actor("sub_reseller"), batch=batch)
    assert early.value.code == "not_made"
    assert vouchers._make_part(batch.pk)
    batch.refresh_from_db()
    assert batch.made == Voucher.objects.filter(batch=batch).count() == 4
    vouchers.make_vouchers(batch_id=batch.pk)
    vouchers.make_vouchers(batch_id=batch.pk)
    batch.refresh_from_db()
    assert batch.made == Voucher.objects.filter(batch=batch).count() == 10
    pins = export_pins(actor=world.actor("sub_reseller"), batch=batch)
    hashes = dict(Voucher.objects.values_list("serial", "pin_hash"))
    assert all(hashes[serial] == pin_hash(pin) for serial, pin in pins)


def test_a_batch_left_half_made_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(vouchers, "enqueue", lambda name, **kwargs: sent.append(kwargs))
    monkeypatch.setattr(vouchers, "AT_ONCE", 2)
    stale, fresh = batch_of(world), batch_of(world)
    VoucherBatch.objects.filter(pk=stale.pk).update(created_at=now() - timedelta(minutes=5))
    sent.clear()
    vouchers.resume_batches()
    assert sent == [{"batch_id": stale.pk}]
    assert fresh.made == 0


def test_states_follow_the_status_and_the_dates(world: World) -> None:
    later, soon = now() + timedelta(days=2), now() + timedelta(days=1)
    batch_of(world, count=1, name="new", activates_at=soon, expires_at=later)
    over = batch_of(world, count=1, name="over", expires_at=soon)
    VoucherBatch.objects.filter(pk=over.pk).update(
        activates_at=now() - timedelta(days=3), expires_at=now() - timedelta(days=1)
    )
    batch_of(world, count=1, name="active")
    blocked = batch_of(world, count=1, name="blocked")
    vouchers.block_batch(actor=world.actor("sub_reseller"), batch=blocked)
    rows = shown_vouchers(Voucher.objects.all(), world.actor("operator"), now())
    states = {row.batch.name: row.state for row in rows}
    assert states == {"new": "new", "over": "expired", "active": "active", "blocked": "blocked"}
    for state, name in (("new", "new"), ("expired", "over"), ("active", "active")):
        assert [v.batch.name for v in Voucher.objects.in_state(state, now())] == [name]
    assert not Voucher.objects.in_state(VoucherStatus.USED, now()).exists()


def test_blocking_one_and_all_and_back(world: World) -> None:
    actor, batch = world.actor("sub_reseller"), batch_of(world)
    one = Voucher.objects.filter(batch=batch).earliest("pk")
    vouchers.block_voucher(actor=actor, record=one)
    one.refresh_from_db()
    with pytest.raises(DomainError) as twice:
        vouchers.block_voucher(actor=actor, record=one)
    assert twice.value.message == "It is blocked."
    assert vouchers.block_batch(actor=actor, batch=batch) == 4
    assert voucher_counts([batch.pk])[batch.pk].blocked == 5
    vouchers.unblock_voucher(actor=actor, record=one)
    assert vouchers.unblock_batch(actor=actor, batch=batch) == 4
    assert voucher_counts([batch.pk])[batch.pk].unused == 5
    assert AuditEvent.objects.filter(action="voucher_blocked").count() == 1
    assert AuditEvent.objects.filter(action="voucher_batch_blocked").count() == 1


def test_the_expiry_moves_only_to_later(world: World) -> None:
    actor, soon = world.actor("sub_reseller"), now() + timedelta(days=1)
    batch = batch_of(world, expires_at=soon)
    for wrong in (soon, now() - timedelta(hours=1)):
        with pytest.raises(DomainError) as refused:
            vouchers.extend_batch(actor=actor, batch=batch, expires_at=wrong)
        assert refused.value.field == "expires_at"
    later = soon + timedelta(days=30)
    assert vouchers.extend_batch(actor=actor, batch=batch, expires_at=later).expires_at == later
    assert vouchers.extend_batch(actor=actor, batch=batch, expires_at=None).expires_at is None
    with pytest.raises(DomainError):
        vouchers.extend_batch(actor=actor, batch=batch, expires_at=later)


def test_a_batch_is_deleted_with_its_vouchers(world: World) -> None:
    batch = batch_of(world)
    vouchers.delete_batch(actor=world.actor("sub_reseller"), batch=batch)
    assert not Voucher.objects.exists()
    assert not VoucherBatch.objects.exists()
    assert AuditEvent.objects.filter(action="voucher_batch_deleted").count() == 1


def test_nobody_changes_the_vouchers_of_another(world: World) -> None:
    batch = batch_of(world, expires_at=now() + timedelta(days=1))
    one = Voucher.objects.filter(batch=batch).earliest("pk")
    steps: list[Any] = [
        lambda actor: export_pins(actor=actor, batch=batch),
        lambda actor: vouchers.block_batch(actor=actor, batch=batch),
        lambda actor: vouchers.unblock_batch(actor=actor, batch=batch),
        lambda actor: vouchers.extend_batch(actor=actor, batch=batch, expires_at=None),
        lambda actor: vouchers.delete_batch(actor=actor, batch=batch),
        lambda actor: vouchers.block_voucher(actor=actor, record=one),
    ]
    for who in ("operator", "reseller", "other_reseller", "shop"):
        for step in steps:
            with pytest.raises(PermissionDenied):
                step(world.actor(who))


def test_kinds_without_vouchers_make_none(world: World) -> None:
    world.shop.kind = "residential"
    world.shop.save()
    with pytest.raises(PermissionDenied):
        batch_of(world, "shop")
