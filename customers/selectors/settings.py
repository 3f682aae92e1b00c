"""What an owner has defined for its customers, with how many use it."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from customers.models import BusinessModel, Customer, CustomerClass, CustomField, CustomFieldValue
from customers.tenancy import Actor


def number_of(rows: "QuerySet[Any]", by: str) -> Coalesce:
    """How many of ``rows`` name the outer row in their column ``by``."""
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    number = counted.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), Value(0))


def class_rows(rows: QuerySet[CustomerClass], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with ``customers`` (live) and ``custom_fields`` counted."""
    return rows.filter(owner_id=actor.customer_id).annotate(
        customers=number_of(Customer.objects.live(), "customer_class"),
        custom_fields=number_of(CustomField.objects.live(), "customer_class"),
    )


def business_model_rows(rows: QuerySet[BusinessModel], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with ``customers`` (live) counted."""
    counted = number_of(Customer.objects.live(), "business_model")
    return rows.filter(owner_id=actor.customer_id).annotate(customers=counted)


def field_rows(rows: QuerySet[CustomField], customer_class_id: int) -> QuerySet[Any]:
    """The fields of a class among ``rows``, with the ``stored`` values of each counted."""
    counted = number_of(CustomFieldValue.objects.all(), "field")
    return rows.filter(customer_class_id=customer_class_id).annotate(stored=counted)


def uses_of_class(row: CustomerClass) -> list[tuple[str, int]]:
    """How many customers are of a class, archived ones too, and what its fields hold."""
    values = CustomFieldValue.objects.filter(field__customer_class=row).count()
    members = _members(Customer.objects.filter(customer_class=row))
    return [*members, ("%(count)s values of its custom fields", values)]


def uses_of_model(row: BusinessModel) -> list[tuple[str, int]]:
    """How many customers are of a business model; the archived ones keep it."""
    return _members(Customer.objects.filter(business_model=row))


def members_of_other_kinds(row: BusinessModel, kinds: Collection[str]) -> int:
    """How many live customers of the model are of none of ``kinds``."""
    members: QuerySet[Customer] = Customer.objects.live().filter(business_model=row)
    return members.exclude(kind__in=kinds).count()


def free_name(row: CustomerClass) -> str:
    """A name for a copy of the class that no class of its owner has: "Wholesale (copy 2)"."""
    rows = CustomerClass.objects.filter(owner_id=row.owner_id)
    taken = {name.lower() for name in rows.values_list("name", flat=True)}
    numbers = range(1, len(taken) + 2)
    names = (f"{row.name[:68]} (copy {number})" for number in numbers)
    return next(name for name in names if name.lower() not in taken)


def _members(rows: QuerySet[Customer]) -> list[tuple[str, int]]:
    return [
        ("%(count)s customers", rows.filter(archived_at=None).count()),
        ("%(count)s archived customers", rows.exclude(archived_at=None).count()),
    ]
