"""Makes many customers, custom values and logins at once: what one service does, set-based."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import connection

from customers.models import Customer, CustomField, CustomFieldValue, User
from customers.services.audit import Entry, record_many
from customers.services.custom_fields import change_entries
from customers.services.permissions import grant_defaults_to_all
from customers.services.tree import insert_leaves
from customers.tenancy import Actor

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class NewValues:
    """The custom fields of a new customer: the fields of its class, and what they hold, by id."""

    customer: Customer
    fields: Sequence[CustomField]
    values: Mapping[int, str]


def create_customers(*, actor: Actor, customers: Sequence[Customer]) -> None:
    """Save rows that ``create_customer`` would make, with rights, place in the tree and audit.

    Their columns are clean, their names free, as far as the caller could see: a name that was taken
    meanwhile raises IntegrityError. Part of the caller's transaction; locks the tree. Raises
    DomainError ``too_deep``.
    """
    if not actor.can("customers.add"):
        raise PermissionDenied
    _check_atomic()
    groups = Group.objects.bulk_create(
        [Group(name=f"customer {uuid4()}") for _customer in customers], batch_size=BATCH
    )
    for customer, group in zip(customers, groups, strict=True):
        customer.rights_group = group
    insert_leaves(customers=customers, owner=actor.customer)
    grant_defaults_to_all(actor=actor, customers=customers)
    entries = [Entry(customer, "customer_created", customer) for customer in customers]
    record_many(actor=actor, entries=entries)


def store_custom_values(*, actor: Actor, new: Sequence[NewValues]) -> None:
    """Store the checked values of custom fields of new customers; part of the caller's atomic."""
    _check_atomic()
    CustomFieldValue.objects.bulk_create(
        [
            CustomFieldValue(customer=item.customer, field_id=key, value=text)
            for item in new
            for key, text in item.values.items()
        ],
        batch_size=BATCH,
    )
    entries = [
        entry
        for item in new
        for entry in change_entries(item.customer, item.fields, {}, item.values)
    ]
    record_many(actor=actor, entries=entries)


def create_users(*, actor: Actor, users: Sequence[User]) -> None:
    """Save logins without a password; part of the caller's atomic.

    A login that was taken meanwhile raises IntegrityError.
    """
    _check_atomic()
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users, batch_size=BATCH)
    entries = [Entry(user.customer, "user_created", user.login) for user in users]
    record_many(actor=actor, entries=entries)


def _check_atomic() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Many rows are written in the transaction of their import.")
