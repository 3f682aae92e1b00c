"""Changes which tariff a customer pays by, and with it that of accounts at the customer's rates."""

from datetime import datetime

from django.db import transaction

from accounts.models import AccountTerms
from accounts.services.accounts import replace_tariffs
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from tariffs.models import Tariff
from tariffs.services.assignments import assign_tariff


def change_tariff(*, actor: Actor, customer: Customer, tariff: Tariff) -> None:
    """Let a customer pay by ``tariff``, from this instant on, and its accounts that go by its own.

    One transaction, under the lock of the customer's row, which whoever opens or changes an account
    holds, then of the accounts. Raises what ``assign_tariff`` raises.
    """
    with transaction.atomic():
        at = assign_tariff(actor=actor, customer=customer, tariff=tariff)
        if at is not None:
            follow_tariff(actor=actor, customer=customer, tariff=tariff, at=at)


def follow_tariff(*, actor: Actor, customer: Customer, tariff: Tariff, at: datetime) -> None:
    """Charge the accounts that go by what ``customer`` pays at ``tariff`` from ``at`` on.

    Those are the accounts charged by themselves at a tariff that is not the customer's own: kinds
    without tariffs have no other. The event counts them, and names no tariff of the owner's. Part
    of the caller's transaction, which holds the customer's row and has locked no balance yet.
    """
    terms = AccountTerms.objects.filter(account__customer=customer, tariff__isnull=False)
    followed = replace_tariffs(terms=terms.exclude(tariff__owner=customer), tariff=tariff, at=at)
    if followed:
        record(
            actor=actor,
            customer=customer,
            action="accounts_follow_tariff",
            subject=customer,
            changes={"accounts": ["", followed]},
            at=at,
        )
