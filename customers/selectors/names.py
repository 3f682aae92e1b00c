"""What a viewer may read as the name of a customer, wherever a row names one."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When

from customers.models import Customer, FormerName
from customers.tenancy import Actor


def shown_name(actor: Actor, customer: str = "customer", *, then: str) -> Any:
    """The name of the ``customer`` of a row that is about the moment at ``then``: an expression.

    Whoever has the customer below it now, and the customer itself, reads its present name. An owner
    that it has left reads what it was called then: its later names are others' business. No
    moment, none of them left. Nearly nobody was ever renamed, so that is looked up first.
    """
    present = F(f"{customer}__name")
    if actor.is_root or actor.account_id is not None:
        return present
    later = FormerName.objects.filter(customer=OuterRef(customer), until__gt=OuterRef(then))
    known = Q(**{f"{customer}__in": Customer.objects.visible_to(actor).values("pk")})
    first = Subquery(later.order_by("until").values("name")[:1])
    return Case(When(Q(Exists(later)) & ~known, then=first), default=present)
