"""Columns and profiles, lines left out, and letters about changed rates."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils.timezone import now

from customers.models import Customer
from notifications.choices import Event
from notifications.models import Attachment, Message, Notice
from notifications.services.rendering import to_mail
from softswitch.core.errors import DomainError
from tariffs.choices import Change, ImportState
from tariffs.models import ImportProfile, RateImport
from tariffs.parsers.layout import Layout
from tariffs.services.imports import leases, notifying
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.notifying import notify_customers
from tariffs.services.imports.uploads import choose_columns, request_apply, start_import
from tests.security.portal import signed_in
from tests.tariffs.test_import_services import HEAD, checked, current, uploaded, wholesale
from tests.world import World

ODD = "Carrier notice\nEffective date:,05/12/2026\nZone,Dial code,A,B\nFiji,679,0.2,0.9\n"


def outlined(world: World, text: str, **options) -> RateImport:
    found = uploaded(world, text, asks_columns=True, **options)
    check_import(found.pk)
    found.refresh_from_db()
    return found


def chosen(world: World, rate_import: RateImport, columns: str, name: str = "") -> RateImport:
    layout = Layout(head=3, columns=tuple(columns.split("|")))
    choose_columns(
        actor=world.actor("operator"),
        rate_import=rate_import,
        layout=layout,
        is_full_replacement=False,
        effective_at=None,
        profile_name=name,
    )
    check_import(rate_import.pk)
    rate_import.refresh_from_db()
    return rate_import


def test_columns_are_asked_for_then_followed(world):
    rate_import = outlined(world, ODD)
    assert (rate_import.state, rate_import.rows.count()) == (ImportState.COLUMNS, 0)
    assert rate_import.outline["sheets"][0]["lines"][2] == [3, ["Zone", "Dial code", "A", "B"]]
    with pytest.raises(DomainError):
        request_apply(actor=world.actor("operator"), rate_import=rate_import)
    chosen(world, rate_import, "destination|prefix||price")
    assert rate_import.state == ImportState.READY
    assert rate_import.rows.get().price_n == Decimal("0.9")
    chosen(world, rate_import, "destination|prefix|price|")
    assert rate_import.rows.get().price_n == Decimal("0.2")


def test_the_start_of_the_sheet_and_another_currency_are_noticed(world):
    text = "Effective from 05/12/2026\nCode,Price (EUR)\n679,0.2\n"
    rate_import = outlined(world, text)
    assert rate_import.effective_at == datetime(2026, 12, 5, tzinfo=UTC)
    assert rate_import.outline["currency"] == "EUR"
    assert rate_import.layout["columns"] == ["prefix", "price"]


@pytest.mark.parametrize(
    "columns", ["destination|prefix||", "destination|||price", "prefix|prefix||price"]
)
def test_columns_that_make_no_sheet_are_refused(world, columns):
    rate_import = outlined(world, ODD)
    with pytest.raises(DomainError):
        chosen(world, rate_import, columns)
    rate_import.refresh_from_db()
    assert rate_import.state == ImportState.COLUMNS


def test_a_profile_is_found_again_by_its_headings(world):
    chosen(world, outlined(world, ODD), "destination|prefix||price", "Carrier X")
    moved = "Notice\n\nOf December\nIssued by X\n" + ODD.partition("\n")[2]
    again = outlined(world, moved)
    assert (again.profile_name, again.layout["head"]) == ("Carrier X", 6)
    assert again.layout["columns"] == ["destination", "prefix", "", "price"]
    assert outlined(world, ODD.replace("Zone", "Area")).profile_name == ""
    chosen(world, outlined(world, ODD), "destination|prefix|price|", "carrier x")
    assert ImportProfile.objects.get().layout["columns"][2] == "price"


def test_columns_are_chosen_by_the_owner_before_the_sheet_is_applied(world):
    rate_import = outlined(world, ODD)
    values: dict[str, Any] = {
        "rate_import": rate_import,
        "layout": Layout(head=3, columns=("destination", "prefix", "price")),
        "is_full_replacement": False,
        "effective_at": None,
    }
    with pytest.raises(PermissionDenied):
        choose_columns(actor=world.actor("reseller"), **values)
    RateImport.objects.update(state=ImportState.APPLIED)
    with pytest.raises(DomainError):
        choose_columns(actor=world.actor("operator"), **values)


def test_a_file_that_cannot_be_read_says_so(world):
    rate_import = start_import(
        actor=world.actor("operator"),
        tariff=wholesale(),
        file=ContentFile(b"PK\x03\x04 nothing", name="x.xlsx"),
        name="x.xlsx",
        asks_columns=True,
    )
    check_import(rate_import.pk)
    rate_import.refresh_from_db()
    assert rate_import.state == ImportState.REJECTED
    assert "workbook" in rate_import.failure


def test_a_file_of_codes_is_joined(world):
    rate_import = uploaded(
        world,
        "Destination,Rate\nFiji,0.2\n",
        codes_file=ContentFile(b"Destination,Code\nFiji,679\nFiji,6797\n", name="codes.csv"),
    )
    check_import(rate_import.pk)
    assert set(rate_import.rows.values_list("prefix", flat=True)) == {"679", "6797"}


def test_rejected_lines_are_left_out_on_request(world):
    actor = world.actor("operator")
    rate_import = checked(world, HEAD + "44,UK,0.03,1/1\n5o9,Haiti,0.1,1/1\n34,A,1,\n34,B,2,\n")
    assert rate_import.state == ImportState.REJECTED
    with pytest.raises(DomainError):
        request_apply(actor=actor, rate_import=rate_import)
    request_apply(actor=actor, rate_import=rate_import, leaves_out_rejected=True)
    apply_import(rate_import.pk)
    rate_import.refresh_from_db()
    assert (rate_import.state, rate_import.is_partial) == (ImportState.APPLIED, True)
    assert current(wholesale())["44"] == Decimal("0.03")
    assert "34" not in current(wholesale())


def test_lines_of_a_complete_sheet_are_not_left_out(world):
    rate_import = checked(
        world, HEAD + "44,UK,0.03,1/1\n5o9,Haiti,0.1,1/1\n", is_full_replacement=True
    )
    with pytest.raises(DomainError) as refused:
        request_apply(
            actor=world.actor("operator"), rate_import=rate_import, leaves_out_rejected=True
        )
    assert refused.value.code == "rejected_lines"


def test_names_and_countries_that_the_sheet_lacks_come_from_the_prefix(world):
    rate_import = checked(world, "Prefix,Price\n2348021,0.1\n44,0.9\n679,0.1\n")
    found = rate_import.rows.order_by("line").values_list("prefix", "destination", "country")
    assert list(found) == [
        ("2348021", "Nigeria Mobile Airtel", "NG"),
        ("44", "Prefix 44", "GB"),
        ("679", "Fiji", "FJ"),
    ]


def apply_and_mail(world: World, text: str) -> RateImport:
    rate_import = checked(world, text)
    request_apply(actor=world.actor("operator"), rate_import=rate_import, notifies=True)
    apply_import(rate_import.pk)
    notify_customers(rate_import.pk)
    rate_import.refresh_from_db()
    return rate_import


def test_each_customer_of_the_tariff_is_mailed_the_changes_once(world):
    Customer.objects.filter(pk=world.reseller.pk).update(
        rates_email="rates@r.example", main_email="main@r.example", language="es"
    )
    Customer.objects.filter(pk=world.other_reseller.pk).update(main_email="main@o.example")
    rate_import = apply_and_mail(world, HEAD + "44,UK,0.03,60/6\n33,,0.01,\n34,Spain,0.2,1/1\n")
    notify_customers(rate_import.pk)
    letters = {letter.recipient: letter for letter in Message.objects.filter(event=Event.RATES)}
    assert letters.keys() == {"rates@r.example", "main@o.example"}
    assert rate_import.letters == {"mailed": 2, "without_address": 0}
    letter = letters["rates@r.example"]
    assert (letter.owner, letter.language) == (world.root, "es")
    assert "Wholesale" not in letter.text + letters["main@o.example"].text
    mail = to_mail(letter, "")
    (part,) = mail.iter_attachments()
    assert part.get_filename() == "rates.csv"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    lines = content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["Prefix", "33", "34", "44"]
    assert "increased,0.02,0.03" in lines[3]


def test_no_letter_without_the_tick_or_without_a_change(world):
    Customer.objects.update(main_email="x@x.example")
    rate_import = checked(world, HEAD + "44,UK,0.03,60/6\n")
    request_apply(actor=world.actor("operator"), rate_import=rate_import)
    apply_import(rate_import.pk)
    notify_customers(rate_import.pk)
    assert apply_and_mail(world, HEAD + "44,UK,0.03,60/6\n").letters["mailed"] == 0
    assert not Message.objects.filter(event=Event.RATES).exists()


def test_customers_without_an_address_are_counted_and_long_lists_packed(world, monkeypatch):
    monkeypatch.setattr(notifying, "PACKED_FROM", 10)
    Customer.objects.filter(pk=world.reseller.pk).update(main_email="x@x.example")
    Customer.objects.filter(pk=world.other_reseller.pk).update(main_email="")
    rate_import = apply_and_mail(world, HEAD + "44,UK,0.03,60/6\n")
    assert rate_import.letters == {"mailed": 1, "without_address": 1}
    assert Attachment.objects.get().name == "rates.zip"
    closed = apply_and_mail(world, "Prefix,Price,Status\n44,,Closed\n")
    assert closed.rows.get().change == Change.CLOSED
    assert closed.letters["mailed"] == 1


def test_without_an_address_the_bell_tells_it(world):
    rate_import = apply_and_mail(world, HEAD + "44,UK,0.03,60/6\n33,,0.01,\n")
    notify_customers(rate_import.pk)
    assert rate_import.letters == {"mailed": 0, "without_address": 2}
    assert not Attachment.objects.exists()
    told = Notice.objects.filter(event=Event.RATES)
    assert {notice.recipient for notice in told} == {world.reseller, world.other_reseller}
    page = signed_in(world.user("reseller")).get(reverse("notifications:notice_list"))
    assert "Rate notification: changes 2" in page.content.decode()


def test_letters_that_a_lost_message_left_are_sent_by_the_sweep(world):
    rate_import = checked(world, HEAD + "44,UK,0.03,60/6\n")
    request_apply(actor=world.actor("operator"), rate_import=rate_import, notifies=True)
    apply_import(rate_import.pk)
    assert leases.resume_stale() == 0
    RateImport.objects.update(updated_at=now() - leases.QUIET * 2)
    assert leases.resume_stale() == 1
    notify_customers(rate_import.pk)
    assert leases.resume_stale() == 0
