"""Widens the kind of a customer, so that it can hold what its owner wants to grant."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from customers.choices import Kind
from customers.models import Customer
from customers.permissions import allowed
from customers.services.customers import edit_profile
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def kind_for(customer: Customer, right: str) -> str:
    """The kind that a direct customer would need for ``right``: its own, a wider one, or none.

    Only a business customer grows, into a reseller; "" where no such kind holds the right.
    """
    if right in allowed(customer.kind):
        return customer.kind
    can_grow = customer.kind == Kind.BUSINESS and right in allowed(Kind.RESELLER)
    return Kind.RESELLER.value if can_grow else ""


def change_kind(*, actor: Actor, customer: Customer, kind: str) -> bool:
    """Make a direct customer of a kind that can have and hold all that its present one can.

    Nothing that it has can contradict such a kind; narrower ones are checked where the record is
    edited (``billing.services.customers.edit_customer``), and refused here: DomainError ``kind``.
    Returns whether anything changed. Atomic with the audit row.
    """
    if not customer.is_direct_of(actor):
        raise PermissionDenied
    if kind not in Kind.values or not allowed(customer.kind) <= allowed(kind) or kind == Kind.ROOT:
        raise DomainError("kind", _("Edit the customer to change its kind."), field="kind")
    return edit_profile(actor=actor, customer=customer, values={"kind": kind})
