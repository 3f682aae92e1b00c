"""Every structural write of the tree: inserts and moves, under the lock of its tree's root row.

django-mptt writes without a transaction or a lock of its own; two inserts at once would take the
same place. So: the tree's top row is locked first (FOR NO KEY UPDATE, which lets the foreign-key
checks of open charging transactions pass), new trees wait for an advisory lock, and constraints
that are checked at commit stand behind both. Trees are locked in ascending order.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerOwnership
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock

BATCH = 1_000


def insert_node(*, customer: Customer, owner: Customer) -> None:
    """Save ``customer`` below ``owner`` and open its dated ownership from ``opened_at``.

    Locks the owner's tree, or the making of new trees where the owner is Root. Raises DomainError
    ``too_deep`` where an ancestor caps the levels below it, ``archived`` where the owner is.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Structural writes need the caller's transaction.")
    customer.owner = owner
    if owner.is_root:
        lock(Space.NEW_TREE)
        Customer.objects.insert_node(customer, None, save=True)
    else:
        parent = lock_tree_of(owner.pk)
        _check_live(parent)
        _check_depth(parent, levels=1)
        Customer.objects.insert_node(customer, parent, position="last-child", save=True)
    CustomerOwnership.objects.create(customer=customer, owner=owner, valid_from=customer.opened_at)


def insert_leaves(*, customers: Sequence[Customer], owner: Customer) -> None:
    """Save many ``customers`` below ``owner`` as ``insert_node`` saves one: a gap is opened once.

    Part of the caller's transaction, in a number of statements that hardly grows with theirs.
    Raises DomainError ``too_deep`` or ``archived``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Structural writes need the caller's transaction.")
    lock_below(owner)
    if owner.is_root:
        last = Customer.objects.aggregate(last=Max("tree_id"))["last"] or 0
        places = [(last + number, 1, 0) for number in range(1, len(customers) + 1)]
    else:
        parent = Customer.objects.get(pk=owner.pk)
        _check_live(parent)
        _check_depth(parent, levels=1)
        _open_gap(parent, width=2 * len(customers))
        places = [
            (parent.tree_id, parent.rght + 2 * number, parent.level + 1)
            for number in range(len(customers))
        ]
    for customer, (tree_id, left, level) in zip(customers, places, strict=True):
        customer.owner, customer.parent = owner, None if owner.is_root else owner
        customer.tree_id, customer.level = tree_id, level
        customer.lft, customer.rght = left, left + 1
    Customer.objects.bulk_create(customers, batch_size=BATCH)
    CustomerOwnership.objects.bulk_create(
        [
            CustomerOwnership(customer=row, owner=owner, valid_from=row.opened_at)
            for row in customers
        ],
        batch_size=BATCH,
    )


def _open_gap(parent: Customer, *, width: int) -> None:
    """Make room for ``width`` numbers before the right end of ``parent``; its tree is locked."""
    tree = Customer.objects.filter(tree_id=parent.tree_id)
    tree.filter(lft__gt=parent.rght).update(lft=F("lft") + width)
    tree.filter(rght__gte=parent.rght).update(rght=F("rght") + width)


def move_node(*, customer: Customer, owner: Customer, at: datetime) -> Customer:
    """Move ``customer`` with its subtree below ``owner``; the ownership changes at ``at``.

    Returns it as it is then. Locks both trees. Raises DomainError ``into_own_subtree`` or
    ``too_deep`` (field owner).
    """
    with transaction.atomic():
        node, parent = lock_trees_of(customer, owner)
        if parent is not None:
            inside = parent.tree_id == node.tree_id and node.lft <= parent.lft <= node.rght
            if inside:
                raise DomainError(
                    "into_own_subtree", _("A customer cannot move below itself."), field="owner"
                )
            _check_depth(parent, levels=1 + _height(node))
        if node.parent_id is None and parent is not None:
            # A tree has one top: it is none before its nodes join the other tree.
            Customer.objects.filter(pk=node.pk).update(owner=owner, parent=parent)
        node.owner = owner
        Customer.objects.move_node(node, parent, position="last-child")
        Customer.objects.filter(pk=node.pk).update(owner=owner)
        CustomerOwnership.objects.filter(customer=node, valid_till=None).update(valid_till=at)
        CustomerOwnership.objects.create(customer=node, owner=owner, valid_from=at)
    return node


def check_room(owner: Customer) -> None:
    """Raise DomainError ``too_deep`` where ``owner`` may have no customers, as things stand."""
    if not owner.is_root:
        _check_depth(owner, levels=1)


def lock_below(owner: Customer) -> None:
    """Lock what a customer of ``owner`` would be put into: its tree, or the making of trees."""
    if owner.is_root:
        lock(Space.NEW_TREE)
    else:
        lock_tree_of(owner.pk)


def lock_tree_of(customer_id: int) -> Customer:
    """Lock the top row of the customer's tree and return the customer as it is after that."""
    while True:
        tree_id = Customer.objects.values_list("tree_id", flat=True).get(pk=customer_id)
        tops = Customer.objects.select_for_update(no_key=True).filter(tree_id=tree_id, parent=None)
        locked = tops.first()
        fresh: Customer = Customer.objects.get(pk=customer_id)
        if locked is not None and fresh.tree_id == locked.tree_id:
            return fresh


