"""Jobs of calls: reading CDR files, charging what waits."""

from calls.services import charging, importing, rate_imports, traffic
from calls.services.what_if import running
from softswitch.core.jobs import enqueue, task

# A task has ten minutes; a long file goes on in the next one, by its cursor.
READING_SECONDS = 480.0
BATCHES_AT_ONCE = 200


@task("calls.run_import")
def run_import(import_id: int) -> None:
    """Read a CDR file on from where it stands. Safe to repeat; two at once do no harm."""
    if not importing.run_import(import_id=import_id, seconds=READING_SECONDS):
        enqueue("calls.run_import", import_id=import_id)


@task("calls.resume_imports")
def resume_imports() -> None:
    """Queue again the files that stand still."""
    importing.resume_imports()


@task("calls.charge_pending")
def charge_pending() -> None:
    """Charge the calls that wait. Safe to repeat; two at once share the work."""
    if not charging.charge_pending(batches=BATCHES_AT_ONCE).is_finished:
        enqueue("calls.charge_pending")


@task("calls.roll_back_import")
def roll_back_import(import_id: int) -> None:
    """Take an applied rate sheet back, once."""
    rate_imports.roll_back_import(import_id)


@task("calls.fold_traffic")
def fold_traffic() -> None:
    """Fold what charging added to the sums of the reports. Safe to repeat; two take turns."""
    if traffic.fold_traffic() == traffic.FOLDED_AT_ONCE:
        enqueue("calls.fold_traffic")


@task("calls.run_what_if")
def run_what_if(what_if_id: int) -> None:
    """Answer a what-if on from where it stands. Safe to repeat; two at once do no harm."""
    if not running.run_what_if(what_if_id=what_if_id, seconds=READING_SECONDS):
        enqueue("calls.run_what_if", what_if_id=what_if_id)


@task("calls.resume_what_ifs")
def resume_what_ifs() -> None:
    """Queue again the what-ifs that stand still."""
    running.resume_what_ifs()
