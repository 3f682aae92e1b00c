"""Who sells calls, and so has reports of more than its own costs."""

from customers.choices import Kind
from customers.models import Customer

SELLERS = (Kind.ROOT, Kind.RESELLER)


def is_seller(customer: Customer) -> bool:
    """Whether a customer's report is about what it sells, not only about what it pays."""
    return customer.kind in SELLERS
