"""The steps of a rate import for every eye: file, columns, preview, done, and failed."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Browser

from tariffs.models import RateImport, Tariff
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import request_apply, start_import
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World

SHEET = """Halyard Wholesale, prices in EUR
Currency:,EUR
Destination,Dial code,Rate,Effective date,Billing,Remarks of the carrier
United Kingdom,44,0.1475,2027-12-01,60/1,
United Kingdom Mobile,447,0.02,,60/6,cheaper for all who stay
Germany,49,0.0078,01/13/2027,1/1,
Haiti Mobile,509-3,0.2310,2027-11-25,60/60,
"""


def uploaded(world: World, name: str, data: bytes, **options: Any) -> RateImport:
    """A sheet of the reseller that was looked into or checked."""
    found = start_import(
        actor=world.actor("reseller"),
        tariff=Tariff.objects.get(name="Retail"),
        file=ContentFile(data, name=name),
        name=name,
        **options,
    )
    check_import(found.pk)
    found.refresh_from_db()
    return found


@pytest.fixture
def paths(stored_world: World) -> list[str]:
    """A page of each state of an import."""
    asked = uploaded(stored_world, "a.csv", SHEET.encode(), asks_columns=True)
    rejected = uploaded(stored_world, "b.csv", SHEET.encode())
    unreadable = uploaded(stored_world, "c.xlsx", b"PK\x03\x04", asks_columns=True)
    same = uploaded(stored_world, "d.csv", b"Code,Rate\n44,0.04\n")
    done = uploaded(stored_world, "e.csv", b"Code,Rate\n44,0.09\n34,0.1\n")
    request_apply(actor=stored_world.actor("reseller"), rate_import=done, notifies=True)
    apply_import(done.pk)
    ids = [found.pk for found in (asked, rejected, unreadable, same, done)]
    return [
        f"/tariffs/{done.tariff_id}/imports/new/",
        f"/tariffs/{done.tariff_id}/imports/",
        *(f"/tariffs/imports/{key}/" for key in ids),
        f"/tariffs/imports/{asked.pk}/columns/?head=2",
        f"/tariffs/imports/{rejected.pk}/rejected/",
        f"/tariffs/imports/{done.pk}/undo/",
    ]


@pytest.mark.parametrize("size", SIZES)
def test_the_steps_of_an_import(
    browser: Browser, live_server: Any, paths: list[str], size: str
) -> None:
    width, height = SIZES[size]
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.sign_in("reseller")
        found = []
        for path in paths:
            portal.open(path)
            found += faults_of(portal, path)
    assert not found, "\n".join(found)
