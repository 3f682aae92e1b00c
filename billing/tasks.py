"""Jobs of billing: the nightly proof of the ledger."""

import logging
from itertools import chain

from billing.services import verify
from calls.services import verify as verify_calls
from softswitch.core.jobs import task

logger = logging.getLogger(__name__)


@task("billing.verify_ledger")
def verify_ledger() -> None:
    """Log every difference in the ledger; ``manage.py verify_ledger`` says the same."""
    with verify.snapshot():
        for line in chain(verify.differences(), verify_calls.differences()):
            logger.error("ledger: %s", line)
