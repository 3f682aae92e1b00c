"""Sets how a customer invoices its accounts: all of them, or one."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from billing.models import AccountParameters, Balance
from billing.selectors.account_parameters import above, may_set
from billing.selectors.calendars import next_calendar
from billing.services.calendars import change_calendar
from customers.models import Customer
from customers.selectors.parameters import INVOICE_FIELDS
from customers.services.audit import record
from customers.services.holding import hold
from customers.services.parameters import change_parameters, stored_in
from customers.tenancy import Actor
from softswitch.core.display import listed
from softswitch.core.errors import DomainError


def set_account_parameters(
    *, actor: Actor, customer: Customer, account: Account | None = None, values: Mapping[str, Any]
) -> bool:
    """Set parameters of invoices for all accounts of ``customer``, or one; whether any changed.

    None or "" inherits, NOTHING is none whatever would be inherited. Drafts to come go by them.
    Another payment term of an account's own brings its billing period at the next close.
    For the customer itself. Holds the customer, locks the row; atomic with the audit row. Raises
    PermissionDenied, or DomainError ``archived``, or as change_parameters.
    """
    if not may_set(actor, customer):
        raise PermissionDenied
    unknown = sorted(values.keys() - set(INVOICE_FIELDS))
    if unknown:
        text = _("Unknown parameters: %(names)s.") % {"names": listed(unknown)}
        raise DomainError("parameters", text)
    with transaction.atomic():
        hold(actor=actor, customers=[customer])
        if account is not None:
            _check_live(account)
        rows = AccountParameters.objects.select_for_update(of=("self",))
        row, _is_new = rows.get_or_create(customer=customer, account=account)
        differences = change_parameters(actor=actor, row=row, values=values, above=above(row))
        if not differences:
            return False
        row.save(update_fields=stored_in(differences))
        record(
            actor=actor,
            customer=customer,
            action="account_parameters_changed",
            subject=account or customer,
            changes=differences,
        )
        term = row.payment_term if "payment_term" in differences else None
        if account is not None and term is not None:
            _change_period(actor, account, term.period_type)
    return True


def _change_period(actor: Actor, account: Account, period_type: str) -> None:
    balance = Balance.objects.filter(account=account).first()
    if balance is not None:
        _kind, zone = next_calendar(balance)
        change_calendar(actor=actor, balance=balance, period_type=period_type, period_timezone=zone)


def _check_live(account: Account) -> None:
    fresh = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if fresh.archived_at is not None:
        raise DomainError("archived", _("This account is archived."))
