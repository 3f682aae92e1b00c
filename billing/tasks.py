"""Jobs of billing: dunning, imports of records, the nightly proof of the ledger."""

import logging
from itertools import chain

from django.utils.timezone import now

from billing.services import dunning, verify
from billing.services.records import applying, checking, leases, letters
from calls.services import verify as verify_calls
from softswitch.core.jobs import task

logger = logging.getLogger(__name__)


@task("billing.verify_ledger")
def verify_ledger() -> None:
    """Log every difference in the ledger; ``manage.py verify_ledger`` says the same."""
    with verify.snapshot():
        for line in chain(verify.differences(), verify_calls.differences()):
            logger.error("ledger: %s", line)


@task("billing.run_dunning")
def run_dunning() -> None:
    """Remind, mark overdue, suspend and lift what is due now in each zone."""
    dunning.run_dunning(moment=now())


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
