"""Checks an uploaded rate sheet: reads it in batches into staged lines, then compares them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, tzinfo
from itertools import islice
from typing import IO, Any

from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from softswitch.core.display import spoken
from tariffs.choices import Change, ImportState
from tariffs.models import RateImport, RateImportError, Tariff
from tariffs.parsers.destinations import country_code
from tariffs.parsers.layout import Layout
from tariffs.parsers.rates import BadLine, RateLine, read_rates
from tariffs.parsers.workbook import UnreadableError
from tariffs.services.imports.comparing import compare
from tariffs.services.imports.leases import LeaseLost, renew, take
from tariffs.services.imports.naming import name_places
from tariffs.services.imports.outlining import look_into
from tariffs.services.imports.telling import tell_end

BATCH = 5_000
MOST_ERRORS = 10_000
_STAGE = (
    "COPY tariffs_rateimportrow (rate_import_id, line, change, prefix, destination, country,"
    " price_1, price_n, interval_1, interval_n, is_forbidden, grace_enabled, valid_from,"
    " valid_till) FROM STDIN"
)


def check_import(import_id: int) -> None:
    """Read the sheet of a waiting import and find what it would change.

    Where a person is to confirm the columns first, only the first lines are read, and the import
    ends in state ``columns``. Each batch is its own transaction with the progress; a killed check
    starts again from zero. The comparison is one transaction under the lock of the tariff's row.
    Ends in state ``ready``, or ``rejected`` if a single line is wrong. Does nothing for an import
    that is checked, held by another worker or cancelled.
    """
    held = take(import_id)
    if held is None:
        return
    rate_import = RateImport.objects.select_related("tariff").get(pk=import_id)
    try:
        if rate_import.asks_columns and not rate_import.layout:
            _outline(rate_import, held)
            return
        held = _stage(rate_import, held)
        _analyze()
        _compare(rate_import, held)
    except LeaseLost:
        return


def _outline(rate_import: RateImport, held: datetime) -> None:
    with ExitStack() as stack, transaction.atomic():
        try:
            found = look_into(rate_import, *_files(rate_import, stack))
        except UnreadableError as error:
            found = {"failure": spoken(error)}
        state = ImportState.REJECTED if "failure" in found else ImportState.COLUMNS
        held = renew(rate_import.pk, held, state=state, **found)
        if state == ImportState.REJECTED:
            tell_end(rate_import=rate_import, state=state, errors=0, check=held.isoformat())


def _files(rate_import: RateImport, stack: ExitStack) -> tuple[IO[bytes], IO[bytes] | None]:
    """The sheet, and the file of codes if there is one."""
    codes = rate_import.codes_file
    file = stack.enter_context(rate_import.file.open("rb"))
    return file, stack.enter_context(codes.open("rb")) if codes else None


def _stage(rate_import: RateImport, held: datetime) -> datetime:
    with transaction.atomic():
        held = renew(rate_import.pk, held)
        rate_import.rows.all().delete()
        rate_import.errors.all().delete()
    start = rate_import.effective_at or now()
    done = errors = 0
    zone: tzinfo = rate_import.tariff.timezone
    layout = Layout.of_json(rate_import.layout) if rate_import.layout else None
    with ExitStack() as stack:
        file, codes = _files(rate_import, stack)
        lines = read_rates(
            file,
            zone,
            layout=layout,
            currency=rate_import.tariff.currency_id,
            codes_file=codes,
        )
        for batch in _batches(lines):
            done = max(done, batch[-1].line)
            with transaction.atomic():
                held = renew(rate_import.pk, held, rows_done=done)
                errors += _store(rate_import.pk, batch, start)
            if errors >= MOST_ERRORS:
                text = _("Reading stopped at %(errors)s rejected lines.") % {"errors": errors}
                return renew(rate_import.pk, held, failure=text)
    return held


def _store(import_id: int, batch: list[RateLine | BadLine], start: datetime) -> int:
    """Stage the good lines and keep the bad ones; the number of the latter."""
    bad = [item for item in batch if isinstance(item, BadLine)]
    RateImportError.objects.bulk_create(
        RateImportError(
            rate_import_id=import_id,
            line=item.line,
            field=item.field,
            reason=spoken(item.reason)[:300],
            raw=item.raw[:500],
        )
        for item in bad
    )
    with connection.cursor() as cursor, cursor.copy(_STAGE) as copy:
        for item in batch:
            if isinstance(item, RateLine):
                copy.write_row(_columns(import_id, item, start))
    return len(bad)


def _columns(import_id: int, line: RateLine, start: datetime) -> tuple[Any, ...]:
    return (
        import_id,
        line.line,
        Change.CLOSED.value if line.is_closed else Change.NEW.value,
        line.prefix,
        line.destination[:120],
        country_code(line.country),
        line.price_1,
        line.price_n,
        line.interval_1,
        line.interval_n,
        line.is_forbidden,
        line.grace_enabled,
        line.valid_from or start,
        line.valid_till,
    )


def _compare(rate_import: RateImport, held: datetime) -> None:
    """Compare under the tariff's lock, so that the revision noted is the one compared with."""
    with transaction.atomic():
        tariff = Tariff.objects.select_for_update(no_key=True).get(pk=rate_import.tariff_id)
        held = renew(rate_import.pk, held)
        counts = compare(rate_import, tariff)
        name_places(rate_import.pk)
        rejected = counts["rejected"]
        state = ImportState.REJECTED if rejected else ImportState.READY
        held = renew(
            rate_import.pk,
            held,
            state=state,
            counts=counts,
            revision_checked=tariff.rates_revision,
        )
        if rejected:
            check = held.isoformat()
            tell_end(rate_import=rate_import, state=state, errors=rejected, check=check)


def _analyze() -> None:
    """Tell the planner how many lines there are; it takes a table filled just now for a small one.

    Without this, 100,000 lines are compared by 100,000 walks through the whole tariff.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tariffs_rateimportrow, tariffs_rate")


def _batches(items: Iterable[RateLine | BadLine]) -> Iterator[list[RateLine | BadLine]]:
    source = iter(items)
    while batch := list(islice(source, BATCH)):
        yield batch
