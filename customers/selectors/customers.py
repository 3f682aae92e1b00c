"""Reads of the customers right below one."""

from collections.abc import Collection
from typing import Any

from django.db.models import (
    Count,
    QuerySet,
)

from customers.models import Customer
from customers.tenancy import Actor


def direct_customers(actor: Actor, owner_id: int) -> QuerySet[Customer]:
    """The live direct customers of ``owner_id`` that the actor sees, in no order."""
    rows: QuerySet[Customer] = Customer.objects.visible_to(actor).direct_of(owner_id)
    return rows


def sub_customer_counts(customer_ids: Collection[int]) -> dict[int, int]:
    """How many live direct customers each of some customers has; those with none are absent."""
    rows: QuerySet[Any] = Customer.objects.live().filter(owner__in=customer_ids).values("owner")
    counted = rows.order_by().annotate(number=Count("pk"))  # in tree order each would be a group
    return dict(counted.values_list("owner", "number"))
