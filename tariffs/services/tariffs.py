"""Creates, edits and archives tariffs and their rates; the past is never edited."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Rate, RateProfile, Tariff, TariffVersion
from tariffs.selectors import is_in_use
from tariffs.services.profiles import check_overlap, lock_for_rate

HEADER = frozenset({"name", "timezone", "average_call_duration", "loss_protection", "is_default"})
PARAMETERS = (
    "connect_fee",
    "free_seconds",
    "grace_period",
    "post_call_surcharge",
    "duration_rounding",
    "cost_rounding",
    "decimals",
    "is_not_billed",
)


@dataclass(frozen=True, slots=True)
class NewRate:
    """A row of a tariff: prices per minute in the tariff's currency, intervals in seconds."""

    prefix: str
    price_1: Decimal
    price_n: Decimal
    interval_1: int = 1
    interval_n: int = 1
    destination: str = ""
    country: str = ""
    is_forbidden: bool = False
    grace_enabled: bool = False
    valid_from: datetime | None = None
    valid_till: datetime | None = None
    profile: RateProfile | None = None


def create_tariff(
    *,
    actor: Actor,
    name: str,
    currency: str,
    parameters: dict[str, Any] | None = None,
    valid_from: datetime | None = None,
    **header: Any,
) -> Tariff:
    """A new tariff of the actor's customer, with its first version in force from ``valid_from``.

    Atomic with the audit row. Raises DomainError ``taken`` (field name).
    """
    if not actor.can("tariffs.add"):
        raise PermissionDenied
    try:
        with transaction.atomic():
            _one_default(actor, header)
            tariff = Tariff.objects.create(
                owner_id=actor.customer_id, name=name.strip(), currency_id=currency, **header
            )
            TariffVersion.objects.create(
                tariff=tariff, valid_from=valid_from or now(), **(parameters or {})
            )
            record(actor=actor, customer=actor.customer, action="tariff_created", subject=tariff)
    except IntegrityError as error:
        raise _taken(error) from error
    return tariff


def edit_tariff(
    *, actor: Actor, tariff: Tariff, header: dict[str, Any], parameters: dict[str, Any]
) -> Tariff:
    """Change a tariff; changed parameters open a new version for calls that start from now on.

    Locks the tariff row. Atomic with the audit row.
    """
    check_owner(actor, tariff, "tariffs.edit")
    try:
        with transaction.atomic():
            locked = Tariff.objects.select_for_update(no_key=True).get(pk=tariff.pk)
            _one_default(actor, header, but=locked.pk)
            differences = changed(locked, {k: v for k, v in header.items() if k in HEADER})
            if "timezone" in differences:
                _check_zone(locked)
            if differences:
                locked.changed_at = now()
                locked.save(update_fields=[*sorted(differences), "changed_at"])
            differences |= _new_version(locked, parameters)
            if differences:
                record(
                    actor=actor,
                    customer=actor.customer,
                    action="tariff_edited",
                    subject=locked,
                    changes=differences,
                )
    except IntegrityError as error:
        raise _taken(error) from error
    return locked


def archive_tariff(*, actor: Actor, tariff: Tariff) -> None:
    """Take a tariff out of all lists; refused while a customer or an account pays by it."""
    check_owner(actor, tariff, "tariffs.delete")
    with transaction.atomic():
        locked = Tariff.objects.select_for_update().get(pk=tariff.pk)
        in_use = (
            locked.assignments.filter(valid_till=None).count()
            + locked.account_terms.filter(valid_till=None).count()
        )
        if in_use:
            raise DomainError(
                "assigned",
                ngettext(
                    "The tariff is assigned %(count)s time.",
                    "The tariff is assigned %(count)s times.",
                    in_use,
                )
                % {"count": in_use},
            )
        locked.archived_at = now()
        locked.is_default = False
        locked.save(update_fields=["archived_at", "is_default"])
        record(actor=actor, customer=actor.customer, action="tariff_archived", subject=locked)


def set_rate(*, actor: Actor, tariff: Tariff, rate: NewRate) -> Rate:
    """Add a rate; the row of its prefix and profile then in force ends where the new one begins.

    It ends itself where the next row of the two begins. The past is not edited: ``valid_from``
    (default now) must not lie before now, except in a tariff by which nobody has paid, or where it
    fills a gap in which calls had no rate. Locks the profile, then the tariff row. Atomic with the
    audit row. Raises DomainError ``past``, ``taken``, ``valid_till``, ``profile`` or ``overlap``.
    """
    check_owner(actor, tariff, "tariffs.edit")
    with transaction.atomic():
        lock_for_rate(actor=actor, profile=rate.profile)
        locked = Tariff.objects.select_for_update(no_key=True).get(pk=tariff.pk)
        start = rate.valid_from or now()
        same = _same(locked, rate)
        _check_dates(locked, rate, start)
        same.filter(valid_from__lt=start).filter(_open_at(start)).update(valid_till=start)
        end = _end_of(locked, rate, start)
        row = Rate.objects.create(tariff=locked, **_columns(rate, start) | {"valid_till": end})
        check_overlap(tariff=locked, rate=row)
        touch(locked)
        record(
            actor=actor,
            customer=actor.customer,
            action="rate_set",
            subject=f"{locked}: {rate.prefix or '-'}",
            changes={"price": ["", f"{rate.price_1} / {rate.price_n}"]},
        )
    return row


