"""Holds customers as they are while something of theirs is made: none is archived or moved then."""

from collections.abc import Collection, Iterable

from django.db import connection
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

_HOLD = """
SELECT id, owner_id, archived_at IS NULL FROM customers_customer
WHERE id = ANY(%s) ORDER BY id FOR SHARE
"""


def hold(*, actor: Actor, customers: Iterable[Customer]) -> None:
    """Let ``customers`` be neither archived nor moved before the caller's transaction ends.

    Raises DomainError ``archived``, and ``moved`` for one that another owner than the actor's
    customer has by now. Locks their rows: after trees, before accounts, batches and balances.
    """
    known = {customer.pk: customer for customer in customers}
    live = hold_live(known)
    for customer in known.values():
        if customer.pk not in live:
            raise DomainError("archived", _("%(name)s is archived.") % {"name": customer})
        if customer.pk != actor.customer_id and live[customer.pk] != customer.owner_id:
            raise DomainError("moved", _("It has another owner by now. Open the page again."))


def hold_live(customer_ids: Collection[int]) -> dict[int, int | None]:
    """Lock the rows of these customers; the owner of each that is not archived, by its id.

    FOR SHARE: whoever holds a customer waits for nobody who holds it too, and whoever charges it
    (a foreign key at most) for nobody at all. An archive, a move, a new tariff and an edit of the
    record wait, as they write the row, and so does a change of the tree below its top.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A lock outside a transaction would be released at once.")
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [sorted(customer_ids)])
        return {pk: owner_id for pk, owner_id, is_live in cursor.fetchall() if is_live}
