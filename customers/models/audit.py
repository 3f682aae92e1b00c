"""The audit log."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from customers.models.tree import Customer
from customers.models.users import User
from customers.querysets import AuditQuerySet


class AuditEvent(models.Model):
    """One thing done to a customer or to something of its: who, as whom, what, from where.

    ``user`` is the real user (empty: the system), ``acting_as`` the effective customer.
    ``is_private`` marks what an owner keeps about the customer: hidden from the customer itself.
    """

    at = models.DateTimeField(default=now)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="audit_events")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    acting_as = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    stack = models.JSONField(default=list)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    changes = models.JSONField(default=dict)
    is_private = models.BooleanField(default=False)
    ip = models.GenericIPAddressField(null=True)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["customer", "-at"], name="audit_by_customer")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