def _check_dates(tariff: Tariff, rate: NewRate, start: datetime) -> None:
    if rate.valid_till is not None and rate.valid_till <= start:
        raise DomainError("valid_till", _("It must end after it begins."), field="valid_till")
    if _same(tariff, rate).filter(valid_from=start).exists():
        raise DomainError(
            "taken", _("A rate of this prefix begins then already."), field="valid_from"
        )
    is_past = rate.valid_from is not None and start < now()
    if is_past and is_in_use(tariff) and _is_priced(tariff, rate.prefix, start):
        raise DomainError(
            "past",
            _("Calls since then are priced already. Begin now or later."),
            field="valid_from",
        )


def _same(tariff: Tariff, rate: NewRate) -> QuerySet[Rate]:
    """The rows of the prefix and profile of ``rate``: of these one follows the other."""
    rows: QuerySet[Rate] = Rate.objects.filter(tariff=tariff, prefix=rate.prefix)
    return rows.filter(profile=rate.profile)


def _is_priced(tariff: Tariff, prefix: str, start: datetime) -> bool:
    """Whether calls to ``prefix`` that started after ``start`` had a rate."""
    shorter = [prefix[:length] for length in range(len(prefix) + 1)]
    rows = Rate.objects.filter(tariff=tariff, prefix__in=shorter).filter(_open_at(start))
    return rows.filter(valid_from__lte=now()).exclude(is_forbidden=True, prefix__lt=prefix).exists()


def close_rate(*, actor: Actor, rate: Rate, at: datetime | None = None) -> None:
    """End a rate now, or at ``at``; calls that started before keep it. Locks the tariff row.

    Atomic with the audit row. Raises DomainError ``valid_till`` for an end before the rate's start,
    ``closed`` if it has ended by then, ``past`` for one in the past of a tariff that was in use.
    """
    check_owner(actor, rate.tariff, "tariffs.edit")
    moment = at or now()
    with transaction.atomic():
        tariff = Tariff.objects.select_for_update(no_key=True).get(pk=rate.tariff_id)
        if moment <= rate.valid_from:
            raise DomainError("valid_till", _("It must end after it begins."), field="valid_till")
        if at is not None and at < now() and is_in_use(tariff):
            raise DomainError("past", _("Calls since then are priced already."), field="valid_till")
        if not Rate.objects.filter(pk=rate.pk).filter(_open_at(moment)).update(valid_till=moment):
            raise DomainError("closed", _("It has ended by then already."), field="valid_till")
        touch(tariff)
        record(
            actor=actor,
            customer=actor.customer,
            action="rate_closed",
            subject=f"{tariff}: {rate.prefix or '-'}",
        )


def parameters_now(tariff: Tariff) -> dict[str, Any]:
    """The parameters that a call starting now would be charged by, by name."""
    current = TariffVersion.objects.get(tariff=tariff, valid_till=None)
    return {name: getattr(current, name) for name in PARAMETERS}


def touch(tariff: Tariff) -> None:
    """Tell caches that the rates or versions of ``tariff`` changed, in the caller's atomic."""
    Tariff.objects.filter(pk=tariff.pk).update(
        rates_revision=F("rates_revision") + 1, changed_at=now()
    )


def check_owner(actor: Actor, tariff: Tariff, right: str) -> None:
    """Only the tariff's owner, with ``right``; raises PermissionDenied."""
    if tariff.owner_id != actor.customer_id or not actor.can(right):
        raise PermissionDenied


def _open_at(moment: datetime) -> Q:
    return Q(valid_till=None) | Q(valid_till__gt=moment)


def _columns(rate: NewRate, start: datetime) -> dict[str, Any]:
    names = [name for name in NewRate.__slots__ if name != "valid_from"]
    return {name: getattr(rate, name) for name in names} | {"valid_from": start}


def _end_of(tariff: Tariff, rate: NewRate, start: datetime) -> datetime | None:
    later = _same(tariff, rate).filter(valid_from__gt=start)
    following = later.aggregate(first=Min("valid_from"))["first"]
    return min((end for end in (rate.valid_till, following) if end), default=None)


def _check_zone(tariff: Tariff) -> None:
    """Rates with a profile are read in the tariff's zone: it stays once calls were priced so."""
    if not tariff.rates.exclude(profile=None).exists():
        return
    if is_in_use(tariff):
        raise DomainError(
            "used", _("Rates with a profile were read in the zone as it is."), field="timezone"
        )
    touch(tariff)


def _new_version(tariff: Tariff, parameters: dict[str, Any]) -> dict[str, list[Any]]:
    current = TariffVersion.objects.get(tariff=tariff, valid_till=None)
    differences = changed(current, {k: v for k, v in parameters.items() if k in PARAMETERS})
    if not differences:
        return {}
    start = now()
    TariffVersion.objects.filter(pk=current.pk).update(valid_till=start)
    values = {name: getattr(current, name) for name in PARAMETERS}
    TariffVersion.objects.create(tariff=tariff, valid_from=start, **values)
    touch(tariff)
    return differences


def _one_default(actor: Actor, header: dict[str, Any], but: int | None = None) -> None:
    if header.get("is_default"):
        others = Tariff.objects.filter(owner_id=actor.customer_id, is_default=True)
        others.exclude(pk=but or 0).update(is_default=False)


def _taken(error: IntegrityError) -> Exception:
    if "tariff_name_taken" in str(error):
        return DomainError("taken", _("You have a tariff of this name."), field="name")
    return error
