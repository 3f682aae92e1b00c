"""Reads across the tree: Root, chains of owners, effective rights, who is visible."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from customers.models import AuditEvent, BusinessModel, Customer, CustomerGrant, User
from customers.permissions import (
    ACCOUNT_USER,
    ALL,
    CODENAMES,
    DELEGATED,
    ROLES,
    allowed,
    undelegated,
)
from customers.tenancy import Actor, subtree

OWN_RIGHTS_OF_ROOT_ADMINISTRATOR = frozenset({"customers.edit", "money.manage"})


def root_customer() -> Customer:
    """The Root Customer; raises Customer.DoesNotExist before the first run."""
    root: Customer = Customer.objects.get(is_root=True)
    return root


def system_actor(user: User | None = None) -> Actor:
    """The system itself, acting as Root with every right (first run, beat, operator's commands)."""
    root = root_customer()
    return Actor(user=user, customer=root, rights=ALL, stack=(root.pk,), is_system=True)


def ancestor_ids(customer: Customer) -> list[int]:
    """``customer`` and its ancestors below Root, top first; Root itself has none but itself."""
    rows = Customer.objects.filter(
        tree_id=customer.tree_id, lft__lte=customer.lft, rght__gte=customer.rght
    )
    return list(rows.order_by("lft").values_list("pk", flat=True))


def effective_rights(customer: Customer) -> frozenset[str]:
    """The rights in effect for ``customer``: granted to it and to every ancestor, by its kind.

    The feature set of a business model, its own or an ancestor's, takes away what it does not name.
    """
    if customer.is_root:
        return ALL
    chain = ancestor_ids(customer)
    held = (
        CustomerGrant.objects.filter(content_object__in=chain)
        .filter(group=F("content_object__rights_group"))
        .values("permission__codename")
        .annotate(levels=Count("content_object", distinct=True))
        .filter(levels=len(chain))
        .values_list("permission__codename", flat=True)
    )
    granted = {CODENAMES[codename] for codename in held if codename in CODENAMES} & DELEGATED
    for features in BusinessModel.objects.filter(members__in=chain).values_list(
        "rights", flat=True
    ):
        granted.intersection_update(features)
    return frozenset(granted | undelegated(customer.kind)) & allowed(customer.kind)


def is_blocked(customer: Customer) -> bool:
    """Whether the customer or an ancestor is closed or archived: no logins in the subtree."""
    return (
        Customer.objects.filter(pk__in=ancestor_ids(customer))
        .exclude(status__in=("active", "inactive"), archived_at=None)
        .exists()
    )


def actor_for(user: User, *, stack: Iterable[int] = (), ip: str | None = None) -> Actor:
    """The actor of a request: ``user`` as its customer, or as the last of ``stack`` it may reach.

    ``stack`` holds the customers switched to, first to last. A step that is no longer below the
    one before it, or is archived, ends the stack there.
    """
    if user.account_id is not None:
        return Actor(user, user.customer, ACCOUNT_USER, (user.customer_id,), user.account_id, ip=ip)
    path = [user.customer]
    for customer_id in stack:
        below = subtree(Customer, path[-1].pk) if not path[-1].is_root else Customer.objects.all()
        step = below.filter(pk=customer_id, archived_at=None, is_root=False).first()
        if step is None or step.pk == path[-1].pk:
            break
        path.append(step)
    rights = effective_rights(path[-1]) & ROLES[user.role]
    if len(path) > 1:
        rights &= effective_rights(user.customer)
    if user.customer.is_root and user.role == "administrator" and path[-1].kind == "reseller":
        rights |= OWN_RIGHTS_OF_ROOT_ADMINISTRATOR
    names = {customer.pk: customer.name for customer in path}
    return Actor(user, path[-1], rights, tuple(names), ip=ip, names=names)


def may_manage_logins(actor: Actor, customer: Customer) -> bool:
    """Whether the actor adds logins to ``customer`` and sets their passwords.

    Its owner and itself may; nobody does while switched: passwords are then neither shown nor
    changed.
    """
    if actor.is_switched or customer.archived_at is not None:
        return False
    is_own = customer.pk == actor.customer_id and actor.can("users.manage")
    return is_own or (customer.is_direct_of(actor) and actor.can("customers.edit"))


def may_see_logins(actor: Actor, customer: Customer) -> bool:
    """Whether the actor sees who can log in: of itself, and of those below it."""
    right = "users.manage" if customer.pk == actor.customer_id else "customers.edit"
    return actor.can(right)


def direct_customers(actor: Actor, owner_id: int) -> QuerySet[Customer]:
    """The live direct customers of ``owner_id`` that the actor sees, in no order."""
    rows: QuerySet[Customer] = Customer.objects.visible_to(actor).direct_of(owner_id)
    return rows


def sub_customer_counts(customer_ids: Collection[int]) -> dict[int, int]:
    """How many live direct customers each of some customers has; those with none are absent."""
    rows: QuerySet[Any] = Customer.objects.live().filter(owner__in=customer_ids).values("owner")
    counted = rows.order_by().annotate(number=Count("pk"))  # in tree order each would be a group
    return dict(counted.values_list("owner", "number"))


@dataclass(frozen=True, slots=True)
class ChainSegment:
    """The chain of a customer in a stretch of time: itself first, its top owner below Root last."""

    valid_from: datetime
    valid_till: datetime | None
    customers: tuple[int, ...]


_OWNERSHIPS = """
WITH RECURSIVE up (customer_id, owner_id, valid_from, valid_till) AS (
    SELECT customer_id, owner_id, valid_from, valid_till
    FROM customers_customerownership WHERE customer_id = ANY(%s)
  UNION
    SELECT o.customer_id, o.owner_id, o.valid_from, o.valid_till
    FROM customers_customerownership o JOIN up ON o.customer_id = up.owner_id
)
SELECT customer_id, owner_id, valid_from, valid_till FROM up ORDER BY customer_id, valid_from
"""

_Span = tuple[int, datetime, datetime | None]


def chains(customer_ids: Iterable[int]) -> dict[int, list[ChainSegment]]:
    """Who stood above each customer, when: from itself up to, not including, Root.

    One query; every change of an owner at any level starts a new segment. Times outside all
    segments of a customer are times at which it was not in service.
    """
    owners: dict[int, list[_Span]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OWNERSHIPS, [sorted(set(customer_ids))])
        for customer_id, owner_id, start, end in cursor.fetchall():
            owners[customer_id].append((owner_id, start, end))
    known: dict[int, list[ChainSegment]] = {}
    return {pk: _segments(pk, owners, known) for pk in customer_ids if pk in owners}


def _segments(
    customer_id: int, owners: dict[int, list[_Span]], known: dict[int, list[ChainSegment]]
) -> list[ChainSegment]:
    if customer_id in known:
        return known[customer_id]
    found: list[ChainSegment] = []
    for owner_id, start, end in owners[customer_id]:
        if owner_id not in owners:  # Root: the chain ends below it
            found.append(ChainSegment(start, end, (customer_id,)))
            continue
        for above in _segments(owner_id, owners, known):
            first = max(start, above.valid_from)
            last = min((t for t in (end, above.valid_till) if t), default=None)
            if last is None or first < last:
                found.append(ChainSegment(first, last, (customer_id, *above.customers)))
    known[customer_id] = found
    return found


def audit_rows(rows: QuerySet[AuditEvent], actor: Actor) -> QuerySet[AuditEvent]:
    """``rows`` with who did it as the actor may read it: a real user above it has no name.

    Adds ``shown_user`` ("" for the system and for users above), ``shown_ip`` and ``is_above``.
    """
    known = Customer.objects.visible_to(actor).values("pk")
    hidden = Q(user__isnull=False) & ~Q(user__customer__in=known)
    empty = Value("", output_field=CharField())
    return rows.select_related("customer").annotate(
        is_above=ExpressionWrapper(hidden, output_field=BooleanField()),
        shown_user=Case(
            When(hidden, then=empty), default=F("user__login"), output_field=CharField()
        ),
        shown_ip=Case(When(hidden, then=empty), default=Cast("ip", CharField())),
    )
