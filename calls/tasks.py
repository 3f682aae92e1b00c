"""Jobs of calls: reading CDR files, charging what waits, the months of the big tables, reports."""

from django.utils.timezone import now

from calls.services import archiving, charging, importing, months, rate_imports, traffic
from calls.services.daily_reports import retention as report_files
from calls.services.daily_reports import running as daily_reports
from calls.services.re_rating import running as re_ratings
from calls.services.what_if import running as what_ifs
from customers.selectors import system_actor
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


@task("calls.prepare_months")
def prepare_months() -> None:
    """Create the partitions of this month and the coming ones. Safe to repeat and to run twice."""
    months.prepare_months()


@task("calls.archive_months")
def archive_months() -> None:
    """Archive one month that retention lets go, and the others in tasks of their own."""
    if archiving.archive_next(actor=system_actor()) is not None:
        enqueue("calls.archive_months")


@task("calls.run_re_rating")
def run_re_rating(re_rating_id: int) -> None:
    """Preview, apply or undo a re-rating from where it stands. Safe to repeat; two take turns."""
    if not re_ratings.run_re_rating(re_rating_id=re_rating_id, seconds=READING_SECONDS):
        enqueue("calls.run_re_rating", re_rating_id=re_rating_id)


@task("calls.resume_re_ratings")
def resume_re_ratings() -> None:
    """Queue again the re-ratings that stand still."""
    re_ratings.resume_re_ratings()


@task("calls.run_what_if")
def run_what_if(what_if_id: int) -> None:
    """Answer a what-if on from where it stands. Safe to repeat; two at once do no harm."""
    if not what_ifs.run_what_if(what_if_id=what_if_id, seconds=READING_SECONDS):
        enqueue("calls.run_what_if", what_if_id=what_if_id)


@task("calls.resume_what_ifs")
def resume_what_ifs() -> None:
    """Queue again the what-ifs that stand still."""
    what_ifs.resume_what_ifs()


@task("calls.send_daily_reports")
def send_daily_reports() -> None:
    """Tell the automatic reports that are due. Safe to repeat; many at once share the work."""
    daily_reports.send_due(moment=now())


@task("calls.purge_report_files")
def purge_report_files() -> None:
    """Drop the files of old automatic reports. Safe to repeat and to run twice."""
    report_files.purge_files(moment=now())
