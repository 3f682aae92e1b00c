"""Who may edit what owns a call, of which kinds, and up to which limits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import AccountKind
from accounts.selectors.charging import has_accounts
from customers.models import Customer
from customers.permissions import allowed
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

# Which limit that an owner sets on its customer bounds which of the customer's own.
CEILINGS = {
    "call_limit": "call_limit",
    "max_sessions": "call_limit",
    "cps_limit": "cps_limit",
}


def check_editor(actor: Actor, customer: Customer, right: str) -> None:
    """The customer itself or its owner, with ``right``; raises PermissionDenied.

    Nothing of an archived customer is edited.
    """
    near = customer.pk == actor.customer_id or customer.is_direct_of(actor)
    if not near or customer.archived_at is not None or not actor.can(right):
        raise PermissionDenied


def check_ceiling(actor: Actor, customer: Customer, values: Mapping[str, Any]) -> None:
    """Keep limits that the customer sets itself within those that its owner set on it.

    ``values`` are the limits about to change; an empty one is bounded by the customer's own. The
    owner may set any. Raises DomainError ``above_ceiling`` naming the field.
    """
    if customer.pk != actor.customer_id:
        return
    for name, ceiling in CEILINGS.items():
        asked, most = values.get(name), getattr(customer, ceiling)
        if asked is not None and most is not None and asked > most:
            raise DomainError(
                "above_ceiling",
                _("Your provider allows at most %(most)s.") % {"most": most},
                field=name,
            )


def check_account_kind(customer: Customer, kind: str) -> None:
    """Refuse an account (DomainError ``kind``) that the customer's kind or business model lacks."""
    is_possible = has_accounts(customer.kind, kind)
    model = customer.business_model
    if model is not None and model.account_kinds:
        is_possible = is_possible and kind in model.account_kinds
    if not is_possible:
        texts = {
            AccountKind.SIP: _("This customer cannot have a SIP account."),
            AccountKind.CARD: _("This customer cannot have a prepaid card."),
        }
        raise DomainError("kind", texts[AccountKind(kind)], field="customer")


def check_trunks_allowed(customer: Customer) -> None:
    """Refuse a trunk (DomainError ``kind``) of a customer whose kind has none."""
    if "trunks.add" not in allowed(customer.kind):
        raise DomainError("kind", _("This customer cannot have trunks."), field="customer")


def service_start(customer: Customer, opened_at: datetime | None) -> datetime:
    """From when something of ``customer`` is in service: now, or earlier, but not before it.

    Raises DomainError ``opened_at``.
    """
    moment = now()
    start = opened_at or moment
    if start > moment:
        raise DomainError("opened_at", _("This is in the future."), field="opened_at")
    if not customer.is_root and start < customer.opened_at:
        raise DomainError(
            "opened_at", _("This is before the customer's own start."), field="opened_at"
        )
    return start
