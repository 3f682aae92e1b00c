"""The preview of invoice settings, their logo, and what electronic invoices ask of the owner."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from billing.models import InvoiceSettings, Logo
from billing.services import logos
from billing.services.invoice_settings import create_settings
from softswitch.core import pictures
from softswitch.core.errors import DomainError
from tests.billing.documents import firms
from tests.billing.test_invoice_settings import SETTINGS, browser, url
from tests.world import World

HX = {"HX-Request": "true"}


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#0e7c86").save(file, kind)
    return file.getvalue()


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content, "image/png")


@pytest.fixture
def made(world: World) -> InvoiceSettings:
    return create_settings(
        actor=world.actor("reseller"), name="Plain", accent="#123456", logo_file=picture()
    )


def test_the_form_shows_at_once_what_it_would_make(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(url("invoice_settings", "create")).content.decode()
    sample = reverse("billing:invoice_settings_sample")
    assert f'hx-post="{sample}"' in page
    assert f'formaction="{sample}"' in page
    answer = client.post(sample, SETTINGS, headers=HX)
    part = answer.content.decode()
    assert '<div lang="ar" dir="rtl">' in part
    for text in ('fill="#0e7c86"', "EX-000017", "IBAN", "Thank you", "فرنسا", "84.00 USD"):
        assert text in part
    assert "<html" not in part
    assert "style=" not in part
    assert not InvoiceSettings.objects.exists()


def test_without_scripts_it_is_a_page_of_its_own(world: World) -> None:
    answer = browser(world, "reseller").post(reverse("billing:invoice_settings_sample"), SETTINGS)
    page = answer.content.decode()
    assert '<html lang="ar" dir="rtl"' in page
    assert "css/sheet" in page
    assert "style-src 'self'" in answer["Content-Security-Policy"]


def test_wrong_fields_are_named_and_shown_as_stored(world: World, made: InvoiceSettings) -> None:
    sent = SETTINGS | {"accent": "red", "rate_decimals": "99"}
    answer = browser(world, "reseller").post(
        url("invoice_settings", "preview", made.pk), sent, headers=HX
    )
    part = answer.content.decode()
    assert answer.status_code == 200
    assert "Not shown yet, as they do not fit: Rate decimals, Colour" in part
    assert 'fill="#123456"' in part
    assert "data:image/png" in part


def test_the_preview_of_another_owner_is_not_there(world: World, made: InvoiceSettings) -> None:
    page = url("invoice_settings", "preview", made.pk)
    assert browser(world, "reseller").get(page).status_code == 200
    for stranger in ("operator", "other_reseller", "sub_reseller", "sub_customer"):
        assert browser(world, stranger).get(page).status_code == 404
        assert browser(world, stranger).post(page, SETTINGS).status_code == 404


def test_a_logo_is_kept_once_and_taken_off(world: World) -> None:
    client = browser(world, "reseller")
    client.post(url("invoice_settings", "create"), SETTINGS | {"logo_file": upload(picture())})
    made = InvoiceSettings.objects.get()
    assert made.logo is not None
    assert (made.logo.owner, made.logo.media_type) == (world.reseller, "image/png")
    edit = url("invoice_settings", "edit", made.pk)
    client.post(edit, SETTINGS | {"name": "Same", "logo_file": upload(picture())})
    assert Logo.objects.count() == 1
    client.post(edit, SETTINGS)
    made.refresh_from_db()
    assert made.logo is not None
    client.post(edit, SETTINGS | {"without_logo": "on"})
    assert InvoiceSettings.objects.filter(logo=None).count() == 1
    assert Logo.objects.count() == 1, "issued invoices may show it"


def test_a_new_logo_is_previewed_before_it_is_saved(world: World) -> None:
    sample = reverse("billing:invoice_settings_sample")
    client = browser(world, "reseller")
    sent: dict[str, Any] = SETTINGS | {"logo_file": upload(picture("JPEG"))}
    assert "data:image/jpeg" in client.post(sample, sent, headers=HX).content.decode()
    sent = SETTINGS | {"logo_file": upload(b"<svg/>")}
    assert "data:image/" not in client.post(sample, sent, headers=HX).content.decode()
    assert not Logo.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not taken"),
        (picture("JPEG", (400, 400))[:400], "PNG or JPEG"),
        (picture("GIF"), "PNG or JPEG"),
        (picture(size=(pictures.MOST_PIXELS + 1, 1)), "pixels a side"),
        (picture() + bytes(pictures.MOST_BYTES), "larger than 300 kB"),
        (b"\x89PNG\r\n\x1a\n", "PNG or JPEG"),
    ],
)
def test_other_files_are_no_logos(world: World, content: bytes, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        logos.keep_logo(actor=world.actor("reseller"), content=content)
    sent = SETTINGS | {"logo_file": upload(content)}
    answer = browser(world, "reseller").post(url("invoice_settings", "create"), sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["logo_file"]
    assert not InvoiceSettings.objects.exists()


def test_electronic_invoices_need_the_owners_own_data(world: World) -> None:
    sent = SETTINGS | {"is_e_invoice": "on"}
    client = browser(world, "sub_reseller")
    page = client.post(url("invoice_settings", "create"), sent).content.decode()
    assert "need the tax id of your company" in page
    world.sub_reseller.tax_id = "GB1"
    world.sub_reseller.save()
    page = client.post(url("invoice_settings", "create"), sent).content.decode()
    assert "need the country of your company" in page
    firms(world)
    client.post(url("invoice_settings", "create"), sent)
    assert InvoiceSettings.objects.get().is_e_invoice
