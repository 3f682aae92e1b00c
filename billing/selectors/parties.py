"""What a document keeps of its two parties, whatever they are called later, and how it shows it."""

from typing import Any

from billing.models import Balance
from billing.selectors.document_parts import Party
from customers.models import Customer
from notifications.values import Value

# Of an address, whose length its customer chooses, that many lines and letters a line are shown:
# no more than that of work for whoever issues to it.
MOST_LINES, MOST_LETTERS = 12, 200


def party_data(customer: Customer) -> dict[str, str]:
    """Name, company, address, country, tax id, e-mail and contact of a party as they are now."""
    return {
        "name": customer.name,
        "company": customer.company_name,
        "address": customer.address,
        "country": customer.country,
        "tax_id": customer.tax_id,
        "email": customer.billing_email or customer.main_email,
        "contact": customer.contact,
        "timezone": str(customer.timezone),
        "language": customer.language,
    }


def payer_data(balance: Balance) -> dict[str, str]:
    """The same of who pays, who has left as it was then; an account beside its customer."""
    if balance.closed_as is not None:
        known: dict[str, str] = balance.closed_as
        return known
    data = party_data(balance.customer)
    if balance.account is None:
        return data
    return data | {"account": balance.account.auth_name, "account_name": balance.account.name}


def names_then(balance: Balance) -> dict[str, Value]:
    """The common fields of letters about who has left, as it was then; none for who has not."""
    if balance.closed_as is None:
        return {}
    data = payer_data(balance)
    company = data.get("company") or data["name"]
    contact = data.get("contact") or company
    return {"customer.name": data["name"], "customer.company": company, "contact.name": contact}


def party(data: dict[str, Any]) -> Party:
    """A party as it is shown, from what an invoice keeps of it.

    An account stands above its customer's address, whose tax id is not its own.
    """
    address = str(data.get("address") or "")[: MOST_LINES * MOST_LETTERS]
    lines = [line.strip()[:MOST_LETTERS] for line in address.splitlines()[:MOST_LINES]]
    company = str(data.get("company") or data.get("name") or "")
    account = str(data.get("account_name") or data.get("account") or "")
    return Party(
        name=account or company,
        address=tuple(filter(None, [company if account else "", *lines])),
        country=str(data.get("country") or ""),
        tax_id="" if account else str(data.get("tax_id") or ""),
        email=str(data.get("email") or ""),
    )
