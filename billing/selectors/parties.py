"""What an invoice copies of its two parties."""

from typing import Any

from accounts.models import Account
from billing.selectors.document_parts import Party
from customers.models import Customer


def party_data(customer: Customer) -> dict[str, Any]:
    """A customer, or an owner, as issued invoices keep it (``issuer_data``, ``customer_data``)."""
    return {
        "name": customer.company_name or customer.name,
        "address": customer.address,
        "country": customer.country,
        "tax_id": customer.tax_id,
        "email": customer.billing_email or customer.main_email,
        "language": customer.language,
    }


def account_data(account: Account) -> dict[str, Any]:
    """An account that is charged by itself, as the invoices of its customer keep it."""
    return {"name": account.name or account.auth_name, "language": account.customer.language}


def party(data: dict[str, Any]) -> Party:
    """A party as it is shown, from what an invoice keeps of it."""
    lines = str(data.get("address") or "").splitlines()
    return Party(
        name=str(data.get("company_name") or data.get("name") or ""),
        address=tuple(line.strip() for line in lines if line.strip()),
        country=str(data.get("country") or ""),
        tax_id=str(data.get("tax_id") or ""),
        email=str(data.get("email") or data.get("billing_email") or data.get("main_email") or ""),
    )
