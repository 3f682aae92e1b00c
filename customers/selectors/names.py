"""What a viewer may read as the name of a customer, wherever a row names one."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When

from customers.models import Customer, FormerName
from customers.selectors.chains import chains
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


def names_when_left(actor: Actor, customer_ids: Iterable[int]) -> dict[int, str]:
    """Those of some customers that the actor's has no more below it, as they were called then.

    Three statements at most; one where none has left, as nearly always.
    """
    if actor.is_root or actor.account_id is not None:
        return {}
    seen = Customer.objects.visible_to(actor).values("pk")
    rows = Customer.objects.filter(pk__in=customer_ids).exclude(pk__in=seen)
    names: dict[int, str] = dict(rows.values_list("pk", "name"))
    if not names:
        return {}
    left = {
        key: segment.valid_till
        for key, segments in chains(names).items()
        for segment in segments  # the last one of them counts
        if actor.customer_id in segment.customers
    }
    for former in FormerName.objects.filter(customer__in=names).order_by("-until"):
        end = left.get(former.customer_id)
        if end is not None and former.until > end:
            names[former.customer_id] = former.name
    return names
