"""Takes an applied rate sheet back: the tariff as it was, but for what calls were charged by."""

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.choices import ImportState
from tariffs.models import RateImport, Tariff
from tariffs.services.tariffs import check_owner, touch

# Rates of the import that somebody closed or replaced since.
_TOUCHED = """
SELECT DISTINCT coalesce(nullif(r.prefix, ''), 'default') FROM tariffs_rateimporteffect e
LEFT JOIN tariffs_rate r ON r.id = e.rate_id
WHERE e.rate_import_id = %(import)s AND e.kind <> 'withdrawn'
  AND (r.id IS NULL OR r.valid_till IS DISTINCT FROM e.till_after)
LIMIT 5
"""
# Prefixes by which calls were charged since: there the past stays, and the change is from now on.
_CHARGED = """
DROP TABLE IF EXISTS charged_prefixes;
CREATE TEMPORARY TABLE charged_prefixes ON COMMIT DROP AS
SELECT DISTINCT prefix FROM tariffs_rate WHERE id = ANY(%(charged)s)
"""
_REMOVE = """
DELETE FROM tariffs_rate r USING tariffs_rateimporteffect e
WHERE e.rate_import_id = %(import)s AND e.kind = 'opened' AND r.id = e.rate_id
  AND r.id <> ALL(%(charged)s)
"""
_END = """
UPDATE tariffs_rate SET valid_till = %(now)s
WHERE id = ANY(%(charged)s) AND (valid_till IS NULL OR valid_till > %(now)s)
"""
_RESTORE = """
INSERT INTO tariffs_rate
SELECT (jsonb_populate_record(NULL::tariffs_rate, e.row || jsonb_build_object('valid_from',
    CASE WHEN p.prefix IS NULL THEN (e.row->>'valid_from')::timestamptz
         ELSE greatest((e.row->>'valid_from')::timestamptz, %(now)s) END))).*
FROM tariffs_rateimporteffect e LEFT JOIN charged_prefixes p ON p.prefix = e.row->>'prefix'
WHERE e.rate_import_id = %(import)s AND e.kind = 'withdrawn'
  AND (p.prefix IS NULL OR e.till_before IS NULL OR e.till_before > %(now)s)
ON CONFLICT DO NOTHING
"""
# What begins later stays and ends what is reopened, as it would have.
_REOPENED = """
DROP TABLE IF EXISTS reopened;
CREATE TEMPORARY TABLE reopened ON COMMIT DROP AS
SELECT r.id, p.prefix IS NOT NULL AS is_charged, least(e.till_before, (
    SELECT min(later.valid_from) FROM tariffs_rate later
    WHERE later.tariff_id = %(tariff)s AND later.prefix = r.prefix AND later.profile_id IS NULL
      AND later.valid_from > CASE WHEN p.prefix IS NULL THEN r.valid_from ELSE %(now)s END
)) AS till
FROM tariffs_rateimporteffect e JOIN tariffs_rate r ON r.id = e.rate_id
LEFT JOIN charged_prefixes p ON p.prefix = r.prefix
WHERE e.rate_import_id = %(import)s AND e.kind = 'ended'
"""
_REOPEN = """
UPDATE tariffs_rate SET valid_till = reopened.till FROM reopened
WHERE tariffs_rate.id = reopened.id AND NOT reopened.is_charged
"""
_CONTINUE = """
INSERT INTO tariffs_rate
SELECT (jsonb_populate_record(NULL::tariffs_rate, to_jsonb(r) || jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('tariffs_rate', 'id')),
    'valid_from', %(now)s, 'valid_till', reopened.till))).*
FROM reopened JOIN tariffs_rate r ON r.id = reopened.id
WHERE reopened.is_charged AND (reopened.till IS NULL OR reopened.till > %(now)s)
ON CONFLICT DO NOTHING
"""


def request_undo(*, actor: Actor, rate_import: RateImport) -> None:
    """Have an applied sheet rolled back by a job. A second request changes nothing.

    Locks the import's row; atomic with the audit row. Raises DomainError ``not_applied``.
    """
    check_owner(actor, rate_import.tariff, "tariffs.edit")
    with transaction.atomic():
        locked = RateImport.objects.select_for_update(of=("self",)).get(pk=rate_import.pk)
        if locked.state in {ImportState.UNDOING, ImportState.UNDONE}:
            return
        if locked.state != ImportState.APPLIED:
            raise DomainError("not_applied", _("Only an applied sheet can be rolled back."))
        locked.state, locked.failure = ImportState.UNDOING, ""
        locked.save()
        record(
            actor=actor,
            customer=actor.customer,
            action="rates_rolled_back",
            subject=f"{locked.tariff}: {locked.file_name}",
        )
        enqueue("calls.roll_back_import", import_id=locked.pk)


def undo_import(*, import_id: int, charged: Collection[int]) -> bool:
    """Take back an import in state ``undoing``, in the caller's transaction; whether it was.

    ``charged`` are its rates by which calls were charged, and no more may be charged until the
    transaction ends: those rates end now and what they had replaced goes on from now. All others
    are removed, what they closed is reopened, what they withdrew is announced again. Locks the
    tariff, then the import. If a rate of the import was changed since, nothing is done and the
    import says so.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Rolling back needs a transaction that holds off charging.")
    tariff_id = RateImport.objects.values_list("tariff_id", flat=True).get(pk=import_id)
    tariff = Tariff.objects.select_for_update(no_key=True).get(pk=tariff_id)
    rate_import = RateImport.objects.select_for_update(of=("self",)).get(pk=import_id)
    if rate_import.state != ImportState.UNDOING:
        return False
    values = {
        "import": import_id,
        "tariff": tariff.pk,
        "charged": list(charged),
        "now": now(),
    }
    touched = _touched(values)
    if touched:
        rate_import.state = ImportState.APPLIED
        rate_import.failure = _(
            "Not rolled back: rates were changed since (%(names)s). Take those changes back first."
        ) % {"names": listed(touched)}
    else:
        _take_back(values)
        touch(tariff)
        rate_import.state = ImportState.UNDONE
    rate_import.save()
    return not touched


def _touched(values: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, values)
        return sorted(prefix for (prefix,) in cursor.fetchall())


def _take_back(values: dict[str, Any]) -> None:
    statements = (_CHARGED, _REMOVE, _END, _RESTORE, _REOPENED, _REOPEN, _CONTINUE)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
