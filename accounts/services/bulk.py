"""Makes many accounts at once: what ``create_account`` does for one, set-based."""

from collections.abc import Sequence

from django.db import connection

from accounts.choices import Charging
from accounts.models import Account, AccountTerms
from accounts.services.editing import check_editor
from customers.services.audit import Entry, record_many
from customers.services.holding import hold
from customers.tenancy import Actor
from tariffs.models import Tariff

BATCH = 1_000


def create_accounts(*, actor: Actor, accounts: Sequence[tuple[Account, Tariff | None]]) -> None:
    """Save SIP accounts, each charged by itself at its tariff, or (None) with its customer.

    Columns are clean and limits checked; an auth name that was taken meanwhile raises
    IntegrityError, a customer that was archived or moved away DomainError. Part of the caller's
    transaction; holds the customers.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Many rows are written in the transaction of their import.")
    customers = {row.customer_id: row.customer for row, _tariff in accounts}.values()
    for customer in customers:
        check_editor(actor, customer, "accounts.add")
    hold(actor=actor, customers=customers)
    Account.objects.bulk_create([row for row, _tariff in accounts], batch_size=BATCH)
    AccountTerms.objects.bulk_create(
        [
            AccountTerms(
                account=row,
                charging=Charging.BY_ITSELF if tariff else Charging.WITH_CUSTOMER,
                tariff=tariff,
                valid_from=row.opened_at,
            )
            for row, tariff in accounts
        ],
        batch_size=BATCH,
    )
    entries = [Entry(row.customer, "account_created", row) for row, _tariff in accounts]
    record_many(actor=actor, entries=entries)
