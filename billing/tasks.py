"""Jobs of billing: closing, invoices, payments, dunning, alerts, imports of records."""

import logging
from itertools import chain

from django.utils.timezone import now

from billing.services import (
    alerts,
    closing,
    documents,
    dunning,
    issuing,
    online,
    reservations,
    top_ups,
    verify,
)
from billing.services.records import applying, checking, leases, letters
from calls.selectors.annex import trunk_shares
from calls.selectors.pending import uncharged_since
from calls.services import verify as verify_calls
from softswitch.core.jobs import enqueue, task

logger = logging.getLogger(__name__)


@task("billing.verify_ledger")
def verify_ledger() -> None:
    """Log every difference in the ledger; ``manage.py verify_ledger`` says the same."""
    with verify.snapshot():
        for line in chain(verify.differences(), verify_calls.differences()):
            logger.error("ledger: %s", line)


@task("billing.close_periods")
def close_periods(issuer_id: int | None = None) -> None:
    """Close the periods that are due; of one owner only, if given. Safe to repeat, and at once."""
    moment = now()
    closing.close_due(moment=moment, calls_since=uncharged_since(moment), issuer_id=issuer_id)


@task("billing.issue_invoices")
def issue_invoices() -> None:
    """Issue the drafts whose time has come, batch after batch; what is refused says why.

    Each batch is a task of its own: ten thousand invoices are more than one may last.
    """
    if issuing.issue_due(moment=now(), limit=issuing.BATCH) == issuing.BATCH:
        enqueue("billing.issue_invoices")


@task("billing.run_dunning")
def run_dunning() -> None:
    """Remind, mark overdue, suspend and lift what is due now in each zone."""
    dunning.run_dunning(moment=now())


@task("billing.run_alerts")
def run_alerts() -> None:
    """Tell whose funds are low or used up; what is more than one task may last is left to another.

    Each task has one look at all balances, and does with as many as it can.
    """
    if alerts.run_alerts(moment=now()) == alerts.MOST:
        enqueue("billing.run_alerts")


@task("billing.check_record_import")
def check_record_import(import_id: int) -> None:
    """Check an uploaded file of customers or accounts; from its first row if a worker died."""
    checking.check_import(import_id)


@task("billing.apply_record_import")
def apply_record_import(import_id: int) -> None:
    """Make all that a checked file describes, once."""
    applying.apply_import(import_id)


@task("billing.mail_record_import")
def mail_record_import(import_id: int) -> None:
    """Mail the logins of an applied file their set-password links."""
    letters.mail_links(import_id)


@task("billing.resume_record_imports")
def resume_record_imports() -> None:
    """Send again what a lost message or a dead worker left lying."""
    leases.resume_stale()


@task("billing.purge_record_imports")
def purge_record_imports() -> None:
    """Empty the files that are older than a week."""
    leases.purge_rows()


@task("billing.render_invoice")
def render_invoice(invoice_id: int) -> None:
    """Make the files of an issued invoice or credit note, once, and mail it, once."""
    documents.deliver_invoice(invoice_id=invoice_id, by_trunk=trunk_shares)


@task("billing.resume_documents")
def resume_documents() -> None:
    """Ask again for the files and letters that a lost message left out."""
    documents.resume_documents()


@task("billing.expire_reservations")
def expire_reservations() -> None:
    """Give back what calls that nobody ended had reserved."""
    while reservations.expire_due(moment=now()) == reservations.BATCH:
        continue


@task("billing.top_up_due")
def top_up_due() -> None:
    """Charge the saved cards of balances that have too little."""
    top_ups.top_up_due(moment=now())


@task("billing.look_up_payments")
def look_up_payments() -> None:
    """Ask what became of online payments that no notice came about."""
    online.look_up_pending(moment=now())
