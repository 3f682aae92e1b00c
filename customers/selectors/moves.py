"""What a move of a customer would change, and where it could go."""

from django.db.models import QuerySet

from customers.choices import Kind
from customers.models import Customer, CustomerGrant
from customers.permissions import ALL, CODENAMES, KINDS, allowed, undelegated
from customers.selectors.actors import effective_rights
from customers.tenancy import Actor, subtree

OWNER_KINDS = tuple(kind for kind in Kind.values if "customers.add" in KINDS[kind])


def may_move(actor: Actor, customer: Customer) -> bool:
    """Whether ``customer`` stands below the actor, who may edit what is below it."""
    is_below = customer.pk != actor.customer_id and not customer.is_root
    return is_below and customer.archived_at is None and actor.can("customers.edit")


def owner_choices() -> QuerySet[Customer]:
    """Customers in service that can have customers; a form narrows them to the actor's own."""
    rows: QuerySet[Customer] = Customer.objects.live().filter(kind__in=OWNER_KINDS)
    return rows


def is_own_or_below(actor: Actor, customer_id: int) -> bool:
    """Whether a customer is the actor's, or one below it, as the tree stands at this moment."""
    if actor.is_root:
        return True
    below: QuerySet[Customer] = subtree(Customer, actor.customer_id)
    return below.filter(pk=customer_id).exists()


def rights_below(customer: Customer, owner: Customer) -> frozenset[str]:
    """The rights that ``customer`` would have below ``owner``: its grants as far as that holds."""
    held = ALL if owner.is_root else effective_rights(owner)
    codenames = CustomerGrant.objects.filter(
        content_object=customer, group_id=customer.rights_group_id
    ).values_list("permission__codename", flat=True)
    granted = {CODENAMES[name] for name in codenames if name in CODENAMES}
    own = undelegated(customer.kind)
    return frozenset((granted & held) | own) & allowed(customer.kind)


def lost_rights(customer: Customer, owner: Customer) -> frozenset[str]:
    """The rights in effect now that would not be below ``owner``."""
    return effective_rights(customer) - rights_below(customer, owner)
