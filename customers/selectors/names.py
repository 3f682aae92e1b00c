"""What a viewer may read as the name of a customer, wherever a row names one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from customers.models import Customer, CustomerSearch, FormerName
from customers.selectors.chains import chains
from customers.tenancy import Actor
from softswitch.core.parts import FEW, part_condition


def known(actor: Actor, customer: str, column: str = "pk") -> Subquery:
    """``column`` of the ``customer`` of a row, where the actor sees it; else NULL.

    Looked up row by row, as a rule for the few of a page: a set of all that it sees would be made
    first, whatever the rows.
    """
    rows = Customer.objects.visible_to(actor).filter(pk=OuterRef(customer))
    return Subquery(rows.order_by().values(column)[:1])


def is_known(actor: Actor, customer: str) -> Q:
    """Whether the actor sees the ``customer`` of a row."""
    return Q(GreaterThan(Coalesce(known(actor, customer), 0), 0))


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
    first = Subquery(later.order_by("until").values("name")[:1])
    is_gone = Q(Exists(later)) & ~is_known(actor, customer)
    return Case(When(is_gone, then=first), default=present)


def read_as(
    rows: QuerySet[Any],
    actor: Actor,
    part: str,
    customer: str = "customer",
    *,
    then: str,
    also: Q | None = None,
) -> QuerySet[Any]:
    """Those of ``rows`` whose ``customer`` the actor reads by a name with ``part`` in it.

    Or that meet ``also``. Names are looked up in their own index first: few hold the text, as a
    rule. Only of customers that were ever renamed has it to be told, per row, which name is read.
    """
    found = also or Q(pk__in=[])
    searched = CustomerSearch.objects.filter(part_condition("name", part))
    payers = set(searched.values_list("pk", flat=True)[: FEW + 1])
    if len(payers) > FEW:
        return _named(rows, actor, customer, then).filter(found | part_condition("read_name", part))
    former = FormerName.objects.filter(Q(customer__in=payers) | part_condition("name", part))
    renamed = set(former.values_list("customer", flat=True))
    if payers - renamed:
        found |= Q(**{f"{customer}__in": payers - renamed})
    if not renamed:
        return rows.filter(found)
    read = Q(**{f"{customer}__in": renamed}) & part_condition("read_name", part)
    return _named(rows, actor, customer, then).filter(found | read)


def _named(rows: QuerySet[Any], actor: Actor, customer: str, then: str) -> QuerySet[Any]:
    named: QuerySet[Any] = rows.alias(read_name=shown_name(actor, customer, then=then))
    return named


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


class NamesThen:
    """What customers were called at moments, however they are called now; read in portions."""

    def __init__(self) -> None:
        self._present: dict[int, str] = {}
        self._former = defaultdict[int, list[tuple[datetime, str]]](list)

    def learn(self, ids: set[int]) -> None:
        """Look up the names of those that are not known yet, in two statements."""
        new = ids - self._present.keys()
        if not new:
            return
        self._present |= dict(Customer.objects.filter(pk__in=new).values_list("pk", "name"))
        for former in FormerName.objects.filter(customer__in=new).order_by("until"):
            self._former[former.customer_id].append((former.until, former.name))

    def of(self, customer_id: int, moment: datetime) -> str:
        names = (name for until, name in self._former.get(customer_id, ()) if until > moment)
        return next(names, self._present[customer_id])


def name_then(customer: Customer, moment: datetime) -> str:
    """What one customer was called at a moment."""
    names = NamesThen()
    names.learn({customer.pk})
    return names.of(customer.pk, moment)
