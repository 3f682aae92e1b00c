"""The pages of what an owner sells, defines and imports, and of self-care, for every eye.

As test_looks has it for the main pages, with a row of every kind. The wizard and the tabs of a
customer are in test_wizard, logins and rights in test_looks_users.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import Account, CardBatch, Host, Trunk, VoucherBatch
from customers.models import (
    BusinessModel,
    Customer,
    CustomerClass,
    CustomerTemplate,
    CustomField,
    RecordImport,
)
from notifications.models import Message
from tests.architecture.samples import SECRET, build_samples
from tests.billing.records import checked
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World


@pytest.fixture
def keys(stored_world: World) -> dict[type[Any], int]:
    """The key of a row of every kind, and of an import whose file has an error."""
    rows = build_samples(stored_world)
    wrong = [{"name": "Calder Voice", "kind": "business", "tariff": "no such tariff"}]
    job = checked(stored_world.actor("sub_reseller"), "customer", wrong)
    assert job.errors
    return {kind: row.pk for kind, row in (rows | {RecordImport: job}).items()}


def owner_pages(keys: dict[type[Any], int]) -> list[str]:
    """What the sub-reseller sees of the shop and of what it has defined itself."""
    shop = keys[Customer]
    account, trunk, host = keys[Account], keys[Trunk], keys[Host]
    made, template = keys[CustomerClass], keys[CustomerTemplate]
    batch, cards = keys[VoucherBatch], keys[CardBatch]
    return [
        f"/search/?q={SECRET}",
        "/customers/tree/",
        f"/customers/{shop}/move/",
        f"/customers/{shop}/close/",
        "/customers/limits/",
        f"/customers/limits/{shop}/",
        "/customers/classes/",
        f"/customers/classes/{made}/",
        f"/customers/classes/{made}/fields/",
        f"/customers/class-fields/{keys[CustomField]}/",
        "/customers/business-models/",
        f"/customers/business-models/{keys[BusinessModel]}/",
        "/customers/templates/",
        f"/customers/templates/{template}/",
        f"/customers/templates/{template}/basic/",
        f"/customers/templates/{template}/portal/",
        "/customers/profile/tokens/",
        "/customers/profile/tokens/new/",
        "/accounts/",
        f"/accounts/{account}/",
        f"/accounts/{account}/logins/",
        f"/accounts/trunks/{trunk}/",
        "/accounts/hosts/",
        f"/accounts/hosts/{host}/limits/",
        "/accounts/cards/",
        f"/accounts/cards/{cards}/",
        "/accounts/voucher-batches/",
        "/accounts/voucher-batches/new/",
        f"/accounts/voucher-batches/{batch}/",
        f"/accounts/voucher-batches/{batch}/export/",
        "/accounts/vouchers/",
        f"/billing/customers/{shop}/redeem/",
        f"/billing/customers/{shop}/maintenance/",
        "/billing/payment-terms/",
        "/billing/invoice-settings/",
        "/billing/customer-imports/",
        "/billing/customer-imports/new/",
        "/billing/account-imports/",
        f"/billing/imports/{keys[RecordImport]}/",
        "/messages/",
        f"/messages/{keys[Message]}/",
    ]


def shop_pages(keys: dict[type[Any], int]) -> list[str]:
    """Self-care, and what only the shop does with its accounts and cards."""
    account, cards = keys[Account], keys[CardBatch]
    return [
        "/",
        f"/accounts/{account}/",
        f"/accounts/{account}/charging/",
        "/accounts/new/",
        "/accounts/cards/new/",
        f"/accounts/cards/{cards}/export/",
        "/billing/redeem/",
        "/billing/statement/",
    ]


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_records_and_self_care(
    browser: Browser, live_server: Any, keys: dict[type[Any], int], size: str
) -> None:
    width, height = SIZES[size]
    found: list[str] = []
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        for who, pages in (
            ("sub-reseller", owner_pages(keys)),
            ("shop", shop_pages(keys)),
            ("shop-1", ["/", f"/accounts/{keys[Account]}/", "/calls/"]),
        ):
            portal.sign_in(who)
            expect(portal.page.get_by_role("button", name="Account")).to_be_visible()
            for path in pages:
                portal.open(path)
                found += faults_of(portal, f"{who}: {path}")
            portal.context.clear_cookies()
    assert not found, "\n".join(found)
