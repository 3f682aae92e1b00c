"""Where vouchers can be paid in: the actor's own balance, and whether a balance takes money."""

from accounts.selectors.charging import current_terms, is_by_itself
from billing.models import Balance
from customers.tenancy import Actor


def own_balance(actor: Actor) -> Balance | None:
    """What the actor pays from: the balance of its account, or of its customer; None for Root."""
    if actor.account_id is not None:
        rows = Balance.objects.filter(account=actor.account_id)
    else:
        rows = Balance.objects.of_customers().filter(customer=actor.customer_id)
    found: Balance | None = rows.select_related("customer", "account").first()
    return found


def is_payable(balance: Balance) -> bool:
    """Whether money can be paid in: nothing is archived, and an account is charged by itself."""
    if balance.customer.archived_at is not None or balance.closed_at is not None:
        return False
    account = balance.account
    return account is None or is_by_itself(current_terms(account))
