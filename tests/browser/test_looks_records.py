"""The pages of what an owner sells, defines and imports, and of self-care, for every eye.

As test_looks has it for the main pages, with a row of every kind. The wizard and the tabs of a
customer are in test_wizard, logins and rights in test_looks_users.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from customers.models import RecordImport
from tests.architecture.samples import SECRET, build_samples
from tests.billing.records import checked
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World


@pytest.fixture
def keys(stored_world: World) -> dict[str, int]:
    """The key of a row of every kind, and of an import whose file has an error."""
    rows = build_samples(stored_world)
    wrong = [{"name": "Calder Voice", "kind": "business", "tariff": "no such tariff"}]
    job = checked(stored_world.actor("sub_reseller"), "customer", wrong)
    assert job.errors
    return {kind.__name__: row.pk for kind, row in (rows | {RecordImport: job}).items()}


# What the sub-reseller sees of the shop and of what it has defined; a name in braces is a key.
OWNER_PAGES = (
    f"/search/?q={SECRET}",
    "/customers/tree/",
    "/customers/{Customer}/move/",
    "/customers/{Customer}/close/",
    "/customers/limits/",
    "/customers/limits/{Customer}/",
    "/customers/classes/",
    "/customers/classes/{CustomerClass}/",
    "/customers/classes/{CustomerClass}/fields/",
    "/customers/class-fields/{CustomField}/",
    "/customers/business-models/",
    "/customers/business-models/{BusinessModel}/",
    "/customers/templates/",
    "/customers/templates/{CustomerTemplate}/",
    "/customers/templates/{CustomerTemplate}/basic/",
    "/customers/templates/{CustomerTemplate}/portal/",
    "/customers/profile/tokens/",
    "/customers/profile/tokens/new/",
    "/accounts/",
    "/accounts/{Account}/",
    "/accounts/{Account}/logins/",
    "/accounts/trunks/{Trunk}/",
    "/accounts/hosts/",
    "/accounts/hosts/{Host}/limits/",
    "/accounts/cards/",
    "/accounts/cards/{CardBatch}/",
    "/accounts/voucher-batches/",
    "/accounts/voucher-batches/new/",
    "/accounts/voucher-batches/{VoucherBatch}/",
    "/accounts/voucher-batches/{VoucherBatch}/export/",
    "/accounts/vouchers/",
    "/billing/customers/{Customer}/redeem/",
    "/billing/customers/{Customer}/maintenance/",
    "/billing/payment-terms/",
    "/billing/invoice-settings/",
    "/billing/customer-imports/",
    "/billing/customer-imports/new/",
    "/billing/account-imports/",
    "/billing/imports/{RecordImport}/",
    "/messages/",
    "/messages/{Message}/",
)
# Self-care, and what only the shop does with its accounts and cards.
SHOP_PAGES = (
    "/",
    "/accounts/{Account}/",
    "/accounts/{Account}/charging/",
    "/accounts/new/",
    "/accounts/cards/new/",
    "/accounts/cards/{CardBatch}/export/",
    "/billing/redeem/",
    "/billing/statement/",
)
SEEN_BY = {
    "sub-reseller": OWNER_PAGES,
    "shop": SHOP_PAGES,
    "shop-1": ("/", "/accounts/{Account}/", "/calls/"),
}


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_records_and_self_care(
    browser: Browser, live_server: Any, keys: dict[str, int], size: str
) -> None:
    width, height = SIZES[size]
    found: list[str] = []
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        for who, pages in SEEN_BY.items():
            portal.sign_in(who)
            expect(portal.page.get_by_role("button", name="Account")).to_be_visible()
            for path in (page.format(**keys) for page in pages):
                portal.open(path)
                found += faults_of(portal, f"{who}: {path}")
            portal.context.clear_cookies()
    assert not found, "\n".join(found)
