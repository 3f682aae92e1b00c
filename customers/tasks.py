"""Background work of the tree, of signing in and of the wizard's drafts."""

import logging

from customers.services import drafts, sessions
from customers.services.tree import broken_nodes
from softswitch.core.jobs import task

logger = logging.getLogger(__name__)


@task("customers.check_tree")
def check_tree() -> None:
    """Compare the nested sets with the parents, nightly; what contradicts is logged as an error."""
    broken = broken_nodes()
    if broken:
        logger.error("The tree contradicts itself at customers %s", broken[:100])


@task("customers.purge_sign_ins")
def purge_sign_ins() -> None:
    """Forget old tries to sign in, and sessions that are over, nightly."""
    sessions.purge()


@task("customers.purge_drafts")
def purge_drafts() -> None:
    """Forget the drafts of the wizard that are a day old."""
    drafts.purge_drafts()
