"""Creates, edits and archives time-of-day profiles; what has priced calls stays as it is."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.display import listed, spoken
from softswitch.core.errors import DomainError
from tariffs.models import Rate, RateProfile, Tariff
from tariffs.selectors import (
    has_begun,
    is_used,
    neighbours,
    open_rates,
    profile_of,
    tariffs_using,
)

MAX_HOLIDAYS = 1_000
Windows = Sequence[Sequence[int]]


def create_profile(
    *, actor: Actor, name: str, windows: Windows, holidays: Iterable[date] = ()
) -> RateProfile:
    """A new profile of the actor's customer; ``windows`` as RateProfile holds them.

    Atomic with the audit row. Raises DomainError ``required``, ``taken`` or ``invalid``, naming the
    field.
    """
    row = RateProfile(owner_id=actor.customer_id)
    _must_own(actor, row)
    changed(row, _checked(name, windows, holidays))
    with transaction.atomic():
        _save(row)
        record(actor=actor, customer=actor.customer, action="profile_created", subject=row)
    return row


def edit_profile(
    *,
    actor: Actor,
    profile: RateProfile,
    name: str,
    windows: Windows,
    holidays: Iterable[date] = (),
) -> RateProfile:
    """Change a profile. Once a rate uses it only its name changes, and holidays that lie ahead.

    Locks the profile, so that no rate takes it meanwhile (set_rate locks it too, before its
    tariff), then the tariffs that use it. Atomic with the audit row. Raises DomainError as
    create_profile, or ``used`` (windows), ``past`` or ``overlap`` (holidays).
    """
    _must_own(actor, profile)
    values = _checked(name, windows, holidays)
    with transaction.atomic():
        row = RateProfile.objects.select_for_update().get(pk=profile.pk)
        differences = changed(row, values)
        if not differences:
            return row
        if differences.keys() - {"name"} and is_used(row):
            _check_used(row, differences)
            tariffs_using(row).update(rates_revision=F("rates_revision") + 1)
        _save(row)
        shown = {key: [str(value) for value in pair] for key, pair in differences.items()}
        record(
            actor=actor,
            customer=actor.customer,
            action="profile_edited",
            subject=row,
            changes=shown,
        )
    return row


def archive_profile(*, actor: Actor, profile: RateProfile) -> None:
    """Take a profile out of the lists; DomainError ``in_use`` while rates use it now or later.

    Locks the profile. Atomic with the audit row. Rates that ended keep it.
    """
    _must_own(actor, profile)
    with transaction.atomic():
        row = RateProfile.objects.select_for_update().get(pk=profile.pk)
        used = open_rates(row)
        if used:
            raise DomainError(
                "in_use",
                ngettext(
                    "%(name)s is in use: %(count)s rate.",
                    "%(name)s is in use: %(count)s rates.",
                    used,
                )
                % {"name": row, "count": used},
            )
        row.archived_at = now()
        row.save(update_fields=["archived_at"])
        record(actor=actor, customer=actor.customer, action="profile_archived", subject=row)


def lock_for_rate(*, actor: Actor, profile: RateProfile | None) -> RateProfile | None:
    """The profile of a new rate as it stands, locked against edits until the caller commits.

    Only a live one of the actor's own: DomainError ``profile``.
    """
    if profile is None:
        return None
    rows = RateProfile.objects.live().of(actor).select_for_update(no_key=True)
    found: RateProfile | None = rows.filter(pk=profile.pk).first()
    if found is None:
        raise DomainError("profile", _("Choose one of your profiles."), field="profile")
    return found


def own_profiles_for(*, actor: Actor, tariff: Tariff) -> dict[int, int]:
    """Which profile of the actor's own stands for each in ``tariff``'s current and later rates.

    Its own stand for themselves, locked against edits until the caller commits; for those of its
    provider it gets, unless it has an equal one, a copy of its own: the times it pays by it may
    sell by. Part of the caller's transaction.
    """
    moment = now()
    rates = tariff.rates.filter(Q(valid_till=None) | Q(valid_till__gt=moment))
    used = RateProfile.objects.filter(pk__in=rates.exclude(profile=None).values("profile"))
    rows = list(used.select_for_update(no_key=True).order_by("pk"))
    own = list(RateProfile.objects.live().of(actor).order_by("pk"))
    return {row.pk: _own_copy(actor, row, own).pk for row in rows}


def _own_copy(actor: Actor, row: RateProfile, own: list[RateProfile]) -> RateProfile:
    if row.owner_id == actor.customer_id:
        return row
    for mine in own:
        if (mine.windows, mine.holidays) == (row.windows, row.holidays):
            return mine
    names = {mine.name.lower() for mine in own}
    numbered = (f"{row.name[:72]} ({number})" for number in range(2, len(own) + 3))
    name = next(text for text in (row.name, *numbered) if text.lower() not in names)
    made = create_profile(actor=actor, name=name, windows=row.windows, holidays=row.holidays)
    own.append(made)
    return made


def check_overlap(*, tariff: Tariff, rate: Rate) -> None:
    """Refuse a rate whose profile overlaps that of another of its prefix and start.

    Which of the two priced a call could not be told. Raises DomainError ``overlap``.
    """
    if rate.profile is None:
        return
    same = Rate.objects.filter(tariff=tariff, prefix=rate.prefix, valid_from=rate.valid_from)
    beside = same.exclude(profile=None).exclude(profile=rate.profile).select_related("profile")
    _refuse_overlap(rate.profile, [row.profile for row in beside if row.profile], "profile")


def _refuse_overlap(row: RateProfile, others: Iterable[RateProfile], field: str) -> None:
    own = profile_of(row)
    for other in others:
        if own.overlaps(profile_of(other)):
            raise DomainError(
                "overlap",
                _("“%(name)s” and “%(other)s” overlap.") % {"name": row, "other": other},
                field=field,
            )


def _check_used(row: RateProfile, differences: dict[str, list[Any]]) -> None:
    """What may change of a profile by which calls may have been priced: holidays ahead."""
    if "windows" in differences:
        raise DomainError(
            "used",
            _(
                "Rates use this profile, and past calls were priced by it. Copy it, and give new "
                "rates the copy."
            ),
            field="windows",
        )
    before, after = (set(dates) for dates in differences["holidays"])
    begun = sorted(day for day in before ^ after if has_begun(day))
    if begun:
        days = listed(begun[:5])
        raise DomainError(
            "past",
            _("Calls of %(days)s were priced by the holidays as they are.") % {"days": days},
            field="holidays",
        )
    _refuse_overlap(row, neighbours(row), "holidays")


def _checked(name: str, windows: Windows, holidays: Iterable[date]) -> dict[str, Any]:
    name = " ".join(name.split())
    if not name:
        raise DomainError("required", _("Enter a name."), field="name")
    if not windows:
        raise DomainError("required", _("Enter at least one time."), field="windows")
    days = sorted(set(holidays))
    if len(days) > MAX_HOLIDAYS:
        raise DomainError(
            "invalid",
            _("At most %(most)s holidays.") % {"most": MAX_HOLIDAYS},
            field="holidays",
        )
    values: dict[str, Any] = {
        "name": name,
        "windows": [list(window) for window in windows],
        "holidays": days,
    }
    try:
        profile_of(RateProfile(**values))
    except ValueError as error:
        raise DomainError("invalid", spoken(error), field="windows") from error
    return values


def _save(row: RateProfile) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "rate_profile_name_taken" in str(error):
            message = _("You have a profile of this name.")
            raise DomainError("taken", message, field="name") from error
        raise


def _must_own(actor: Actor, row: RateProfile) -> None:
    if row.owner_id != actor.customer_id or not actor.can("tariffs.edit"):
        raise PermissionDenied
