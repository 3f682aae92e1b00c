"""Jobs of calls: reading CDR files, charging what waits."""

from calls.services import importing
from softswitch.core.jobs import enqueue, task

# A task has ten minutes; a long file goes on in the next one, by its cursor.
READING_SECONDS = 480.0


@task("calls.run_import")
def run_import(import_id: int) -> None:
    """Read a CDR file on from where it stands. Safe to repeat; two at once do no harm."""
    if not importing.run_import(import_id=import_id, seconds=READING_SECONDS):
        enqueue("calls.run_import", import_id=import_id)


@task("calls.resume_imports")
def resume_imports() -> None:
    """Queue again the files that stand still."""
    importing.resume_imports()
