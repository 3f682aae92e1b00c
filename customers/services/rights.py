"""Changes the rights delegated to a customer, with all that follows from it."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from customers.choices import Kind
from customers.models import Customer
from customers.selectors.rights import PROMOTES, refusals
from customers.services.customers import edit_profile
from customers.services.permissions import delegated_rights, set_rights
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def change_rights(
    *, actor: Actor, customer: Customer, rights: Iterable[str], becomes_reseller: bool = False
) -> None:
    """Delegate ``rights`` to a direct customer; what the actor cannot change stays as it is.

    Granting a business customer ``customers.add`` makes it a reseller: only if
    ``becomes_reseller`` says that this was confirmed, else DomainError ``becomes_reseller``. All or
    nothing; raises what ``set_rights`` raises.
    """
    held = delegated_rights(customer)
    kept = held & refusals(actor, customer).keys()
    wanted = frozenset(rights) - refusals(actor, customer).keys() | kept
    with transaction.atomic():
        if makes_reseller(customer, wanted):
            if not becomes_reseller:
                raise DomainError(
                    "becomes_reseller", _("This makes it a reseller: confirm it."), field="rights"
                )
            edit_profile(actor=actor, customer=customer, values={"kind": Kind.RESELLER})
        set_rights(actor=actor, customer=customer, rights=wanted)


def makes_reseller(customer: Customer, rights: Iterable[str]) -> bool:
    """Whether ``rights`` are more than a business customer can hold, but not than a reseller."""
    return customer.kind == Kind.BUSINESS and PROMOTES in frozenset(rights)
