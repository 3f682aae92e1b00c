"""The pages of vouchers: lists, new batches, the one download of PINs, blocking, rights."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from accounts.models import Voucher, VoucherBatch
from accounts.services import vouchers
from accounts.services.vouchers import NewBatch, create_batch
from billing.services.vouchers import redeem_voucher
from customers.choices import Role
from customers.models import User
from softswitch.core.sealing import pin_hash, unseal
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import World

pytestmark = pytest.mark.django_db
FIELDS = {"name": "Shelf", "count": 3, "value": "20", "currency": "GBP", "pin_length": 12}


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.user("sub_reseller"))


def batch_of(world: World, count: int = 3, **values: Any) -> VoucherBatch:
    new = NewBatch(name="Shelf", count=count, value=Decimal(20), currency="GBP", **values)
    return create_batch(actor=world.actor("sub_reseller"), new=new)


def url(name: str, row: Any) -> str:
    return reverse(f"accounts:{name}", args=[row.pk])


def test_a_batch_is_made_by_its_form(client: Client) -> None:
    answer = client.post(reverse("accounts:voucher_batch_create"), FIELDS, follow=True)
    batch = VoucherBatch.objects.get()
    assert answer.redirect_chain == [(url("voucher_batch_detail", batch), 302)]
    assert (batch.made, batch.value, batch.currency_id) == (3, Decimal(20), "GBP")
    assert "Export PINs" in text_of(answer)
    assert "20.00 GBP each" in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", "0"), ("count", "100001"), ("value", "0"), ("name", " "), ("pin_length", "9"),
     ("expires_at", "2020-01-01T00:00"), ("currency", "XXX")],
)  # fmt: skip
def test_a_wrong_field_is_named(client: Client, field: str, value: str) -> None:
    answer = client.post(reverse("accounts:voucher_batch_create"), FIELDS | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not VoucherBatch.objects.exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_pins_are_downloaded_once(client: Client, world: World, form: str) -> None:
    batch = batch_of(world, expires_at=now() + timedelta(days=1))
    assert client.get(url("voucher_batch_export", batch)).status_code == 200
    answer: Any = client.post(url("voucher_batch_export", batch), {form: ""})
    content = b"".join(answer)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    else:
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        rows = [[str(cell.value) for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["Serial", "PIN", "Value", "Currency", "Expires"]
    stored = dict(Voucher.objects.values_list("serial", "pin_hash"))
    assert {row[0]: pin_hash(row[1]) for row in rows[1:]} == stored
    assert {row[3] for row in rows[1:]} == {"GBP"}
    again = client.post(url("voucher_batch_export", batch), {form: ""}, follow=True)
    assert "The PINs were exported before." in text_of(again)
    assert "Export PINs" not in text_of(again)
    page = text_of(client.get(url("voucher_batch_export", batch)))
    assert "The PINs were exported on" in page
    assert "Download" not in page


def test_no_page_or_export_holds_a_pin(client: Client, world: World) -> None:
    batch = batch_of(world)
    sealed = VoucherBatch.objects.get().sealed_pins
    assert sealed is not None
    pins = unseal(sealed).split()
    for address in (
        url("voucher_batch_detail", batch),
        url("voucher_batch_detail", batch) + "?export=csv",
        reverse("accounts:voucher_list") + "?export=csv",
        reverse("accounts:voucher_batch_list") + "?export=csv",
    ):
        text = text_of(client.get(address))
        assert not [pin for pin in pins if pin in text]
        assert not [v.pin_hash for v in Voucher.objects.all() if v.pin_hash in text]


def test_the_list_says_who_paid_in_and_leads_to_the_entry(client: Client, world: World) -> None:
    batch = batch_of(world)
    pin = vouchers.export_pins(actor=world.actor("sub_reseller"), batch=batch)[0][1]
    entry = redeem_voucher(actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    text = text_of(client.get(url("voucher_batch_detail", batch)))
    assert reverse("billing:entry_detail", args=[entry.pk]) in text
    assert world.shop.name in text
    used = client.get(reverse("accounts:voucher_list") + "?state=used")
    assert [row.record.entry for row in used.context["table"].rows] == [entry]
    refused = client.post(url("voucher_batch_delete", batch), follow=True)
    assert "1 of its vouchers was redeemed." in text_of(refused)
    assert Voucher.objects.count() == 3


def test_blocking_by_row_by_ticks_and_by_batch(client: Client, world: World) -> None:
    batch = batch_of(world)
    first, second, _third = Voucher.objects.order_by("pk")
    client.post(url("voucher_block", first))
    client.post(url("voucher_batch_detail", batch), {"do": "block", "pk": [first.pk, second.pk]})
    assert Voucher.objects.filter(status="blocked").count() == 2
    client.post(url("voucher_unblock", first))
    assert Voucher.objects.filter(status="blocked").count() == 1
    shown = client.get(url("voucher_batch_block", batch))
    assert "Can no longer be redeemed" in text_of(shown)
    done = client.post(url("voucher_batch_block", batch), follow=True)
    assert "2 vouchers blocked." in text_of(done)
    client.post(url("voucher_batch_unblock", batch))
    assert not Voucher.objects.filter(status="blocked").exists()


def test_the_expiry_is_extended_and_a_batch_deleted(client: Client, world: World) -> None:
    batch = batch_of(world, expires_at=now() + timedelta(days=1))
    early = client.post(url("voucher_batch_extend", batch), {"expires_at": "2020-01-01T00:00"})
    assert list(early.context["form"].errors) == ["expires_at"]
    assert client.post(url("voucher_batch_extend", batch), {}).status_code == 302
    batch.refresh_from_db()
    assert batch.expires_at is None
    assert client.post(url("voucher_batch_delete", batch)).status_code == 302
    assert not VoucherBatch.objects.exists()


def test_a_batch_in_the_making_shows_how_far_it_is(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "AT_ONCE", 2)
    monkeypatch.setattr(vouchers, "enqueue", lambda *_args, **_kwargs: None)
    batch = batch_of(world)
    vouchers._make_part(batch.pk)
    shown = client.get(url("voucher_batch_detail", batch))
    assert "2 of 3" in text_of(shown)
    assert url("voucher_batch_progress", batch) in text_of(shown)
    assert "HX-Refresh" not in client.get(url("voucher_batch_progress", batch))
    vouchers.make_vouchers(batch_id=batch.pk)
    assert client.get(url("voucher_batch_progress", batch))["HX-Refresh"] == "true"


def test_an_owner_above_looks_and_changes_nothing(world: World) -> None:
    batch = batch_of(world)
    above = signed_in(world.user("reseller"))
    page = above.get(url("voucher_batch_detail", batch))
    assert page.status_code == 200
    assert "Export PINs" not in text_of(page)
    for name in ("export", "extend", "block", "unblock", "delete"):
        assert above.get(url(f"voucher_batch_{name}", batch)).status_code == 403
        assert above.post(url(f"voucher_batch_{name}", batch)).status_code == 403
    one = Voucher.objects.earliest("pk")
    assert above.post(url("voucher_block", one)).status_code == 403
    ticks = above.post(url("voucher_batch_detail", batch), {"do": "block", "pk": one.pk})
    assert ticks.status_code == 302
    assert not Voucher.objects.exclude(status="active").exists()
    beside = signed_in(world.user("other_reseller"))
    assert beside.get(url("voucher_batch_detail", batch)).status_code == 404


def test_a_role_that_only_looks_makes_and_blocks_nothing(world: World) -> None:
    batch = batch_of(world)
    User.objects.filter(pk=world.user("sub_reseller").pk).update(role=Role.READ_ONLY)
    client = signed_in(world.user("sub_reseller"))
    assert client.get(url("voucher_batch_detail", batch)).status_code == 200
    assert client.get(reverse("accounts:voucher_batch_create")).status_code == 403
    assert client.post(url("voucher_block", Voucher.objects.earliest("pk"))).status_code == 403
    assert Client().get(reverse("accounts:voucher_list")).status_code == 302


def test_the_statements_do_not_grow_with_the_rows(client: Client, world: World) -> None:
    batch = batch_of(world, 5)
    pages = [url("voucher_batch_detail", batch), reverse("accounts:voucher_batch_list")]
    for page in pages:
        client.get(page)
    few = [count_queries(partial(client.get, page)) for page in pages]
    for _ in range(20):
        batch_of(world, 30)
    pages[0] = url("voucher_batch_detail", VoucherBatch.objects.latest("pk"))
    many = [count_queries(partial(client.get, page)) for page in pages]
    assert many <= few


def test_the_owner_redeems_on_the_maintenance_page(client: Client, world: World) -> None:
    batch = batch_of(world)
    pin = vouchers.export_pins(actor=world.actor("sub_reseller"), batch=batch)[0][1]
    address = reverse("billing:customer_redeem", args=[world.shop.pk])
    maintenance = client.get(reverse("billing:maintenance", args=[world.shop.pk]))
    assert address in text_of(maintenance)
    done = client.post(address, {"pin": pin}, follow=True)
    assert "Paid in: 20.00 GBP. The balance is 120.00 GBP." in text_of(done)
    wrong = client.post(address, {"pin": pin})
    assert list(wrong.context["form"].errors) == ["pin"]
    assert signed_in(world.user("reseller")).get(address).status_code == 403
    assert signed_in(world.user("other_reseller")).get(address).status_code == 404
