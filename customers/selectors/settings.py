"""What an owner has defined for its customers, with how many use it."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import BusinessModel, Customer, CustomerClass, CustomField, CustomFieldValue
from customers.tenancy import Actor


def number_of(rows: "QuerySet[Any]", by: str) -> Coalesce:
    """How many of ``rows`` name the outer row in their column ``by``."""
    naming = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    number = naming.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), Value(0))


def class_rows(rows: QuerySet[CustomerClass], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with ``customers`` (live) and ``custom_fields`` counted."""
    return rows.filter(owner_id=actor.customer_id).annotate(
        customers=number_of(Customer.objects.live(), "customer_class"),
        custom_fields=number_of(CustomField.objects.live(), "customer_class"),
    )


def business_model_rows(rows: QuerySet[BusinessModel], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with ``customers`` (live) counted."""
    members = number_of(Customer.objects.live(), "business_model")
    return rows.filter(owner_id=actor.customer_id).annotate(customers=members)


def field_rows(rows: QuerySet[CustomField], customer_class_id: int) -> QuerySet[Any]:
    """The fields of a class, with the ``stored`` values of each counted, and ``is_archived``."""
    return rows.filter(customer_class_id=customer_class_id).annotate(
        stored=number_of(CustomFieldValue.objects.all(), "field"),
        is_archived=Q(archived_at__isnull=False),
    )


def uses_of_class(row: CustomerClass) -> list[str]:
    """How many customers are of a class, archived ones too, and what its fields hold, in words."""
    held = CustomFieldValue.objects.filter(field__customer_class=row).count()
    members = _members(Customer.objects.filter(customer_class=row))
    return [
        *members,
        *counted(
            held,
            "%(count)s value of its custom fields",
            "%(count)s values of its custom fields",
        ),
    ]


def uses_of_model(row: BusinessModel) -> list[str]:
    """How many customers are of a business model, archived ones too, in words."""
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
    names = (
        _("%(name)s (copy %(number)s)") % {"name": row.name[:68], "number": n} for n in numbers
    )
    return next(name for name in names if name.lower() not in taken)


def counted(number: int, one: str, many: str) -> list[str]:
    """``one`` or ``many`` with their ``%(count)s``, or nothing for none."""
    return [ngettext(one, many, number) % {"count": number}] if number else []


def _members(rows: QuerySet[Customer]) -> list[str]:
    live = rows.filter(archived_at=None).count()
    gone = rows.exclude(archived_at=None).count()
    return [
        *counted(live, "%(count)s customer", "%(count)s customers"),
        *counted(gone, "%(count)s archived customer", "%(count)s archived customers"),
    ]
