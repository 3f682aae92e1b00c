"""Checks a customer against what its owner has defined: business model and class."""

from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors.definitions import has_business_models
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def check_definitions(*, actor: Actor, customer: Customer, is_new: bool = False) -> None:
    """Refuse a business model or class that is not the actor's, and a kind that its model excludes.

    A new customer needs a business model where the actor has any; an older one may go on without.
    Raises DomainError ``business_model``, ``customer_class`` or ``kind``, the field's name.
    """
    model, chosen = customer.business_model, customer.customer_class
    if model is not None and model.owner_id != actor.customer_id:
        raise DomainError(
            "business_model", _("Choose one of your business models."), field="business_model"
        )
    if chosen is not None and chosen.owner_id != actor.customer_id:
        raise DomainError(
            "customer_class", _("Choose one of your classes."), field="customer_class"
        )
    if model is None and is_new and has_business_models(actor):
        raise DomainError("business_model", _("Choose a business model."), field="business_model")
    if model is not None and customer.kind not in model.kinds:
        raise DomainError(
            "kind", _("%(name)s is not for this kind.") % {"name": model.name}, field="kind"
        )
