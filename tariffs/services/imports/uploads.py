"""What people do with a rate import: upload a sheet, apply it, cancel it."""

from datetime import datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.timezone import now

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.choices import ImportState
from tariffs.models import RateImport, Tariff
from tariffs.services.tariffs import check_owner

MAX_BYTES = 100 * 1024 * 1024
OPEN_STATES = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.READY, ImportState.REJECTED)


def start_import(
    *,
    actor: Actor,
    tariff: Tariff,
    file: "File[bytes]",
    name: str,
    is_full_replacement: bool = False,
    effective_at: datetime | None = None,
    by_job: bool = True,
) -> RateImport:
    """Keep an uploaded sheet and have it checked by a job; nothing of the tariff changes yet.

    ``effective_at`` is the start of lines without a date (None: when the sheet is applied).
    ``is_full_replacement``: prefixes that the sheet does not hold are closed. Without ``by_job``
    the caller runs ``check_import`` itself. Atomic with the audit row. Raises DomainError ``file``
    for an empty or too large one.
    """
    check_owner(actor, tariff, "tariffs.edit")
    if not 0 < file.size <= MAX_BYTES:
        raise DomainError("file", "The file is empty or larger than 100 MB.", field="file")
    with transaction.atomic():
        rate_import = RateImport.objects.create(
            tariff=tariff,
            file=file,
            file_name=name[:255],
            is_full_replacement=is_full_replacement,
            effective_at=effective_at,
            created_by=actor.user,
        )
        record(
            actor=actor,
            customer=actor.customer,
            action="rates_uploaded",
            subject=f"{tariff}: {name}",
        )
        if by_job:
            enqueue("tariffs.check_import", import_id=rate_import.pk)
    return rate_import


def request_apply(*, actor: Actor, rate_import: RateImport, by_job: bool = True) -> None:
    """Have a checked sheet applied by a job. A second request changes nothing.

    Without ``by_job`` the caller runs ``apply_import`` itself. Locks the import's row; atomic with
    the audit row. Raises DomainError ``rejected_lines`` or ``not_ready``.
    """
    check_owner(actor, rate_import.tariff, "tariffs.edit")
    with transaction.atomic():
        locked = RateImport.objects.select_for_update(of=("self",)).get(pk=rate_import.pk)
        if locked.state in {ImportState.APPLYING, ImportState.APPLIED}:
            return
        if locked.state == ImportState.REJECTED:
            raise DomainError(
                "rejected_lines",
                "A sheet is applied as a whole. Correct the rejected lines and upload it again.",
            )
        if locked.state != ImportState.READY:
            raise DomainError("not_ready", "The sheet has not been checked yet.")
        _set_state(locked, ImportState.APPLYING)
        record(
            actor=actor,
            customer=actor.customer,
            action="rates_imported",
            subject=f"{locked.tariff}: {locked.file_name}",
            changes={name: ["", count] for name, count in sorted(locked.counts.items())},
        )
        if by_job:
            enqueue("tariffs.apply_import", import_id=locked.pk)


def cancel_import(*, actor: Actor, rate_import: RateImport) -> None:
    """Give up a sheet that is not applied; its staged lines go. Locks the import's row.

    A job that still checks it notices and stops. Raises DomainError ``applied``.
    """
    check_owner(actor, rate_import.tariff, "tariffs.edit")
    with transaction.atomic():
        locked = RateImport.objects.select_for_update(of=("self",)).get(pk=rate_import.pk)
        if locked.state == ImportState.CANCELLED:
            return
        if locked.state not in OPEN_STATES:
            raise DomainError("applied", "The sheet is applied already.")
        _set_state(locked, ImportState.CANCELLED)
        locked.rows.all().delete()
        record(
            actor=actor,
            customer=actor.customer,
            action="rate_import_cancelled",
            subject=f"{locked.tariff}: {locked.file_name}",
        )


def _set_state(rate_import: RateImport, state: ImportState) -> None:
    rate_import.state = state
    rate_import.updated_at = now()
    rate_import.save(update_fields=["state", "updated_at"])
