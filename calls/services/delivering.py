"""Takes calls that a switch posts: stored before it is answered."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from django.db import transaction
from django.utils.translation import gettext as _

from calls.choices import CdrFormat, CdrImportState
from calls.models import CdrImport, Switch
from calls.parsers.generic_objects import parse_objects
from calls.parsers.record import LineError, OpenCall, ParsedCall, ParseOptions, ParseReport
from calls.parsers.registry import parse_calls
from calls.services.importing import keep_errors
from calls.services.ingest import StoreReport, store_calls
from calls.services.open_transactions import carried_halves, keep_leftovers, unfinished_imports
from softswitch.core.display import spoken
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

MAX_CALLS = 10_000  # of one delivery
SOURCE = "POST /api/v1/cdrs"


def deliver_objects(*, switch: Switch, objects: Sequence[object]) -> StoreReport:
    """Store calls given as JSON objects of our own fields (calls.parsers.generic_objects).

    Atomic and safe to repeat. Raises DomainError ``too_many``.
    """
    _check_count(objects)
    items = list(parse_objects(objects, ParseOptions(zone=switch.timezone)))
    with transaction.atomic():
        return _store(switch, CdrFormat.GENERIC_CSV, items)


def deliver_file(
    *, switch: Switch, format_name: str, body: bytes, template: str = ""
) -> StoreReport:
    """Store the calls of a small file in one of the known formats.

    Atomic and safe to repeat. Transactions that wait for their other half are kept for the next
    delivery; those of one switch are taken one delivery after the other. Raises DomainError
    ``format``, ``unreadable``, ``too_many`` or ``import_unfinished``.
    """
    if format_name not in CdrFormat.values:
        known = ", ".join(CdrFormat.values)
        raise DomainError(
            "format", _("Unknown format; known are: %(known)s.") % {"known": known}, field="format"
        )
    with transaction.atomic():
        carry = _carry(switch, format_name)
        options = ParseOptions(zone=switch.timezone, template=template, carry=carry)
        report = ParseReport()
        items = list(parse_calls(format_name, BytesIO(body), options, report))
        if report.stopped:
            raise DomainError("unreadable", spoken(report.stopped))
        _check_count(items)
        if format_name == CdrFormat.KAMAILIO_ACC:
            keep_leftovers(switch=switch, leftovers=report.leftovers)
            items = _without_waiting(items, report.leftovers)
        return _store(switch, format_name, items)


def _check_count(items: Sequence[object]) -> None:
    if len(items) > MAX_CALLS:
        raise DomainError(
            "too_many",
            _("At most %(most)s calls at once.") % {"most": MAX_CALLS},
            field="calls",
        )


def _carry(switch: Switch, format_name: str) -> tuple[OpenCall, ...]:
    if format_name != CdrFormat.KAMAILIO_ACC:
        return ()
    carry = carried_halves(switch=switch)
    if unfinished_imports(switch=switch):
        message = _("A transaction file of this switch is still being read: try again later.")
        raise DomainError("import_unfinished", message)
    return carry


def _without_waiting(
    items: Iterable[ParsedCall | LineError], leftovers: Iterable[OpenCall]
) -> list[ParsedCall | LineError]:
    """Leave out the reports of halves that are kept for the next delivery: nothing is wrong."""
    waiting = {half.line for half in leftovers}
    return [i for i in items if isinstance(i, ParsedCall) or i.line not in waiting]


def _store(
    switch: Switch, format_name: str, items: Sequence[ParsedCall | LineError]
) -> StoreReport:
    """Store the calls and queue their charging; what is rejected is kept for the operator."""
    report = store_calls(
        switch=switch, calls=[item for item in items if isinstance(item, ParsedCall)]
    )
    errors = [item for item in items if isinstance(item, LineError)]
    report.rejected = sorted(errors + report.rejected)
    if report.rejected:
        job = CdrImport.objects.create(
            switch=switch,
            format=format_name,
            file_name=SOURCE,
            state=CdrImportState.DONE,
            records_done=len(items),
            calls_new=report.new,
            calls_repeated=report.repeated,
            calls_conflicting=report.conflicting,
        )
        keep_errors(job=job, errors=report.rejected)
        job.save(update_fields=["lines_rejected"])
    if report.new:
        enqueue("calls.charge_pending")
    return report
