"""The parameters by which accounts that are charged by themselves are invoiced by their customer.

An account's own value counts, else that for all accounts of its customer, else the product's
default; where no invoice settings are chosen, the customer's first ones count.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from accounts.models import Account
from billing.models import AccountParameters, Balance, InvoiceSettings
from customers.models import Customer, CustomerParameters, ParameterSet
from customers.selectors.parameters import Resolved, Source, of_levels
from customers.tenancy import Actor


@dataclass(slots=True)
class _Rows:
    """What some customers set for all their accounts, and for single ones."""

    first: dict[int, InvoiceSettings]
    shared: dict[int, AccountParameters] = field(default_factory=dict)
    own: dict[int | None, AccountParameters] = field(default_factory=dict)

    def levels(self, customer_id: int) -> list[tuple[ParameterSet, Source]]:
        """What counts for all accounts of a customer, in order."""
        first = CustomerParameters(invoice_settings=self.first.get(customer_id))
        found: list[tuple[ParameterSet, Source]] = [(first, Source.DEFAULT)]
        if customer_id in self.shared:
            found.append((self.shared[customer_id], Source.ACCOUNTS))
        return found


def parameters_of_accounts(balances: Collection[Balance]) -> dict[int, Resolved]:
    """What is in force for balances of accounts, by balance id, in two statements."""
    if not balances:
        return {}
    rows = _rows({row.customer_id for row in balances})
    found = {}
    for balance in balances:
        levels = rows.levels(balance.customer_id)
        if balance.account_id in rows.own:
            levels.append((rows.own[balance.account_id], Source.OWN))
        found[balance.pk] = of_levels(levels, timezone=balance.customer.timezone)
    return found


def may_set(actor: Actor, customer: Customer) -> bool:
    """Whether the actor decides how accounts of ``customer`` are invoiced: the customer does.

    Who acts for a container of cards switches to it: the settings chosen are its own.
    """
    return customer.pk == actor.customer_id and actor.can("money.manage")


def row_of(customer: Customer, account: Account | None) -> AccountParameters:
    """What is set for all accounts (None) or for one: its row, or an empty one, not stored."""
    found = AccountParameters.objects.filter(customer=customer, account=account).first()
    return found or AccountParameters(customer=customer, account=account)


def above(row: AccountParameters) -> Resolved:
    """What counts where ``row`` sets nothing."""
    rows = _rows({row.customer_id})
    levels = rows.levels(row.customer_id)
    if row.account_id is None:
        levels = levels[:1]
    return of_levels(levels, own=row, timezone=row.customer.timezone)


def first_settings(issuers: Collection[int]) -> dict[int, InvoiceSettings]:
    """The invoice settings that each issuer defined first."""
    if not issuers:
        return {}
    rows = InvoiceSettings.objects.filter(owner__in=issuers).order_by("owner_id", "pk")
    return {row.owner_id: row for row in rows.distinct("owner_id")}


def _rows(customer_ids: Collection[int]) -> _Rows:
    rows = _Rows(first_settings(customer_ids))
    stored = AccountParameters.objects.filter(customer__in=customer_ids)
    for row in stored.select_related("invoice_settings", "payment_term", "tax"):
        if row.account_id is None:
            rows.shared[row.customer_id] = row
        else:
            rows.own[row.account_id] = row
    return rows
