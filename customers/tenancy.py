"""Who acts, and the one rule of what each may see: its own customer and everything below it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    from customers.models import Customer, User

# Under this key a session keeps the customers it switched to.
SESSION_STACK = "acting_stack"
M_co = TypeVar("M_co", bound=models.Model, covariant=True)
# Subtrees of so many customers or fewer are told by their ids, larger ones by their place.
FEW = 2_000


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or token at work: the real user, and the customer it acts as.

    ``stack`` holds the customers it switched through, its own first, the effective one last.
    ``user`` is None for the system itself (first run, beat, commands of the operator).
    """

    user: "User | None"
    customer: "Customer"
    rights: frozenset[str] = frozenset()
    stack: tuple[int, ...] = ()
    account_id: int | None = None
    ip: str | None = None
    is_system: bool = False
    names: dict[int, str] = field(default_factory=dict, compare=False)

    @property
    def customer_id(self) -> int:
        return self.customer.pk

    @property
    def is_root(self) -> bool:
        """Whether the effective customer is Root."""
        return self.customer.is_root

    @property
    def is_switched(self) -> bool:
        return len(self.stack) > 1

    @property
    def timezone(self) -> str:
        """IANA name of the zone in which times are shown to this user."""
        own = str(self.user.timezone) if self.user and self.user.timezone else ""
        return own or str(self.customer.timezone)

    @property
    def language(self) -> str:
        return (self.user.language if self.user else "") or self.customer.language

    def can(self, right: str) -> bool:
        """Whether ``right`` is effective here: granted down to the customer, within the role."""
        return right in self.rights


def subtree(customers: "type[Customer]", customer_id: int) -> "QuerySet[Customer]":
    """``customer_id`` and all below it, read in one statement so that no move slips between."""
    return customers.objects.filter(place_below(customers, customer_id))


def place_below(customers: "type[Customer]", customer_id: int, path: str = "") -> Q:
    """The customer at ``path`` (``issuer__``) is ``customer_id``, or stands below it."""
    top = customers.objects.filter(pk=customer_id).order_by()
    return Q(
        **{
            f"{path}tree_id": Subquery(top.values("tree_id")),
            f"{path}lft__gte": Subquery(top.values("lft")),
            f"{path}lft__lte": Subquery(top.values("rght")),
        }
    )


def place_above(customers: "type[Customer]", customer_id: int) -> Q:
    """A customer is ``customer_id``, or stands above it, by its place as it is now.

    A place read before may have shifted since, by an insert or a move beside it: it found nobody.
    """
    low = customers.objects.filter(pk=customer_id).order_by()
    return Q(
        tree_id=Subquery(low.values("tree_id")),
        lft__lte=Subquery(low.values("lft")),
        rght__gte=Subquery(low.values("rght")),
    )


