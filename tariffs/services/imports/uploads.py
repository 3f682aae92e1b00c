"""What people do with a rate import: upload a sheet, say what its columns are, apply, cancel."""

from datetime import datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.choices import ImportState
from tariffs.models import ImportProfile, RateImport, Tariff
from tariffs.parsers.columns import IGNORED
from tariffs.parsers.layout import Layout
from tariffs.parsers.outline import heading_of, heads_key, outlined_lines
from tariffs.services.tariffs import check_owner

MAX_BYTES = 100 * 1024 * 1024
DECIDED_STATES = (ImportState.COLUMNS, ImportState.READY, ImportState.REJECTED)
OPEN_STATES = (ImportState.UPLOADED, ImportState.CHECKING, *DECIDED_STATES)


def start_import(
    *,
    actor: Actor,
    tariff: Tariff,
    file: "File[bytes]",
    name: str,
    is_full_replacement: bool = False,
    effective_at: datetime | None = None,
    codes_file: "File[bytes] | None" = None,
    asks_columns: bool = False,
    by_job: bool = True,
) -> RateImport:
    """Keep an uploaded sheet and have it checked by a job; nothing of the tariff changes yet.

    ``effective_at`` is the start of lines without a date (None: when the sheet is applied).
    ``is_full_replacement``: prefixes that the sheet does not hold are closed. ``codes_file`` gives
    the codes of destinations. ``asks_columns``: the check waits for ``choose_columns``. Without
    ``by_job`` the caller runs ``check_import`` itself. Atomic with the audit row. Raises
    DomainError ``file`` for an empty or too large one.
    """
    check_owner(actor, tariff, "tariffs.edit")
    _check_size(file, "file")
    _check_size(codes_file, "codes_file")
    with transaction.atomic():
        rate_import = RateImport.objects.create(
            tariff=tariff,
            file=file,
            file_name=name[:255],
            codes_file=codes_file or "",
            codes_file_name=str(codes_file.name)[:255] if codes_file else "",
            asks_columns=asks_columns,
            is_full_replacement=is_full_replacement,
            effective_at=effective_at,
            created_by=actor.user,
        )
        subject = f"{tariff}: {name}"
        record(actor=actor, customer=actor.customer, action="rates_uploaded", subject=subject)
        if by_job:
            enqueue("tariffs.check_import", import_id=rate_import.pk)
    return rate_import


def _check_size(file: "File[bytes] | None", field: str) -> None:
    if file is not None and not 0 < file.size <= MAX_BYTES:
        raise DomainError("file", _("The file is empty or larger than 100 MB."), field=field)


def choose_columns(
    *,
    actor: Actor,
    rate_import: RateImport,
    layout: Layout,
    is_full_replacement: bool,
    effective_at: datetime | None,
    profile_name: str = "",
) -> RateImport:
    """Have a sheet checked as ``layout`` says, by a job; kept under ``profile_name`` if given.

    Locks the import's row; atomic with the profile. A sheet that is being checked or applied is
    refused (DomainError ``not_now``), so is a layout without code or price, or with a field twice
    (``layout``).
    """
    check_owner(actor, rate_import.tariff, "tariffs.edit")
    _check_layout(layout)
    with transaction.atomic():
        locked = RateImport.objects.select_for_update(of=("self",)).get(pk=rate_import.pk)
        if locked.state not in DECIDED_STATES:
            raise DomainError("not_now", _("The columns of this sheet cannot be changed any more."))
        locked.layout = layout.as_json()
        locked.is_full_replacement = is_full_replacement
        locked.effective_at = effective_at
        locked.profile_name = profile_name.strip()
        locked.state = ImportState.UPLOADED
        locked.save()
        if locked.profile_name:
            _keep_profile(locked, layout)
        enqueue("tariffs.check_import", import_id=locked.pk)
    return locked


def _check_layout(layout: Layout) -> None:
    named = [field for field in layout.columns if field != IGNORED]
    twice = sorted({field for field in named if named.count(field) > 1})
    if twice:
        raise DomainError("layout", _("A field stands for one column only."))
    columns = layout.places
    if not columns.has_prices:
        raise DomainError("layout", _("Say which column holds the price."))
    if layout.codes_sheet and not columns.has_names:
        raise DomainError("layout", _("Say which column holds the destination: codes go by it."))
    if not layout.codes_sheet and not columns.has_codes:
        raise DomainError("layout", _("Say which column holds the code."))


def _keep_profile(rate_import: RateImport, layout: Layout) -> None:
    """Keep the layout for sheets with the same headings, under its name or a new one."""
    lines = outlined_lines(rate_import.outline, layout.sheet)
    profiles = ImportProfile.objects.filter(tariff=rate_import.tariff)
    known = profiles.filter(name__iexact=rate_import.profile_name).first()
    if known is None:
        known = ImportProfile(tariff=rate_import.tariff, name=rate_import.profile_name)
    known.heads = heads_key(heading_of(lines, layout.head))
    known.layout = layout.as_json()
    known.save()


def request_apply(
    *,
    actor: Actor,
    rate_import: RateImport,
    leaves_out_rejected: bool = False,
    notifies: bool = False,
    by_job: bool = True,
) -> None:
    """Have a checked sheet applied by a job. A second request changes nothing.

    ``leaves_out_rejected``: without the lines that were rejected, if there are any.
    ``notifies``: the customers that pay by the tariff are then mailed the changes. Without
    ``by_job`` the caller runs ``apply_import`` itself. Locks the import's row; atomic with the
    audit row. Raises DomainError ``rejected_lines`` or ``not_ready``.
    """
    check_owner(actor, rate_import.tariff, "tariffs.edit")
    with transaction.atomic():
        locked = RateImport.objects.select_for_update(of=("self",)).get(pk=rate_import.pk)
        if locked.state in {ImportState.APPLYING, ImportState.APPLIED}:
            return
        is_partial = locked.state == ImportState.REJECTED
        if is_partial:
            _check_partial(locked, leaves_out_rejected=leaves_out_rejected)
        elif locked.state != ImportState.READY:
            raise DomainError("not_ready", _("The sheet has not been checked yet."))
        locked.is_partial, locked.notifies = is_partial, notifies
        locked.save(update_fields=["is_partial", "notifies"])
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


def _check_partial(rate_import: RateImport, *, leaves_out_rejected: bool) -> None:
    """Whether a sheet with rejected lines may be applied without them."""
    if not leaves_out_rejected:
        text = _("A sheet is applied as a whole. Correct the rejected lines, or leave them out.")
        raise DomainError("rejected_lines", text)
    if not may_leave_out(rate_import):
        text = _("Rejected lines cannot be left out here: a complete sheet closes what it lacks.")
        raise DomainError("rejected_lines", text)


def may_leave_out(rate_import: RateImport) -> bool:
    """Whether the rejected lines of a sheet may be left out.

    Not those of a complete sheet, which would close their prefixes, nor of one that was not read
    to its end.
    """
    is_whole = rate_import.is_full_replacement or rate_import.failure
    return rate_import.state == ImportState.REJECTED and not is_whole


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
            raise DomainError("applied", _("The sheet is applied already."))
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
