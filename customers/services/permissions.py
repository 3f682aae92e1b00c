"""Grants and revokes the rights that an owner delegates to its direct customers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerGrant
from customers.permissions import DEFAULT_GRANTS, DELEGATED, RIGHTS, allowed
from customers.selectors import effective_rights
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

_CODENAME = {right.code: right.codename for right in RIGHTS}


def grant_defaults(*, actor: Actor, customer: Customer) -> None:
    """Give a new customer what its kind allows of the usual rights and its owner itself holds."""
    own = effective_rights(actor.customer)
    _grant(customer, DEFAULT_GRANTS & allowed(customer.kind) & own)


# Some thirty rights each: through objects they would take longer than all else about a customer.
_GRANT_ALL = """
INSERT INTO customers_customergrant (permission_id, group_id, content_object_id)
SELECT p.id, c.rights_group_id, c.id
FROM unnest(%s::bigint[], %s::bigint[]) c (id, rights_group_id), unnest(%s::bigint[]) p (id)
"""


def grant_defaults_to_all(*, actor: Actor, customers: Sequence[Customer]) -> None:
    """The same as ``grant_defaults`` for many new customers: a statement for each kind."""
    own = effective_rights(actor.customer)
    by_kind: dict[str, list[Customer]] = defaultdict(list)
    for customer in customers:
        by_kind[customer.kind].append(customer)
    with connection.cursor() as cursor:
        for kind, rows in by_kind.items():
            rights = _permissions(DEFAULT_GRANTS & allowed(kind) & own)
            values = [
                [row.pk for row in rows],
                [row.rights_group_id for row in rows],
                list(rights.values_list("pk", flat=True)),
            ]
            cursor.execute(_GRANT_ALL, values)


def set_rights(*, actor: Actor, customer: Customer, rights: Iterable[str]) -> None:
    """Make ``rights`` the whole set delegated to a direct customer; one row per right changes.

    Nobody grants what it does not hold: DomainError ``not_held``; what the kind excludes is
    ``excluded_by_kind``, what its business model excludes ``excluded_by_model``. A right of the
    customer that the actor lacks stays as it is. Safe to repeat.
    """
    if not customer.is_direct_of(actor) or not actor.can("customers.edit"):
        raise PermissionDenied
    wanted = frozenset(rights)
    own = effective_rights(actor.customer)
    held = delegated_rights(customer)
    for code in sorted(wanted - held):
        _check_grantable(customer, code, own)
    revoked = (held - wanted) & own
    with transaction.atomic():
        _grant(customer, wanted - held)
        CustomerGrant.objects.filter(
            content_object=customer,
            permission__codename__in=[_CODENAME[code] for code in revoked],
        ).delete()
        record(
            actor=actor,
            customer=customer,
            action="rights_changed",
            subject=customer,
            changes={
                "granted": ["", ", ".join(sorted(wanted - held))],
                "revoked": ["", ", ".join(sorted(revoked))],
            },
        )


def _check_grantable(customer: Customer, code: str, own: frozenset[str]) -> None:
    if code not in own or code not in DELEGATED:
        raise DomainError(
            "not_held", _("You do not hold the right %(code)s.") % {"code": code}, field="rights"
        )
    if code not in allowed(customer.kind):
        raise DomainError(
            "excluded_by_kind",
            _("%(kind)s: no %(code)s.") % {"kind": customer.kind, "code": code},
            field="rights",
        )
    model = customer.business_model
    if model is not None and code not in model.rights:
        raise DomainError(
            "excluded_by_model",
            _("%(model)s: no %(code)s.") % {"model": model, "code": code},
            field="rights",
        )


def delegated_rights(customer: Customer) -> frozenset[str]:
    """The rights granted to the customer itself, whatever its ancestors hold."""
    codes = CustomerGrant.objects.filter(
        content_object=customer, group_id=customer.rights_group_id
    ).values_list("permission__codename", flat=True)
    by_codename = {codename: code for code, codename in _CODENAME.items()}
    return frozenset(by_codename[codename] for codename in codes if codename in by_codename)


def _grant(customer: Customer, rights: Iterable[str]) -> None:
    CustomerGrant.objects.bulk_create(
        [
            CustomerGrant(
                permission=permission,
                group_id=customer.rights_group_id,
                content_object=customer,
            )
            for permission in _permissions(rights)
        ],
        ignore_conflicts=True,
    )


def _permissions(rights: Iterable[str]) -> QuerySet[Permission]:
    return Permission.objects.filter(
        content_type__app_label="customers",
        content_type__model="customer",
        codename__in=[_CODENAME[code] for code in rights],
    )
