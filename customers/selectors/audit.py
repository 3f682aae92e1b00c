"""The audit log as each reader may read it."""

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from customers.models import AuditEvent, Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor


def audit_rows(rows: QuerySet[AuditEvent], actor: Actor) -> QuerySet[AuditEvent]:
    """``rows`` with who did it as the actor may read it: a real user above it has no name.

    Adds ``shown_user`` ("" for the system and for users above), ``shown_ip``, ``is_above``, and
    ``customer_name``.
    """
    known = Customer.objects.visible_to(actor).values("pk")
    hidden = Q(user__isnull=False) & ~Q(user__customer__in=known)
    empty = Value("", output_field=CharField())
    return rows.annotate(
        customer_name=shown_name(actor, then="at"),
        is_above=ExpressionWrapper(hidden, output_field=BooleanField()),
        shown_user=Case(
            When(hidden, then=empty), default=F("user__login"), output_field=CharField()
        ),
        shown_ip=Case(When(hidden, then=empty), default=Cast("ip", CharField())),
    )
