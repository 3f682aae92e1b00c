"""Who acts with which rights: actors, effective rights, who is blocked."""

from collections.abc import Iterable

from django.db.models import (
    Count,
    F,
    Q,
)
from django.utils.timezone import now

from customers.models import BusinessModel, Customer, CustomerGrant, User
from customers.permissions import (
    ACCOUNT_USER,
    ALL,
    CODENAMES,
    DELEGATED,
    PAYING_ACCOUNT_USER,
    ROLES,
    allowed,
    undelegated,
)
from customers.tenancy import Actor, place_above, subtree

OWN_RIGHTS_OF_ROOT_ADMINISTRATOR = frozenset({"customers.edit", "limits.edit", "money.manage"})


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
    rows = Customer.objects.filter(place_above(Customer, customer.pk))
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
    effective = frozenset(granted | undelegated(customer.kind)) & allowed(customer.kind)
    return effective if "customers.edit" in effective else effective - {"limits.edit"}


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
        rights = account_rights(user)
        return Actor(user, user.customer, rights, (user.customer_id,), user.account_id, ip=ip)
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


def account_rights(user: User) -> frozenset[str]:
    """What the user of an account may do now: money only while the account is charged by itself.

    The balance is between the account and its customer, so no right of the customer narrows it.
    """
    rights = ACCOUNT_USER & effective_rights(user.customer)
    moment = now()
    in_force = Q(account__terms__valid_from__lte=moment) & (
        Q(account__terms__valid_till=None) | Q(account__terms__valid_till__gt=moment)
    )
    paying = User.objects.filter(in_force, pk=user.pk, account__terms__tariff__isnull=False)
    if not paying.exists():
        return rights
    if "vouchers.view" not in allowed(user.customer.kind):
        return rights | (PAYING_ACCOUNT_USER - {"payments.make"})
    return rights | PAYING_ACCOUNT_USER


def may_manage_logins(actor: Actor, customer: Customer) -> bool:
    """Whether the actor adds logins to ``customer`` and sets their passwords.

    Its owner and itself may; nobody does while switched: passwords are then neither shown nor
    changed.
    """
    return not actor.is_switched and may_invite(actor, customer)


def may_invite(actor: Actor, customer: Customer) -> bool:
    """Whether the actor opens a login together with its customer or account, by a mailed link.

    The customer's owner and itself may, also while switched: nobody sees a password so.
    """
    if customer.archived_at is not None:
        return False
    is_own = customer.pk == actor.customer_id and actor.can("users.manage")
    return is_own or (customer.is_direct_of(actor) and actor.can("customers.edit"))


def may_see_logins(actor: Actor, customer: Customer) -> bool:
    """Whether the actor sees who can log in: of itself, and of those below it."""
    right = "users.manage" if customer.pk == actor.customer_id else "customers.edit"
    return actor.can(right)
