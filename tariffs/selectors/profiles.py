"""Time-of-day profiles: as the rating core wants them, and what uses them."""

from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.timezone import now

from customers.tenancy import Actor
from tariffs.models import Rate, RateProfile, Tariff
from tariffs.rating.profiles import DAY_KINDS, Profile, Window

_FARTHEST_EAST = timedelta(hours=14)  # where a day begins first


def profile_of(row: RateProfile) -> Profile:
    """A profile as the rating core wants it."""
    return Profile(
        windows=tuple(
            Window(frozenset(d for d in range(DAY_KINDS) if days >> d & 1), start, end)
            for days, start, end in row.windows
        ),
        holidays=frozenset(row.holidays),
    )


def own_profiles(rows: QuerySet[RateProfile], actor: Actor) -> QuerySet[RateProfile]:
    """Of ``rows`` the live ones of the actor's own, by name."""
    return rows.filter(owner_id=actor.customer_id, archived_at=None).order_by("name")


def counted_profiles(rows: QuerySet[RateProfile], actor: Actor) -> QuerySet[RateProfile]:
    """As own_profiles, each with ``uses``: how many rates ever named it."""
    return own_profiles(rows, actor).annotate(uses=Count("rates"))


def is_used(profile: RateProfile) -> bool:
    """Whether a rate names it, so that calls may have been priced by it."""
    return Rate.objects.filter(profile=profile).exists()


def open_rates(profile: RateProfile) -> int:
    """How many rates of live tariffs use it now or later."""
    rows = Rate.objects.filter(profile=profile, tariff__archived_at=None)
    return rows.filter(Q(valid_till=None) | Q(valid_till__gt=now())).count()


def tariffs_using(profile: RateProfile) -> QuerySet[Tariff]:
    """The tariffs with a rate that names it."""
    return Tariff.objects.filter(pk__in=Rate.objects.filter(profile=profile).values("tariff"))


def neighbours(profile: RateProfile) -> list[RateProfile]:
    """The profiles of rates that begin together with one of this profile's, at the same prefix."""
    keys = ("tariff", "prefix", "valid_from")
    own = Rate.objects.filter(profile=profile, **{key: OuterRef(key) for key in keys})
    beside = Rate.objects.exclude(profile=profile).filter(Exists(own))
    return list(RateProfile.objects.filter(pk__in=beside.values("profile")))


def has_begun(day: date) -> bool:
    """Whether a date has begun anywhere on earth: then calls may have been priced by it."""
    return day <= (now() + _FARTHEST_EAST).date()
