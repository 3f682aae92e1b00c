"""The portal in Spanish and, from right to left, in Arabic: axe, and no sideways scrolling."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from customers.models import User
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of, full_world

__all__ = ["full_world"]
DIRECTIONS = {"es": "ltr", "ar": "rtl"}
# Beside the main pages: money, settings and what is told.
PAGES = (
    "billing:invoice_list",
    "billing:payment_list",
    "billing:period_list",
    "billing:aging",
    "billing:tax_list",
    "billing:alert_list",
    "calls:daily_report_list",
    "customers:customer_create",
    "customers:class_create",
    "customers:profile",
    "accounts:account_list",
    "accounts:trunk_list",
    "notifications:message_list",
    "notifications:template_list",
    "notifications:webhook_create",
    "notifications:mail_settings",
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", DIRECTIONS)
def test_pages_in_other_languages(
    browser: Browser,
    live_server: Any,
    full_world: dict[str, str],
    language: str,
    size: str,
) -> None:
    User.objects.filter(login="reseller").update(language=language)
    width, height = SIZES[size]
    found = []
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.sign_in("reseller")
        for name, path in (full_world | {name: reverse(name) for name in PAGES}).items():
            portal.open(path)
            page = portal.page.locator("html")
            told = (page.get_attribute("lang"), page.get_attribute("dir"))
            if told != (language, DIRECTIONS[language]):
                found.append(f"{name}: is in {told}")
            found += faults_of(portal, name, ("light",))  # colours are the same in all of them
    assert not found, "\n".join(found)
