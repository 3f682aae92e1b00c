"""Issued invoices, and payments of them, without what issues and allocates."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Balance, DunningStep, Invoice
from customers.models import Customer
from notifications.models import Message
from tariffs.models import Tariff
from tests.world import World, customer_of

DUE = date(2026, 3, 10)


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a day, UTC: the zone of the world's balances unless a test says otherwise."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def after(days: int) -> datetime:
    """Noon, so many days after DUE."""
    return at(DUE + timedelta(days=days))


def invoice(balance: Balance, amount: str = "10", due: date = DUE, **values: Any) -> Invoice:
    """An issued invoice of two weeks, all of it open."""
    number = f"INV-{Invoice.objects.count() + 1:06d}"
    total = Decimal(amount)
    known: dict[str, Any] = {
        "state": "issued",
        "mode": "postpaid",
        "number": number,
        "issued_at": at(due - timedelta(days=14)),
        "issued_on": due - timedelta(days=14),
        "due_on": due,
        "net": total,
        "total": total,
        "open_amount": total,
    }
    made: Invoice = Invoice.objects.create(
        issuer_id=balance.issuer_id,
        customer_id=balance.customer_id,
        account_id=balance.account_id,
        balance=balance,
        currency_id=balance.currency_id,
        **(known | values),
    )
    return made


def pay(*invoices: Invoice) -> None:
    """Settle invoices, as an allocation does."""
    Invoice.objects.filter(pk__in=[row.pk for row in invoices]).update(open_amount=0)


def kinds(balance: Balance) -> list[str]:
    """The log: kinds with the days of reminders, in the order of their making."""
    rows = DunningStep.objects.filter(balance=balance).order_by("pk")
    return [f"{row.kind}{row.days or ''}" for row in rows]


def letters(customer: Customer) -> list[str]:
    """The events of all letters about a customer, in order."""
    rows = Message.objects.filter(customer=customer).order_by("pk")
    return list(rows.values_list("event", flat=True))


def ready(world: World) -> Balance:
    """The balance of the shop, which has an address for letters about money."""
    Customer.objects.filter(pk=world.shop.pk).update(billing_email="pay@shop.example")
    return world.balance("shop")


def postpaid(world: World, name: str, zone: str = "UTC") -> Balance:
    """The balance of a further customer of the sub-reseller, with a billing time zone."""
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    made = customer_of(world.sub_reseller, name, "business", tariff, mode="postpaid")
    Balance.objects.filter(customer=made).update(period_timezone=zone)
    found: Balance = Balance.objects.get(customer=made)
    return found
