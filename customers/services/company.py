"""Edits what a customer keeps of itself: company data, and the custom fields open to it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from customers.services.custom_fields import set_custom_values
from customers.services.customers import edit_profile
from customers.tenancy import Actor


def edit_company(*, actor: Actor, values: dict[str, Any], custom_values: Mapping[int, Any]) -> None:
    """Change the actor's own customer, all or nothing; as edit_profile and set_custom_values."""
    with transaction.atomic():
        edit_profile(actor=actor, customer=actor.customer, values=values)
        if custom_values:
            set_custom_values(actor=actor, customer=actor.customer, values=custom_values)
