"""Keeps the halves of Kamailio calls whose other half comes with the switch's next delivery."""

import hashlib
from collections.abc import Iterable

from calls.choices import CdrFormat, CdrImportState
from calls.models import CdrImport, OpenTransaction, Switch
from calls.parsers.record import OpenCall

UNFINISHED = (CdrImportState.WAITING, CdrImportState.RUNNING)
BATCH = 2000


def unfinished_imports(*, switch: Switch, before: int | None = None) -> list[int]:
    """Ids of the switch's transaction files still to be read (to its end), oldest first.

    They are read one after the other: each starts with what the one before has left.
    """
    waiting = CdrImport.objects.filter(
        switch=switch, format=CdrFormat.KAMAILIO_ACC, state__in=UNFINISHED
    )
    if before is not None:
        waiting = waiting.filter(pk__lt=before)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def carried_halves(*, switch: Switch) -> tuple[OpenCall, ...]:
    """The halves left by earlier deliveries, oldest first.

    Locks the switch, so that no delivery changes them between the caller's checks and its commit.
    """
    Switch.objects.select_for_update(no_key=True).get(pk=switch.pk)
    rows = OpenTransaction.objects.filter(switch=switch).order_by("pk")
    return tuple(OpenCall(**contents) for contents in rows.values_list("contents", flat=True))


def keep_leftovers(*, switch: Switch, leftovers: Iterable[OpenCall]) -> None:
    """Replace the carried halves by those a delivery left; part of the caller's transaction."""
    halves = {_key(half): half for half in leftovers}
    known = OpenTransaction.objects.filter(switch=switch)
    kept = set(known.values_list("key", flat=True))
    gone = sorted(kept - halves.keys())
    for start in range(0, len(gone), BATCH):
        known.filter(key__in=gone[start : start + BATCH]).delete()
    OpenTransaction.objects.bulk_create(
        [
            OpenTransaction(switch=switch, key=key, contents=half._asdict())
            for key, half in halves.items()
            if key not in kept
        ],
        batch_size=BATCH,
    )


def _key(half: OpenCall) -> str:
    """What tells a half from all others, in a fixed length however long its tags are."""
    identity = repr((half.call_id, half.from_tag, half.to_tag)).encode()
    return f"{half.method} {hashlib.sha256(identity).hexdigest()}"
