"""What an issued document keeps of its two parties, whatever they are called later."""

from billing.models import Balance
from customers.models import Customer


def party_data(customer: Customer) -> dict[str, str]:
    """Name, company, address, tax id, e-mail and contact of a party as they are now."""
    return {
        "name": customer.name,
        "company": customer.company_name,
        "address": customer.address,
        "tax_id": customer.tax_id,
        "email": customer.billing_email or customer.main_email,
        "contact": customer.contact,
        "timezone": str(customer.timezone),
        "language": customer.language,
    }


def payer_data(balance: Balance) -> dict[str, str]:
    """The same of who pays; an account is named besides its customer."""
    data = party_data(balance.customer)
    if balance.account is None:
        return data
    return data | {"account": balance.account.auth_name, "account_name": balance.account.name}
