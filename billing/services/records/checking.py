"""Checks an uploaded file row by row; nothing is written but what was found."""

from collections.abc import Iterator
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from billing.parsers.records import Row
from billing.selectors.records.jobs import uploader_of
from billing.services.records.accounts import AccountPlan
from billing.services.records.customers import CustomerPlan
from billing.services.records.leases import LeaseLost, renew, take
from billing.services.records.telling import tell_end
from customers.choices import ImportState, RecordKind
from customers.models import RecordImport
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

BATCH = 500
NO_RIGHT = gettext_noop("You no longer have the right to import this.")

AnyPlan = CustomerPlan | AccountPlan


def check_import(import_id: int) -> None:
    """Check all rows of a waiting import and note every error.

    Each batch notes the progress; a killed check starts again from the first row. Ends in state
    ``checked``, or ``failed`` where a single row is wrong, which is told. Does nothing for
    an import that is checked, or held by another worker.
    """
    held = take(import_id)
    if held is None:
        return
    job = RecordImport.objects.select_related("owner", "user__customer").get(pk=import_id)
    try:
        _check(job, held)
    except LeaseLost:
        return


def plan_for(job: RecordImport, actor: Actor) -> AnyPlan:
    """What reads the rows of a file of this kind, for the one who uploaded it."""
    return CustomerPlan(actor) if job.kind == RecordKind.CUSTOMER else AccountPlan(actor)


def batches(rows: list[Row]) -> Iterator[list[Row]]:
    """The rows in pieces."""
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _check(job: RecordImport, held: datetime) -> None:
    try:
        plan = plan_for(job, uploader_of(job))
    except (DomainError, PermissionDenied) as error:
        reason = error.message if isinstance(error, DomainError) else NO_RIGHT
        with transaction.atomic():
            renew(job.pk, held, state=ImportState.FAILED, reason=reason, finished_at=now())
            tell_end(job=job, state=ImportState.FAILED, errors=0)
        return
    done = 0
    for batch in batches(job.rows):
        plan.read(batch)
        done += len(batch)
        held = renew(job.pk, held, done=done)
    state = ImportState.FAILED if plan.problems else ImportState.CHECKED
    wrong = len(plan.problems)
    with transaction.atomic():
        renew(job.pk, held, state=state, errors=plan.problems, wrong=wrong)
        if state == ImportState.FAILED:
            tell_end(job=job, state=state, errors=wrong)
