"""Changes of a balance's billing calendar: they wait for the next close, and one period bridges."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.models import Balance, BillingPeriod
from billing.selectors.calendars import CALENDAR, bridge_end, next_calendar
from billing.selectors.closing import may_change_calendar
from billing.selectors.ended import end_of
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns


def change_calendar(
    *, actor: Actor, balance: Balance, period_type: str, period_timezone: str
) -> Balance:
    """Let another period type or time zone take effect at the next close; the present ones undo it.

    For who bills the balance alone. Locks the balance; atomic with the audit row, and safe to
    repeat. Raises PermissionDenied, DomainError ``ended``, or of a field that is not valid.
    """
    if not may_change_calendar(actor, balance):
        raise PermissionDenied
    wanted = {"period_type": period_type, "period_timezone": period_timezone}
    values = clean_columns(Balance, wanted)
    with transaction.atomic():
        rows = Balance.objects.select_related("customer", "account")
        locked: Balance = rows.select_for_update(no_key=True, of=("self",)).get(pk=balance.pk)
        if end_of(locked) is not None:
            raise DomainError("ended", _("This balance has ended: it has no further periods."))
        differences = changed(locked, pending(locked, values))
        if differences:
            locked.save(update_fields=sorted(differences))
            record(
                actor=actor,
                customer=locked.customer,
                action="terms_changed",
                subject=locked.account or locked.customer,
                changes=differences,
            )
    return locked


def pending(balance: Balance, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with a wanted calendar put where it waits for the next close.

    What the balance has already is no change, and takes back one that waits.
    """
    found = {name: value for name, value in values.items() if name not in CALENDAR}
    for name, nothing in CALENDAR.items():
        if name in values:
            wanted = values[name]
            is_same = str(wanted) == str(getattr(balance, name))
            found[f"next_{name}"] = nothing if is_same else wanted
    return found


def apply_change(
    balance: Balance, closed: BillingPeriod, later: Sequence[BillingPeriod]
) -> list[BillingPeriod]:
    """Let the calendar that waits take effect where ``closed`` ends; returns the open periods.

    The period that follows bridges: it ends at the first boundary of the new calendar behind which
    nothing was posted to it yet. ``later`` are the open periods that are stored: where there are
    several, entries fix them, and the change goes on waiting for the last one. Part of the
    caller's transaction, which holds the balance. Somebody may be opening a period here and wait
    for this balance: so it waits for nobody for long (LockNotAvailable), and is to be tried again.
    """
    if len(later) > 1 or any(row.starts_at > closed.ends_at for row in later):
        return list(later)
    kind, zone = next_calendar(balance)
    row = later[0] if later else None
    bridge = row or BillingPeriod(balance=balance, starts_at=closed.ends_at)
    bridge.ends_at = bridge_end(balance, kind, zone, bridge.starts_at, row)
    bridge.period_type, bridge.timezone = kind, ZoneInfo(zone)
    balance.period_type, balance.period_timezone = kind, ZoneInfo(zone)
    balance.next_period_type, balance.next_period_timezone = "", None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        bridge.save()
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    balance.save(update_fields=[*CALENDAR, *(f"next_{name}" for name in CALENDAR)])
    return [bridge]
