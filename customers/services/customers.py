"""Creates customer rows in the tree and edits what belongs to the customer itself."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.choices import Kind, Status
from customers.models import Customer, CustomerOwnership
from customers.permissions import allowed
from customers.services.audit import changed, record
from customers.services.permissions import grant_defaults
from customers.services.tree import insert_node
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_language, clean_columns

# What the customer may edit of itself; the rest of the record is its owner's.
OWN_FIELDS = frozenset(
    {
        "company_name",
        "main_email",
        "noc_email",
        "billing_email",
        "rates_email",
        "tax_id",
        "address",
        "country",
        "contact",
        "language",
        "timezone",
    }
)
# What the owner's NOC may set of its customers, too.
LIMITS = frozenset({"call_limit", "cps_limit"})
# What an owner keeps about its customer: absent from the customer's own pages and audit.
PRIVATE_FIELDS = frozenset(
    {
        "business_model",
        "customer_class",
        "internal_notes",
        "max_depth",
        "min_profitability",
        "min_profitability_unit",
    }
)
TAKEN = DomainError("taken", _("This name is taken."), field="name")


def create_root(*, name: str, timezone: str = "UTC", language: str = "en") -> Customer:
    """The Root Customer, once: the owner of the switch, alone in its own tree.

    Raises DomainError ``invalid`` (field timezone).
    """
    clean_columns(Customer, {"timezone": timezone})
    with transaction.atomic():
        group = Group.objects.create(name="root")
        root = Customer(
            is_root=True,
            kind=Kind.ROOT,
            name=name.strip(),
            rights_group=group,
            timezone=timezone,
            language=language,
        )
        Customer.objects.insert_node(root, None, save=True)
    return root


def create_customer(
    *, actor: Actor, name: str, kind: str, opened_at: datetime | None = None, **profile: Any
) -> Customer:
    """Add a customer below the actor's own, with the usual rights; part of the caller's atomic.

    Locks the tree. Raises DomainError ``taken`` (field name), ``too_deep``, ``kind`` or
    ``opened_at`` (before its owner was in service).
    """
    owner = actor.customer
    if not actor.can("customers.add"):
        raise PermissionDenied
    check_new_kind(kind)
    start = service_start(owner, opened_at)
    clean = " ".join(name.split())
    if not clean:
        raise DomainError("required", _("Enter a name."), field="name")
    values = _clean({"name": clean, "kind": kind, **profile})
    customer = Customer(opened_at=start, **values)
    try:
        with transaction.atomic():
            customer.rights_group = Group.objects.create(name=f"customer {uuid4()}")
            insert_node(customer=customer, owner=owner)
    except IntegrityError as error:
        if "customer_name_taken" in str(error):
            raise TAKEN from error
        raise
    grant_defaults(actor=actor, customer=customer)
    record(actor=actor, customer=customer, action="customer_created", subject=customer)
    return customer


def check_new_kind(kind: str) -> None:
    """Raise DomainError ``kind`` for what a customer below another cannot be."""
    if kind not in Kind.values or kind == Kind.ROOT:
        raise DomainError("kind", _("Choose a kind."), field="kind")


def service_start(owner: Customer, opened_at: datetime | None) -> datetime:
    """From when a customer of ``owner`` is in service: now, or earlier, but not before its owner.

    Raises DomainError ``opened_at``.
    """
    moment = now()
    start = opened_at or moment
    if start > moment:
        raise DomainError("opened_at", _("This is in the future."), field="opened_at")
    if not owner.is_root and start < owner.opened_at:
        raise DomainError(
            "opened_at", _("This is before the start of your own service."), field="opened_at"
        )
    return start


def edit_profile(*, actor: Actor, customer: Customer, values: dict[str, Any]) -> bool:
    """Change fields of the record: the owner any, the customer itself its own company data.

    Returns whether anything changed. Atomic with the audit rows (the owner's private fields in an
    event of their own). Raises PermissionDenied, DomainError ``taken`` or ``opened_at``.
    """
    _check_editor(actor, customer, values)
    if "name" in values:
        values = values | {"name": " ".join(str(values["name"]).split())}
    _check_kind(customer, values.get("kind", customer.kind))
    differences = changed(customer, _clean(values))
    if not differences:
        return False
    try:
        with transaction.atomic():
            customer.save(update_fields=sorted(differences))
    except IntegrityError as error:
        if "customer_name_taken" in str(error):
            raise TAKEN from error
        raise
    for is_private in (False, True):
        part = {k: v for k, v in differences.items() if (k in PRIVATE_FIELDS) is is_private}
        if part:
            record(
                actor=actor,
                customer=customer,
                action="customer_edited",
                subject=customer,
                changes=part,
                is_private=is_private,
            )
    return True


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("name") == "":
        raise DomainError("required", _("Enter a name."), field="name")
    if "language" in values:
        check_language(values["language"])
    return clean_columns(Customer, values)


def set_status(*, actor: Actor, customer: Customer, status: str) -> bool:
    """Activate, deactivate or close a direct customer; its subtree follows by evaluation."""
    if status not in Status.values:
        raise DomainError("status", _("Choose a status."), field="status")
    return edit_profile(actor=actor, customer=customer, values={"status": status})


def archive_row(*, customer: Customer, at: datetime) -> None:
    """Take the row out of all lists and end its ownership at ``at``; part of the caller's atomic.

    Names and logins stay taken; its users can no longer log in.
    """
    Customer.objects.filter(pk=customer.pk).update(archived_at=at)
    CustomerOwnership.objects.filter(customer=customer, valid_till=None).update(valid_till=at)


def _check_kind(customer: Customer, kind: str) -> None:
    """A customer with live sub-customers keeps a kind that can have them."""
    if kind == customer.kind:
        return
    if kind not in Kind.values or Kind.ROOT in (kind, customer.kind):
        raise DomainError("kind", _("Choose a kind."), field="kind")
    live = Customer.objects.direct_of(customer.pk).count()
    if live and "customers.view" not in allowed(kind):
        raise DomainError(
            "has_customers",
            ngettext(
                "It has %(count)s live sub-customer, which this kind cannot have.",
                "It has %(count)s live sub-customers, which this kind cannot have.",
                live,
            )
            % {"count": live},
            field="kind",
        )


def _check_editor(actor: Actor, customer: Customer, values: dict[str, Any]) -> None:
    if customer.archived_at is not None:
        raise PermissionDenied
    right = "limits.edit" if values.keys() <= LIMITS else "customers.edit"
    if customer.is_direct_of(actor) and actor.can(right):
        return
    is_own = customer.pk == actor.customer_id and actor.can("profile.edit")
    if is_own and (values.keys() <= OWN_FIELDS or customer.is_root):
        return
    raise PermissionDenied
