"""Takes back what an owner keeps about a customer, before the customer has another owner."""

from typing import Any

from customers.choices import ProfitUnit
from customers.models import Customer, CustomerParameters, CustomFieldValue
from customers.services.audit import changed

_NOTHING_KEPT: dict[str, Any] = {
    "internal_notes": "",
    "min_profitability": None,
    "min_profitability_unit": ProfitUnit.PER_MINUTE.value,
    "max_depth": None,
    "business_model": None,
    "customer_class": None,
}


def forget_owner(*, customer: Customer) -> dict[str, list[Any]]:
    """Reset notes, class, business model, custom fields and single settings of the old owner.

    Returns field to [before, after] of the record, for the audit event that only the old owner
    reads. Part of the caller's transaction, which holds the lock of the customer's tree.
    """
    differences = changed(customer, _NOTHING_KEPT)
    if differences:
        customer.save(update_fields=sorted(differences))
    CustomerParameters.objects.filter(customer=customer).delete()
    CustomFieldValue.objects.filter(customer=customer).delete()
    return differences
