"""Named filters of customers, users and audit events."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from customers.choices import Status
from customers.tenancy import Actor, DatedQuerySet, M_co, TenantQuerySet, subtree

if TYPE_CHECKING:
    from customers.models import (  # noqa: F401
        ApiToken,
        AuditEvent,
        BusinessModel,
        Customer,
        CustomerClass,
        CustomerTemplate,
        CustomField,
        CustomFieldValue,
        RecordImport,
        SignIn,
        User,
        UserSession,
    )


class CustomerQuerySet(TenantQuerySet["Customer"]):
    """Customers; a customer belongs to itself."""

    tenant = "pk"

    def below(self, actor: Actor) -> Self:
        if actor.is_root:
            return self
        return self.filter(pk__in=subtree(self.model, actor.customer_id).values("pk"))

    def live(self) -> Self:
        """Not archived."""
        return self.filter(archived_at__isnull=True)

    def direct_of(self, owner_id: int) -> Self:
        """The direct, live customers of ``owner_id``."""
        return self.live().filter(owner_id=owner_id)

    def active(self) -> Self:
        return self.live().filter(status=Status.ACTIVE)


class UserQuerySet(TenantQuerySet["User"]):
    """Web users; an account's user is seen by its customer and its own account."""

    tenant = "customer"
    account = "account"


class AuditQuerySet(DatedQuerySet["AuditEvent"]):
    """Audit events about customers; what an owner keeps private is not shown to its customer."""

    tenant = "customer"
    moment = "at"

    def below(self, actor: Actor) -> Self:
        rows = super().below(actor)
        if actor.is_root:
            return rows
        return rows.filter(Q(is_private=False) | ~Q(customer_id=actor.customer_id))


class UserSessionQuerySet(TenantQuerySet["UserSession"]):
    """Sessions, seen with their user."""

    tenant = "user__customer"
    account = "user__account"


class SignInQuerySet(TenantQuerySet["SignIn"]):
    """Tries to sign in, seen with their user; those of unknown logins by Root only."""

    tenant = "user__customer"
    account = "user__account"


class ApiTokenQuerySet(TenantQuerySet["ApiToken"]):
    """API tokens, seen with their user."""

    tenant = "user__customer"


class OwnedQuerySet(TenantQuerySet[M_co]):
    """What an owner defines for its own customers."""

    tenant = "owner"

    def of(self, actor: Actor) -> Self:
        """Those of the actor's own customer: the ones it can edit and use."""
        return self.filter(owner_id=actor.customer_id)


class BusinessModelQuerySet(OwnedQuerySet["BusinessModel"]):
    """Business models of owners."""


class CustomerClassQuerySet(OwnedQuerySet["CustomerClass"]):
    """Customer classes of owners."""


class CustomerTemplateQuerySet(OwnedQuerySet["CustomerTemplate"]):
    """Customer templates of owners."""


class RecordImportQuerySet(OwnedQuerySet["RecordImport"]):
    """Imports of customers and accounts, by whose they become."""

    def light(self) -> Self:
        """Without the columns that hold a whole file."""
        return self.defer("rows", "errors", "new_users")


class CustomFieldQuerySet(TenantQuerySet["CustomField"]):
    """Custom fields, seen with their class."""

    tenant = "customer_class__owner"

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)


class CustomFieldValueQuerySet(TenantQuerySet["CustomFieldValue"]):
    """Values of custom fields, seen with whoever defined the field."""

    tenant = "field__customer_class__owner"