class IsAmong(Func):
    """Whether a column (first) is in an array (second): an index on it serves, within OR too."""

    arity = 2
    output_field = BooleanField()
    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("


# Everybody that has moved, and all below them: found from those few, in a join that no query set
# can say, since a semi-join would read every customer instead.
_MOVED = """
SELECT v.id FROM billing_balance b
JOIN customers_customer top ON top.id = b.customer_id
JOIN customers_customer v ON v.tree_id = top.tree_id AND v.lft BETWEEN top.lft AND top.rght
WHERE b.closed_at IS NOT NULL AND b.account_id IS NULL
"""
_BELOW = """
SELECT v.id FROM customers_customer top
JOIN customers_customer v ON v.tree_id = top.tree_id AND v.lft BETWEEN top.lft AND top.rght
WHERE top.id = %s
"""


class StoodAbove(Func):
    """Whether somebody (second) was a customer (first) or stood above it at a moment (third).

    Climbs the dated ownerships: of each level the one in force then, else the nearest.
    """

    arity = 3
    output_field = BooleanField()
    template = """(SELECT EXISTS (
        WITH RECURSIVE asked (customer_id, above_id, moment) AS (VALUES (%(expressions)s)),
        up (id) AS (
            SELECT customer_id FROM asked
          UNION ALL
            SELECT o.owner_id FROM asked, up CROSS JOIN LATERAL (
                SELECT owner_id FROM customers_customerownership
                WHERE customer_id = up.id
                ORDER BY valid_from > moment, abs(extract(epoch FROM moment - valid_from)) LIMIT 1
            ) o
        ) SELECT FROM asked, up WHERE up.id = asked.above_id))"""


class TenantQuerySet(QuerySet[M_co]):
    """Rows that belong to a customer; ``tenant`` names the way to it, ``account`` to an account."""

    tenant: ClassVar[str] = "customer"
    account: ClassVar[str | None] = None

    def visible_to(self, actor: Actor) -> Self:
        """The rows this actor may see at all; an account's user only what names its account."""
        if actor.account_id is not None:
            if self.account is None:
                return self.none()
            return self.filter(**{self.account: actor.account_id})
        return self.below(actor)

    def below(self, actor: Actor) -> Self:
        """Rows of the actor's customer and its subtree; everything for Root."""
        if actor.is_root:
            return self
        ids = subtree(self._customers(), actor.customer_id).values("pk")
        return self.filter(**{f"{self.tenant}__in": ids})

    def _customers(self) -> "type[Customer]":
        model: type[models.Model] = self.model
        for step in self.tenant.split("__"):
            if step == "pk":
                break
            model = cast("type[models.Model]", model._meta.get_field(step).related_model)
        return cast("type[Customer]", model)


class DatedQuerySet(TenantQuerySet[M_co]):
    """Rows about a customer at a ``moment``: a call, an event; ``tenant`` names the customer.

    They stay with whoever stood above the customer then: after a move the old owner goes on
    seeing its time and the new one never does. Moved customers are few, and told by a balance that
    the move has closed; for all others it is the subtree as it stands.
    """

    moment: ClassVar[str]

    def below(self, actor: Actor) -> Self:
        if actor.is_root:
            return self
        # One set of candidates, so that the rows are found by an index on the customer.
        candidates = RawSQL(f"{_BELOW} UNION {_MOVED}", [actor.customer_id])  # noqa: S611 - fixed texts
        never_moved = ~Q(**{f"{self.tenant}__in": RawSQL(_MOVED, [])})  # noqa: S611
        then = Q(StoodAbove(F(self.tenant), Value(actor.customer_id), F(self.moment)))
        return self.filter(Q(**{f"{self.tenant}__in": candidates}), never_moved | then)


class TwoPartyQuerySet(TenantQuerySet[M_co]):
    """Rows between two parties: ``issuer`` (the owner) and ``customer`` (who pays).

    Visible if the issuer is in the viewer's subtree, or if the viewer is the customer and holds
    ``right``: what is deeper is issued within the subtree, or was by an owner that a customer has
    left, whose business it stays. The columns may be plain ids without a foreign key; ``parties``
    leads to them where another row has them (``balance__``). What is ``hidden`` is seen on the
    side of the issuer alone.
    """

    right: ClassVar[str] = "balance.view"
    parties: ClassVar[str] = ""
    hidden: ClassVar[Q] = Q()

    def visible_to(self, actor: Actor) -> Self:
        rows = super().visible_to(actor)
        return rows.exclude(self.hidden) if actor.account_id is not None and self.hidden else rows

    def below(self, actor: Actor) -> Self:
        if actor.is_root:
            return self
        mine = self._issued_below(actor)
        if actor.can(self.right):
            own = Q(**{f"{self.parties}customer_id": actor.customer_id})
            mine |= own & ~self.hidden if self.hidden else own
        return self.filter(mine)

    def _issued_below(self, actor: Actor) -> Q:
        """The issuer is in the actor's subtree.

        Of few customers the rows are found by an index; the rows of many are met soon enough in
        whatever order they are read, each told by the place of its issuer. How many they are is
        read from the customer as it was loaded: a guess will do.
        """
        customers = self._customers()
        width = actor.customer.rght - actor.customer.lft
        if width == 1:  # nobody is below, and the planner knows how little one issuer has
            return Q(**{f"{self.parties}issuer_id": actor.customer_id})
        if width > 2 * FEW:
            place = place_below(customers, actor.customer_id, f"{self.parties}issuer__")
            # As a case it is no range that the planner would take for next to nothing.
            return Q(Case(When(place, then=Value(value=True)), default=Value(value=False)))
        ids = subtree(customers, actor.customer_id).values("pk")
        return Q(IsAmong(F(f"{self.parties}issuer_id"), ArraySubquery(ids)))
