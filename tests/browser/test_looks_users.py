"""The pages about logins and rights for every eye, as test_looks has it for the main pages."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from customers.models import User
from customers.services.permissions import delegated_rights, set_rights
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.security.people import with_second_factor
from tests.world import World

OWN = ("", "password/", "second-factor/", "second-factor/on/", "sessions/", "sign-ins/")


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_logins_and_rights(
    browser: Browser, live_server: Any, stored_world: World, size: str
) -> None:
    width, height = SIZES[size]
    sub, shop = stored_world.sub_reseller, stored_world.user("shop")
    with_second_factor(shop)
    less = delegated_rights(sub) - {"accounts.add", "reports.view"}
    set_rights(actor=stored_world.actor("reseller"), customer=sub, rights=less)
    pages = [
        f"/customers/{stored_world.shop.pk}/users/",
        f"/customers/{stored_world.shop.pk}/users/new/",
        *(f"/customers/users/{shop.pk}/{part}" for part in ("", "edit/", "sessions/")),
        f"/customers/users/{shop.pk}/second-factor/",
        *(f"/customers/profile/{part}" for part in OWN),
        f"/customers/{stored_world.shop.pk}/rights/",
    ]
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.sign_in(User.objects.get(customer=sub).login)
        found = []
        for path in pages:
            portal.open(path)
            found += faults_of(portal, path)
        portal.page.get_by_role("checkbox", name="Trunks: add").uncheck()
        portal.press("Save")
        expect(portal.page.get_by_role("button", name="Save 1 change")).to_be_visible()
        found += faults_of(portal, "preview of rights")
        portal.context.clear_cookies()
        portal.sign_in("shop")
        expect(portal.page.get_by_role("heading", name="Enter your code")).to_be_visible()
        found += faults_of(portal, "code")
    assert not found, "\n".join(found)
