"""Tax settings: named ways to tax with their rates, which classes and customers choose from."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.models import Tax, TaxRate
from billing.selectors.invoice_settings import CHOSEN_AS, RIGHT
from billing.selectors.tax_settings import NewRate, rates_of, tax_problems
from customers.services.audit import changed, record
from customers.services.named import create_named, lock_named, save_named
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns

NOUN = CHOSEN_AS[Tax]


def create_tax(*, actor: Actor, rates: Sequence[NewRate] = (), **values: Any) -> Tax:
    """Tax settings of the actor's customer: ``name``, ``mode``, ``category``, ``reason``, rates.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``required``,
    ``invalid`` or ``tax``, naming the field; ``rate_1_name`` is that of the first rate.
    """
    row = Tax(owner=actor.customer, **values)
    with transaction.atomic():
        create_named(actor=actor, row=row, noun=NOUN, right=RIGHT)
        _store(row, rates)
    return row


def edit_tax(
    *, actor: Actor, tax: Tax, values: Mapping[str, Any], rates: Sequence[NewRate]
) -> bool:
    """Change tax settings and all their rates; whether any changed. Issued invoices stay.

    Locks the row; atomic with the audit rows. Else as create_tax.
    """
    with transaction.atomic():
        row = lock_named(actor=actor, row=tax, right=RIGHT)
        before = rates_of(row)
        differences = changed(row, dict(values))
        is_changed = save_named(actor=actor, row=row, differences=differences, noun=NOUN)
        _store(row, rates)
        if before != list(rates):
            shown = [", ".join(map(str, some)) for some in (before, rates)]
            changes = {"rates": shown}
            record(
                actor=actor,
                customer=actor.customer,
                action=f"{NOUN}_edited",
                subject=row,
                changes=changes,
            )
    return is_changed or before != list(rates)


def _store(row: Tax, rates: Sequence[NewRate]) -> None:
    """Check what stands on ``row`` with ``rates``, and let these be the rates of the tax."""
    problems = tax_problems(mode=row.mode, category=row.category, reason=row.reason, rates=rates)
    for field, message in problems.items():
        raise DomainError("tax", message, field=field)
    if rates_of(row) == list(rates):
        return
    made = [
        TaxRate(
            tax=row,
            position=position,
            name=rate.name,
            percent=rate.percent,
            is_compound=rate.is_compound,
        )
        for position, rate in enumerate(rates, start=1)
    ]
    for rate in made:
        try:
            check_columns(rate, ("name", "percent"))
        except DomainError as error:
            field = f"rate_{rate.position}_{error.field}"
            raise DomainError(error.code, error.message, field=field) from error
    row.rates.all().delete()
    TaxRate.objects.bulk_create(made)
