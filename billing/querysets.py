"""Named filters of balances, ledger entries and charges: rows between an owner and who pays."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from customers.tenancy import Actor, TenantQuerySet, TwoPartyQuerySet

if TYPE_CHECKING:
    from billing.models import (  # noqa: F401
        Balance,
        Charge,
        InvoiceSettings,
        LedgerEntry,
        PaymentTerm,
        UsageEntry,
    )


class BalanceQuerySet(TwoPartyQuerySet["Balance"]):
    """Balances of pairs; an account's user sees its account's own."""

    account = "account"

    def of_customers(self) -> Self:
        """What is between customers and their present owners, not with their accounts."""
        return self.filter(account=None, closed_at=None)

    def closed(self) -> Self:
        """What was between customers and owners that they have left."""
        return self.filter(closed_at__isnull=False)

    def ended(self) -> Self:
        """Closed ones, and those of customers and accounts that are archived."""
        archived = Q(customer__archived_at__isnull=False) | Q(account__archived_at__isnull=False)
        return self.filter(Q(closed_at__isnull=False) | archived)


class LedgerQuerySet(TwoPartyQuerySet["LedgerEntry"]):
    """Ledger entries between an owner and its customer, or a customer and its account."""

    account = "account"


class UsageQuerySet(TwoPartyQuerySet["UsageEntry"]):
    """Usage entries, seen like the ledger they are part of."""

    account = "account"


class ChargeQuerySet(TwoPartyQuerySet["Charge"]):
    """Charges: each sees what it pays and what those below it pay, never a price above."""

    account = "account"
    right = "cdrs.view"

    def paid_by(self, actor: Actor) -> Self:
        """What the actor's own customer pays: one row per call of its whole subtree."""
        return self.filter(customer_id=actor.customer_id, account=None)


class InvoiceSettingsQuerySet(TenantQuerySet["InvoiceSettings"]):
    """Invoice settings, by the owner who issues with them."""

    tenant = "owner"


class PaymentTermQuerySet(TenantQuerySet["PaymentTerm"]):
    """Payment terms, by the owner who grants them."""

    tenant = "owner"
