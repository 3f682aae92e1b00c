"""Changes and deletes single rates: one that may have priced a call is followed, never edited."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Rate, Tariff
from tariffs.selectors import is_unpriced
from tariffs.services.profiles import lock_for_rate
from tariffs.services.tariffs import NewRate, check_owner, set_rate, touch


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a rate charges: prices per minute, intervals in seconds."""

    price_1: Decimal
    price_n: Decimal
    interval_1: int
    interval_n: int
    is_forbidden: bool


def change_rate(
    *, actor: Actor, rate: Rate, pricing: Pricing, valid_from: datetime | None = None
) -> Rate:
    """Charge differently from ``valid_from`` (default now); the row that holds what is charged.

    A row that has priced nothing yet is edited itself, unless another start is asked for; any other
    ends where a new one begins (``set_rate``, which raises ``past`` and ``taken``). Nothing happens
    where nothing differs. Locks its profile, then the tariff row, the latter also against
    assignments, so that nobody begins to pay by what is edited. Atomic with the audit row. Raises
    DomainError ``gone`` or ``closed``.
    """
    check_owner(actor, rate.tariff, "tariffs.edit")
    with transaction.atomic():
        lock_for_rate(actor=actor, profile=rate.profile)
        tariff, row = _locked(rate)
        differences = changed(row, asdict(pricing))
        if not differences and valid_from is None:
            return row
        if valid_from is None and is_unpriced(tariff, row):
            row.save(update_fields=sorted(differences))
            _done(actor, tariff, row, "rate_edited", differences)
            return row
        if row.valid_till is not None and row.valid_till <= now():
            raise DomainError("closed", _("It has ended. Add a new rate of this prefix."))
        return set_rate(actor=actor, tariff=tariff, rate=_following(row, valid_from))


def _following(row: Rate, start: datetime | None) -> NewRate:
    """What ``row`` says, from ``start`` on, up to the end it had, if that is later."""
    values = {name: getattr(row, name) for name in NewRate.__slots__} | {"valid_from": start}
    if row.valid_till is not None and row.valid_till <= (start or now()):
        values["valid_till"] = None
    return NewRate(**values)


def delete_rate(*, actor: Actor, rate: Rate) -> None:
    """Remove a rate that never priced a call: one that begins later, or of an unused tariff.

    The row of its profile before it, if it ended where this one begins, goes on to this one's end.
    Locks the tariff row, also against assignments. Atomic with the audit row. Raises DomainError
    ``used`` or ``gone``.
    """
    check_owner(actor, rate.tariff, "tariffs.edit")
    with transaction.atomic():
        tariff, row = _locked(rate)
        if not is_unpriced(tariff, row):
            raise DomainError("used", _("Calls may have been charged by it. Close it instead."))
        row.delete()
        same = Rate.objects.filter(tariff=tariff, prefix=row.prefix, profile=row.profile)
        same.filter(valid_till=row.valid_from).update(valid_till=row.valid_till)
        prices = {"price": [f"{row.price_1} / {row.price_n}", ""]}
        _done(actor, tariff, row, "rate_deleted", prices)


def _locked(rate: Rate) -> tuple[Tariff, Rate]:
    """The tariff of ``rate``, locked against everything but reading, and the row as it is now."""
    tariff = Tariff.objects.select_for_update().get(pk=rate.tariff_id)
    row: Rate | None = Rate.objects.filter(pk=rate.pk).first()
    if row is None:
        raise DomainError("gone", _("This rate was deleted meanwhile."))
    return tariff, row


def _done(
    actor: Actor, tariff: Tariff, row: Rate, action: str, changes: dict[str, list[Any]]
) -> None:
    touch(tariff)
    record(
        actor=actor,
        customer=actor.customer,
        action=action,
        subject=f"{tariff}: {row.prefix or '-'}",
        changes=changes,
    )
