"""Invoices for tests of documents: rows that agree with each other, as issuing leaves them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.models import Balance, BillingPeriod, Invoice
from billing.selectors.parties import party_data, payer_data
from customers.models import Customer
from tests.world import World

D = Decimal
CALLS = (
    ("UK Geographic", "44", 31840, 8106738, "0.0031", "418.85"),
    ("UK Mobile", "447", 24208, 4959651, "0.0118", "975.40"),
    ("France Mobile", "336", 3117, 534147, "0.0330", "293.78"),
)
ITEMS = (
    ("fee", "Trunk rent, October", "6", "7.50", "45.00"),
    ("surcharge", "Short call charge: calls of at most 6 s, above 10 %", "372", "0.05", "18.60"),
    ("adjustment", "Calls delivered twice, ticket 5512", None, None, "-12.40"),
)
PAY = "Bank transfer: Halyard Voice Ltd\nIBAN: GB00 HALY 0000 0012 3456 78\nBIC: HALYGB00"


@dataclass(frozen=True)
class Taxed:
    """Rates as (name, percent), and how they are taken."""

    mode: str = "added"
    rates: tuple[tuple[str, str], ...] = (("VAT", "20"),)
    category: str = "S"
    reason: str = ""
    is_compound: bool = False


def period_of(balance: Balance, **values: Any) -> BillingPeriod:
    """October 2026 of a balance, closed."""
    asked = {
        "starts_at": datetime(2026, 10, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 1, tzinfo=UTC),
        "closed_at": datetime(2026, 11, 1, 6, tzinfo=UTC),
        "period_type": "monthly",
        "timezone": balance.period_timezone,
        "outcome": "drafted",
    } | values
    kept = BillingPeriod.objects.filter(balance=balance, starts_at__lt=asked["ends_at"])
    kept = kept.filter(ends_at__gt=asked["starts_at"])
    return kept.first() or BillingPeriod.objects.create(balance=balance, **asked)


def firm(customer: Customer, company: str, address: str, country: str, tax_id: str) -> None:
    """Give a customer what stands on paper."""
    values = {"company_name": company, "address": address, "country": country, "tax_id": tax_id}
    for name, value in values.items():
        setattr(customer, name, value)
    customer.main_email = f"info@{customer.name.split()[0].lower()}.example"
    customer.billing_email = f"billing@{customer.name.split()[0].lower()}.example"
    customer.save()


def firms(world: World) -> None:
    firm(
        world.sub_reseller,
        "Halyard Voice Ltd",
        "Tower Wharf, 12 Lighterman Row\nLondon E14 0AA",
        "GB",
        "GB000229164",
    )
    firm(
        world.shop, "Calder Voice & Data Ltd", "Foundry House, 3 Mill Goit\nLeeds LS12 6AB",
        "GB", "GB000471182",
    )  # fmt: skip


def terms(**values: Any) -> dict[str, Any]:
    """What an invoice keeps of the way it is issued."""
    texts = {"header": "", "footer": "", "payment": PAY} | values.pop("texts", {})
    kept = {
        "format": "pdf",
        "rate_decimals": 4,
        "rate_value": "actual",
        "grouping": "destination",
        "sections": [],
        "language": "en",
        "accent": "#2d52c4",
        "is_e_invoice": False,
        "series": "HV-",
        "credit_series": "CN-",
    }
    return kept | values | {"texts": texts}


def make_invoice(
    world: World,
    *,
    state: str = "issued",
    calls: Any = CALLS,
    items: Any = ITEMS,
    taxed: Taxed | None = None,
    number: str = "HV-000117",
    previous: str = "0",
    payments: str = "0",
    balance: Balance | None = None,
    **values: Any,
) -> Invoice:
    """An invoice of the shop's October by the sub-reseller, in GBP; sums follow from the lines."""
    taxed = taxed or Taxed()
    balance = balance or world.balance("shop")
    taxes, sums = amounts_of(calls, items, taxed, D(previous), D(payments))
    whose: dict[str, Any] = {
        "issuer": balance.issuer,
        "customer": balance.customer,
        "account": balance.account,
        "balance": balance,
        "mode": balance.mode,
        "currency": balance.currency,
        "kind": "invoice",
        "terms": terms(),
    }
    if "period" not in values:
        whose["period"] = period_of(balance)
    invoice = Invoice.objects.create(**{**whose, **sums, **values})
    _add_lines(invoice, calls, items)
    for position, (name, percent, base, amount) in enumerate(taxes):
        invoice.taxes.create(
            position=position, name=name, percent=percent, base=base, amount=amount,
            is_compound=taxed.is_compound and position > 0,
        )  # fmt: skip
    if state != "draft":
        freeze(invoice, state, number)
    return Invoice.objects.get(pk=invoice.pk)


