"""Every field of every step of the wizard is stored where it belongs."""

from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.choices import PeriodType
from billing.models import Balance, InvoiceSettings, PaymentTerm, Tax
from customers.forms.steps import PARAMETER_SLUGS, SLUGS, StepForms
from customers.models import Customer, CustomerParameters
from customers.selectors.parameters import PARAMETER_FIELDS
from tariffs.models import Tariff
from tariffs.selectors import tariff_of
from tests.customers.wizard import BASIC, fill_in, press, signed_in, submit
from tests.world import World

RECORD: dict[str, Any] = {
    "name": "Calder Voice",
    "kind": "reseller",
    "status": "inactive",
    "main_email": "office@calder.example",
    "noc_email": "noc@calder.example",
    "call_limit": 8,
    "cps_limit": 2,
    "max_depth": 3,
    "timezone": "Europe/London",
    "language": "es",
    "min_profitability": 5,
    "min_profitability_unit": "percent",
    "internal_notes": "pays late",
}
COMPANY = {
    "company_name": "Calder Voice Ltd",
    "tax_id": "GB 1",
    "address": "Leeds",
    "billing_email": "accounts@calder.example",
    "rates_email": "rates@calder.example",
    "contact": "Aoife Brennan",
}
TERMS: dict[str, Any] = {"currency": "USD", "mode": "postpaid", "credit_limit": 300}
PARAMETERS: dict[str, Any] = {
    "report_at": time(7, 30),
    "report_timezone": "Europe/Paris",
    "report_recipients": "both",
    "usage_summary": True,
    "usage_non_zero_only": False,
    "usage_grouping": "code",
    "balance_summary": True,
    "daily_cdrs": True,
    "cdr_format": "xlsx",
    "sign_in_notice": True,
    "short_calls": True,
    "short_call_seconds": 12,
    "short_call_percent": 20,
    "short_call_price": Decimal("0.01"),
    "short_call_basis": "excess",
    "auto_invoice": True,
    "invoice_format": "html",
    "invoice_timezone": "Europe/Madrid",
    "invoice_at": time(5),
    "rate_decimals": 6,
    "rate_value": "average",
    "invoice_non_zero_only": False,
    "invoice_sections": ["tax", "payments", "by_trunk", "rate_table"],
    "grace_days": 5,
    "minimum_commitment": Decimal("49.5"),
    "tax_percent": 20,
    "rounding": "line",
    "notifications": True,
    "low_balance_amount": 25,
    "low_balance_percent": 10,
    "low_balance_frequency": "hourly",
    "low_balance_at": time(8, 15),
    "low_balance_timezone": "Europe/Rome",
    "low_balance_days": 4,
    "disable_trunks_after_days": 9,
    "trunk_update_notice": True,
    "payment_notice": True,
    "zero_balance_notice": True,
    "credit_thresholds": "80, 95",
}


@pytest.fixture
def client(world: World) -> Client:
    """The reseller's browser."""
    return signed_in(world, "reseller")


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as a browser sends them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
    }


def test_each_field_lands_in_its_column(world: World, client: Client) -> None:
    settings = InvoiceSettings.objects.create(owner=world.reseller, name="Standard")
    term = PaymentTerm.objects.create(owner=world.reseller, name="Weekly", period_type="weekly")
    tariff = Tariff.objects.get(name="Retail")
    tax = Tax.objects.create(owner=world.reseller, name="VAT 20")
    rows = {"invoice_settings": settings.pk, "payment_term": term.pk, "tax": tax.pk}
    chosen = typed(PARAMETERS) | rows
    assert chosen.keys() == set(PARAMETER_FIELDS)
    forms = StepForms(world.actor("reseller"), {})
    steps: dict[str, Any] = {
        slug: {name: chosen[name] for name in forms.shown(slug).fields if name in chosen}
        for slug in PARAMETER_SLUGS
    }
    basic = RECORD | TERMS | {"tariff": tariff.pk, "opening_balance": "12.5"}
    fill_in(client, steps | {"basic": basic, "company": COMPANY})
    assert submit(client, **steps[SLUGS[-1]]).status_code == 302
    made = Customer.objects.get(name="Calder Voice")
    for name, value in (RECORD | COMPANY).items():
        assert str(getattr(made, name)) in (str(value), f"{value}.00000000"), name
    own = CustomerParameters.objects.get(customer=made)
    for name, value in PARAMETERS.items():
        stored = getattr(own, name)
        assert stored == value or str(stored) in (value, f"[{value}]"), name
    assert (own.invoice_settings, own.payment_term, own.tax) == (settings, term, tax)
    balance = Balance.objects.get(customer=made)
    assert (balance.currency_id, balance.mode) == ("USD", "postpaid")
    assert (balance.credit_limit, balance.amount) == (Decimal(300), Decimal("12.5"))
    assert tariff_of(made.pk, made.opened_at) == tariff


@pytest.mark.parametrize("period", PeriodType.values)
def test_each_billing_period_is_offered(client: Client, period: str) -> None:
    zone = {"period_type": period, "period_timezone": "Asia/Tokyo"}
    assert press(client, "basic", **BASIC, **zone).status_code == 302
    submit(client)
    balance = Balance.objects.get(customer__name="Calder Voice")
    assert (balance.period_type, str(balance.period_timezone)) == (period, "Asia/Tokyo")


@pytest.mark.parametrize("kind", ["reseller", "business", "residential", "termination", "virtual"])
def test_each_kind_is_offered(client: Client, kind: str) -> None:
    press(client, "basic", **BASIC, kind=kind)
    submit(client)
    assert Customer.objects.get(name="Calder Voice").kind == kind
