"""Applies a checked file: all rows in one transaction, once."""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from billing.selectors.records.jobs import uploader_of
from billing.services.records.cells import Problem
from billing.services.records.checking import NO_RIGHT, AnyPlan, batches, plan_for
from billing.services.records.telling import tell_end
from customers.choices import ImportState
from customers.models import RecordImport
from customers.services.audit import record
from customers.services.holding import hold
from customers.services.tree import lock_below
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

CHANGED = gettext_noop("Something has changed since the check. Nothing was imported.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the logins made, or why nothing was."""

    users: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reason: str = ""


def apply_import(import_id: int) -> None:
    """Make everything that an import in state ``applying`` describes; else nothing happens.

    One transaction, from the lock of the import's row on: a second worker finds it locked or done,
    and of a worker that dies nothing stays, so that the sweep starts it again. All rows are checked
    again under the lock of the tree, with the owner held; if anything is wrong by now, the import
    fails with the rows named, and nothing is written.
    """
    with transaction.atomic():
        rows = RecordImport.objects.select_related("owner", "user__customer")
        locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
        job = locked.filter(pk=import_id, state=ImportState.APPLYING).first()
        if job is not None:
            _finish(job, _try(job))


def _try(job: RecordImport) -> Outcome:
    """Write all rows, or none."""
    try:
        return _write(job, uploader_of(job))
    except PermissionDenied:
        return Outcome(reason=NO_RIGHT)
    except DomainError as error:
        return Outcome(reason=error.message)


def _write(job: RecordImport, actor: Actor) -> Outcome:
    try:
        with transaction.atomic():
            lock_below(actor.customer)
            hold(actor=actor, customers=[actor.customer])
            plan = _read(job, actor)
            if plan.problems:
                return Outcome(problems=plan.problems, reason=CHANGED)
            users = plan.write()
            _tell(job, actor)
    except IntegrityError:
        # Somebody below another top, which has a lock of its own, was quicker with a name.
        problems = _read(job, actor).problems
        if not problems:
            raise
        return Outcome(problems=problems, reason=CHANGED)
    return Outcome(users=[user.pk for user in users])


def _read(job: RecordImport, actor: Actor) -> AnyPlan:
    plan = plan_for(job, actor)
    for batch in batches(job.rows):
        plan.read(batch)
    return plan


def _tell(job: RecordImport, actor: Actor) -> None:
    changes = {"rows": ["", job.total]}
    action = f"{job.kind}s_imported"
    record(actor=actor, customer=job.owner, action=action, subject=job, changes=changes)


def _finish(job: RecordImport, outcome: Outcome) -> None:
    state = ImportState.FAILED if outcome.reason else ImportState.APPLIED
    job.state = state
    job.reason, job.finished_at, job.leased_till = outcome.reason, now(), now()
    job.errors, job.wrong = outcome.problems, len(outcome.problems)
    if not outcome.reason:
        job.rows, job.new_users, job.letters = [], outcome.users, len(outcome.users)
    job.save()
    tell_end(job=job, state=state, errors=job.wrong)
    if job.letters:
        enqueue("billing.mail_record_import", import_id=job.pk)
