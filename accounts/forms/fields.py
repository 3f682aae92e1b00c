"""What the forms of accounts and trunks share."""

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.tenancy import Actor

SINCE_HELP = _("Empty: from now on. An earlier start lets calls that come in late find it.")


def since_field() -> forms.DateTimeField:
    """When calls can be its own at the earliest."""
    return forms.DateTimeField(
        label=_("In service since"),
        required=False,
        help_text=SINCE_HELP,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


def near(customers: QuerySet[Customer], actor: Actor) -> QuerySet[Customer]:
    """Whose accounts and trunks the actor may edit: its own and its direct customers'."""
    return customers.filter(archived_at=None).filter(
        Q(pk=actor.customer_id) | Q(owner_id=actor.customer_id)
    )
