"""Finds customers and logins by a part of their names, for the search above every page."""

from django.db.models import Q

from customers.models import Customer, User
from customers.tenancy import Actor
from softswitch.core.parts import named_like


def find_customers(actor: Actor, part: str, *, most: int) -> list[Customer]:
    """Live customers below the actor with ``part`` in their name or company."""
    rows = Customer.objects.visible_to(actor).live().exclude(pk=actor.customer_id)
    return named_like(rows, "search__name", "search__company_name", part=part, most=most)


def find_logins(actor: Actor, part: str, *, most: int) -> list[User]:
    """Logins with ``part``, of the customers whose logins the actor may see."""
    own = Q(customer=actor.customer_id)
    allowed = Q(pk__in=())
    if actor.can("users.manage"):
        allowed |= own
    if actor.can("customers.edit"):
        allowed |= ~own
    rows = User.objects.visible_to(actor).filter(allowed, customer__archived_at=None)
    return named_like(rows.select_related("customer"), "login", part=part, most=most)