def amounts_of(
    calls: Any, items: Any, taxed: Taxed, previous: Decimal, payments: Decimal
) -> tuple[list[Any], dict[str, Any]]:
    """The taxes on lines, and the columns of the invoice that follow from them."""
    lines = sum((D(row[-1]) for row in (*calls, *items)), D(0))
    taxes, net, total = sums_of(lines, taxed)
    closing = previous + payments - total
    return taxes, {
        "net": net,
        "tax": total - net,
        "total": total,
        "previous_balance": previous,
        "payments": payments,
        "closing_balance": closing,
        "amount_due": max(D(0), -closing),
        "tax_mode": taxed.mode,
        "tax_category": taxed.category,
        "tax_reason": taxed.reason,
    }


def freeze(invoice: Invoice, state: str, number: str) -> None:
    """What issuing writes; lines come before, since an issued invoice takes none."""
    Invoice.objects.filter(pk=invoice.pk).update(
        state=state,
        series="HV-",
        number=number,
        open_amount=max(invoice.total, D(0)) if invoice.kind == "invoice" else D(0),
        issuer_data=party_data(invoice.issuer),
        customer_data=payer_data(invoice.balance),
        issued_at=datetime(2026, 11, 1, 6, tzinfo=UTC),
        issued_on=date(2026, 11, 1),
        due_on=date(2026, 11, 15),
    )


def sums_of(lines: Decimal, taxed: Taxed) -> tuple[list[Any], Decimal, Decimal]:
    """Taxes (name, percent, base, amount), net and total of lines that add up to ``lines``."""
    cent = D("0.01")
    if taxed.mode == "none":
        return [], lines, lines
    if taxed.mode == "included":
        ((name, percent),) = taxed.rates
        net = (lines / (1 + D(percent) / 100)).quantize(cent, "ROUND_HALF_UP")
        return [(name, D(percent), net, lines - net)], net, lines
    found, base = [], lines
    for name, percent in taxed.rates:
        amount = (base * D(percent) / 100).quantize(cent, "ROUND_HALF_UP")
        found.append((name, D(percent), base, amount))
        base = base + amount if taxed.is_compound else lines
    return found, lines, lines + sum((row[3] for row in found), D(0))


def _add_lines(invoice: Invoice, calls: Any, items: Any) -> None:
    position = 0
    for name, prefix, count, seconds, rate, amount in calls:
        invoice.lines.create(
            position=position, kind="usage", description=name, prefix=prefix, calls=count,
            country={"4": "GB", "3": "FR"}.get(prefix[:1], ""), tariff="Street",
            billed_seconds=seconds, rate=D(rate), exact=D(amount), amount=D(amount),
        )  # fmt: skip
        position += 1
    for kind, text, quantity, price, amount in items:
        invoice.lines.create(
            position=position, kind=kind, description=text, exact=D(amount), amount=D(amount),
            quantity=D(quantity) if quantity else None, rate=D(price) if price else None,
        )  # fmt: skip
        position += 1
