"""Business models: which service an owner provides to the customers of a model."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.choices import Kind
from customers.models import BusinessModel
from customers.permissions import DELEGATED
from customers.selectors import effective_rights
from customers.selectors.settings import members_of_other_kinds, uses_of_model
from customers.services.named import create_named, delete_named, edit_named, must_own
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

NOUN = "business_model"


def create_business_model(*, actor: Actor, **values: Any) -> BusinessModel:
    """A business model: ``name``, ``description``, ``kinds``, ``account_kinds``, ``rights``.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``required``,
    ``kinds`` or ``not_held``, naming the field.
    """
    row = BusinessModel(owner=actor.customer, **values)
    must_own(actor, row)
    _check_kinds(row.kinds)
    _check_rights(actor, frozenset(row.rights))
    create_named(actor=actor, row=row, noun=NOUN)
    return row


def edit_business_model(
    *, actor: Actor, business_model: BusinessModel, values: Mapping[str, Any]
) -> bool:
    """Change a model; what its feature set loses, its customers and all below them lose at once.

    A feature that the owner does not hold now stays as it is. Kinds that customers of the model
    have cannot be taken away: DomainError ``in_use`` with their number, at ``kinds``.
    """
    must_own(actor, business_model)
    values = dict(values)
    if "kinds" in values:
        _check_kinds(values["kinds"])
        others = members_of_other_kinds(business_model, values["kinds"])
        if others:
            raise DomainError(
                "in_use",
                ngettext(
                    "%(count)s of its customers is of another kind.",
                    "%(count)s of its customers are of another kind.",
                    others,
                )
                % {"count": others},
                field="kinds",
            )
    if "rights" in values:
        before, wanted = frozenset(business_model.rights), frozenset(values["rights"])
        _check_rights(actor, wanted - before)
        kept = before - effective_rights(actor.customer)
        values["rights"] = sorted(wanted | kept)
    return edit_named(actor=actor, row=business_model, values=values, noun=NOUN)


def delete_business_model(*, actor: Actor, business_model: BusinessModel) -> None:
    """Delete a model without customers; DomainError ``in_use`` with their number."""
    delete_named(
        actor=actor, row=business_model, noun=NOUN, uses=lambda: uses_of_model(business_model)
    )


def _check_kinds(kinds: list[str]) -> None:
    if not kinds or Kind.ROOT in kinds:
        raise DomainError("kinds", _("Choose at least one kind."), field="kinds")


def _check_rights(actor: Actor, rights: frozenset[str]) -> None:
    for code in sorted(rights):
        if code not in effective_rights(actor.customer) & DELEGATED:
            raise DomainError(
                "not_held",
                _("You do not hold the right %(code)s.") % {"code": code},
                field="rights",
            )
