"""What people do with a file of records: upload it, once it is checked apply it, or discard it."""

from typing import IO

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.parsers.records import Records, read_records
from billing.selectors.records.columns import REQUIRED, columns_of, headings
from billing.selectors.records.jobs import DISCARDABLE, may_import, rights_of_uploader
from billing.services.records.leases import QUIET
from billing.services.records.passwords import without_passwords
from customers.choices import ImportState
from customers.models import RecordImport
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import spoken
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.parsers.workbook import UnreadableError

MAX_BYTES = 20 * 1024 * 1024
MOST_ROWS = 20_000
STARTED = (ImportState.APPLYING, ImportState.APPLIED)
STARTED_TEXT = gettext_lazy("This file is being applied, or was: it cannot be discarded.")


def start_import(*, actor: Actor, kind: str, file: IO[bytes], size: int, name: str) -> RecordImport:
    """Keep the rows of an uploaded file and have them checked by a job; nothing is made yet.

    ``kind`` is one of RecordKind, ``size`` in bytes. SIP passwords are digested here and never
    stored. Atomic with the audit row. Raises PermissionDenied, or DomainError ``file`` for what is
    wrong with the file as a whole.
    """
    if actor.user is None or not may_import(actor, kind):
        raise PermissionDenied
    records = _read(actor, kind, file, size)
    with transaction.atomic():
        job: RecordImport = RecordImport.objects.create(
            owner=actor.customer,
            user=actor.user,
            stack=list(actor.stack),
            ip=actor.ip,
            kind=kind,
            filename=name[-200:],
            state=ImportState.CHECKING,
            columns=records.columns,
            rows=without_passwords(records.rows),
            total=len(records.rows),
        )
        record(actor=actor, customer=actor.customer, action="records_uploaded", subject=job)
        enqueue("billing.check_record_import", import_id=job.pk)
    return job


def request_apply(*, actor: Actor, job: RecordImport) -> None:
    """Have a checked file applied by a job; pressing twice changes nothing.

    The job acts with the rights of who uploaded it, which the actor must hold too. Locks the
    import's row. Raises PermissionDenied, or DomainError ``not_ready``.
    """
    if job.owner_id != actor.customer_id or not may_import(actor, job.kind):
        raise PermissionDenied
    if not rights_of_uploader(job) <= actor.rights:
        raise PermissionDenied
    if job.state in STARTED:  # its row is locked while it is being applied
        return
    with transaction.atomic():
        rows = RecordImport.objects.light().select_for_update(of=("self",), no_key=True)
        locked: RecordImport = rows.get(pk=job.pk)
        if locked.state in STARTED:
            return
        if locked.state != ImportState.CHECKED:
            raise DomainError("not_ready", _("Only a file without errors is applied."))
        locked.state = ImportState.APPLYING
        locked.leased_till = now() + QUIET
        locked.save(update_fields=["state", "leased_till"])
        enqueue("billing.apply_record_import", import_id=job.pk)


def discard_import(*, actor: Actor, job: RecordImport) -> None:
    """Throw away the rows and errors of a file that was not applied; twice changes nothing.

    That it was uploaded stays, with when and by whom. A worker that checks it finds its lease lost.
    Locks the import's row; atomic with the audit row. Raises PermissionDenied, or DomainError
    ``started`` for a file that is being applied, or was.
    """
    if job.owner_id != actor.customer_id or not may_import(actor, job.kind):
        raise PermissionDenied
    if job.state in STARTED:  # its row is locked while it is being applied
        raise DomainError("started", str(STARTED_TEXT))
    with transaction.atomic():
        rows = RecordImport.objects.light().select_for_update(of=("self",), no_key=True)
        locked: RecordImport = rows.get(pk=job.pk)
        if locked.state in STARTED:
            raise DomainError("started", str(STARTED_TEXT))
        if locked.state not in DISCARDABLE:
            return
        locked.state, locked.leased_till = ImportState.DISCARDED, None
        locked.rows, locked.errors = [], []
        locked.save(update_fields=["state", "leased_till", "rows", "errors"])
        record(actor=actor, customer=actor.customer, action="records_discarded", subject=locked)


def _read(actor: Actor, kind: str, file: IO[bytes], size: int) -> Records:
    if not 0 < size <= MAX_BYTES:
        raise DomainError("file", _("The file is empty or larger than 20 MB."), field="file")
    names = headings(columns_of(actor, kind))
    try:
        return read_records(file, names=names, required=REQUIRED[kind], most=MOST_ROWS)
    except UnreadableError as error:
        raise DomainError("file", spoken(error), field="file") from error