def lock_trees_of(customer: Customer, owner: Customer) -> tuple[Customer, Customer | None]:
    """Lock the trees of both in ascending order, and the making of trees where ``owner`` is Root.

    Returns both as they are after that, None for Root.
    """
    if owner.is_root:
        lock(Space.NEW_TREE)
    wanted = [customer.pk] if owner.is_root else [customer.pk, owner.pk]
    while True:
        trees = set(Customer.objects.filter(pk__in=wanted).values_list("tree_id", flat=True))
        tops = Customer.objects.select_for_update(no_key=True).filter(
            tree_id__in=trees, parent=None
        )
        list(tops.order_by("pk"))
        rows = {row.pk: row for row in Customer.objects.filter(pk__in=wanted)}
        if {row.tree_id for row in rows.values()} == trees:
            return rows[customer.pk], None if owner.is_root else rows[owner.pk]


def _check_live(parent: Customer) -> None:
    """Under the lock of its tree, which an archive holds as well."""
    if parent.archived_at is not None:
        raise DomainError("archived", _("%(name)s is archived.") % {"name": parent})


def _check_depth(parent: Customer, *, levels: int) -> None:
    """Refuse ``levels`` more below ``parent`` where it or an ancestor caps its depth."""
    above = Customer.objects.filter(
        tree_id=parent.tree_id, lft__lte=parent.lft, rght__gte=parent.rght
    ).exclude(max_depth=None)
    for level, cap in above.values_list("level", "max_depth"):
        if cap is not None and parent.level - level + levels > cap:
            raise DomainError(
                "too_deep", _("No more levels of customers are allowed here."), field="owner"
            )


def _height(node: Customer) -> int:
    deepest: int | None = (
        Customer.objects.filter(tree_id=node.tree_id, lft__gte=node.lft, rght__lte=node.rght)
        .order_by("-level")
        .values_list("level", flat=True)
        .first()
    )
    return (deepest or node.level) - node.level


_CHECK = """
WITH expected AS (
    SELECT c.id, c.lft, c.rght, c.tree_id, p.lft AS up_lft, p.rght AS up_rght, p.tree_id AS up_tree,
           c.parent_id, c.owner_id, c.is_root, o.is_root AS owner_is_root
    FROM customers_customer c
    LEFT JOIN customers_customer p ON p.id = c.parent_id
    LEFT JOIN customers_customer o ON o.id = c.owner_id
)
SELECT id FROM expected
WHERE lft >= rght
   OR (parent_id IS NOT NULL AND NOT (up_tree = tree_id AND up_lft < lft AND rght < up_rght))
   OR (parent_id IS NULL AND NOT is_root AND NOT owner_is_root)
UNION
SELECT a.id FROM customers_customer a
JOIN customers_customer b
  ON a.tree_id = b.tree_id AND a.lft < b.lft AND b.lft < a.rght AND a.rght < b.rght
ORDER BY 1
"""


def broken_nodes() -> list[int]:
    """Customers whose place in the nested sets contradicts their parent; empty when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECK)
        return [row[0] for row in cursor.fetchall()]
