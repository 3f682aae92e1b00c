"""Tariffs: whose, in force when, used by whom."""

from collections.abc import Collection
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.tenancy import Actor
from softswitch.core.columns import BIGINT, MOMENT, Array, Int64s, read_columns
from softswitch.core.errors import DomainError
from softswitch.core.paging import COUNT_LIMIT
from tariffs.models import Rate, Tariff, TariffAssignment, TariffVersion
from tariffs.querysets import in_force

# In the order of an index, or all rates would be read for a tariff that has few.
_OPEN_COUNTS = """
SELECT t.id, (SELECT count(*) FROM (
    SELECT FROM tariffs_rate r
    WHERE r.tariff_id = t.id AND (r.valid_till IS NULL OR r.valid_till > %s)
    ORDER BY r.valid_from LIMIT %s
) found) FROM unnest(%s::bigint[]) t (id)
"""


def own_tariff(actor: Actor, key: int) -> Tariff:
    """The live tariff of the actor's own with this key; DomainError ``tariff`` for any other."""
    found: Tariff | None = Tariff.objects.owned_by(actor).filter(pk=key).first()
    if found is None:
        raise DomainError("tariff", _("Choose one of your tariffs."), field="tariff_id")
    return found


def assignable_tariffs(actor: Actor) -> QuerySet[Tariff]:
    """The tariffs that the actor may sell at: its own live ones, the default first."""
    tariffs: QuerySet[Tariff] = Tariff.objects.owned_by(actor).order_by("-is_default", "name")
    return tariffs


def tariff_of(customer_id: int, at: datetime) -> Tariff | None:
    """The tariff by which a customer pays at ``at``."""
    row = (
        TariffAssignment.objects.valid_at(at)
        .filter(customer_id=customer_id)
        .select_related("tariff")
        .first()
    )
    return row.tariff if row else None


def tariffs_at(customer_ids: Collection[int], at: datetime) -> dict[int, int]:
    """The id of the tariff by which each customer paid at ``at``; without one it is absent."""
    rows = TariffAssignment.objects.valid_at(at).filter(customer_id__in=customer_ids)
    return dict(rows.values_list("customer_id", "tariff_id"))


def versions_at(tariff_ids: Collection[int], at: datetime) -> dict[int, TariffVersion]:
    """The parameters of tariffs for calls that start at ``at``, each with its tariff."""
    rows = TariffVersion.objects.filter(in_force(at), tariff_id__in=tariff_ids)
    return {row.tariff_id: row for row in rows.select_related("tariff")}


def rates_at(
    tariff_ids: Collection[int], numbers: Collection[str], at: datetime
) -> dict[int, list[Rate]]:
    """By tariff, the rates valid at ``at`` that may fit some of ``numbers``; one statement.

    Which of them applies is for the rating core to say (find_rate).
    """
    prefixes = {number[:size] for number in numbers for size in range(len(number) + 1)}
    rows = Rate.objects.filter(tariff_id__in=tariff_ids, prefix__in=prefixes).valid_at(at)
    found: dict[int, list[Rate]] = {}
    for row in rows.select_related("profile").order_by("pk"):
        found.setdefault(row.tariff_id, []).append(row)
    return found


def dated_tariffs(customer_ids: Collection[int]) -> dict[str, Array]:
    """Which tariff each customer paid by, when: columns customer, tariff, start, end."""
    return read_columns(
        "SELECT customer_id, tariff_id, valid_from, coalesce(valid_till, 'infinity')"
        " FROM tariffs_tariffassignment WHERE customer_id = ANY(%s)",
        [list(customer_ids)],
        {"customer": BIGINT, "tariff": BIGINT, "start": MOMENT, "end": MOMENT},
    )


def tariff_versions(tariff_ids: Collection[int]) -> list[TariffVersion]:
    """All versions of some tariffs, each with its tariff."""
    return list(TariffVersion.objects.filter(tariff__in=tariff_ids).select_related("tariff"))


def live_by_owner(rows: QuerySet[Tariff]) -> QuerySet[Tariff]:
    """Of ``rows`` the live ones with their owners, by owner and name."""
    live = rows.filter(archived_at=None).select_related("owner")
    return live.order_by("owner__name", "name")


def tariffs_of_versions(version_ids: Int64s) -> Int64s:
    """The tariff of each version; 0 for no version (0)."""
    known = np.unique(version_ids)
    rows = TariffVersion.objects.filter(pk__in=known.tolist()).order_by("pk")
    found = dict(rows.values_list("pk", "tariff_id"))
    tariffs = np.array([found.get(pk, 0) for pk in known.tolist()], dtype=np.int64)
    return tariffs[np.searchsorted(known, version_ids)]


def is_in_use(tariff: Tariff) -> bool:
    """Whether a customer or account has ever paid by ``tariff``: then its past is fixed.

    Calls that were re-rated by it are paid by it too.
    """
    is_sold = tariff.assignments.exists() or tariff.account_terms.exists()
    return is_sold or tariff.re_ratings.exists()


def is_unpriced(tariff: Tariff, rate: Rate) -> bool:
    """Whether no call can have been charged by ``rate`` yet: it may be edited and deleted."""
    return rate.valid_from > now() or not is_in_use(tariff)


def is_readable(actor: Actor, tariff: Tariff) -> bool:
    """Whether ``tariff`` is live and the actor's own, or that of a customer below."""
    live: QuerySet[Tariff] = Tariff.objects.visible_to(actor).live()
    return live.filter(pk=tariff.pk).exists()


def open_rate_counts(tariff_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """How many rates of each tariff are current or still to come; exact up to COUNT_LIMIT.

    Whether there are more is the second value: a list never counts millions of rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_COUNTS, [now(), COUNT_LIMIT + 1, list(tariff_ids)])
        rows = cursor.fetchall()
    return {key: (min(count, COUNT_LIMIT), count > COUNT_LIMIT) for key, count in rows}


def counted_tariffs(tariffs: QuerySet[Tariff]) -> QuerySet[Tariff]:
    """``tariffs`` that are not archived, each with ``customers``: how many pay by it now."""
    assigned = Count("assignments", filter=Q(assignments__valid_till=None))
    return tariffs.filter(archived_at=None).select_related("owner").annotate(customers=assigned)


def version_in_force(tariff: Tariff, at: datetime) -> TariffVersion | None:
    """The parameters of ``tariff`` for calls that start at ``at``."""
    return tariff.versions.filter(in_force(at)).first()


def assigned_customers(actor: Actor, tariff: Tariff) -> QuerySet[TariffAssignment]:
    """Who pays by ``tariff`` now, in the actor's scope, by name."""
    rows: QuerySet[TariffAssignment] = TariffAssignment.objects.visible_to(actor)
    found = rows.filter(tariff=tariff, valid_till=None)
    return found.select_related("customer").order_by("customer__name", "pk")


def rates_of(tariff: Tariff) -> QuerySet[Rate]:
    """The rates of a tariff that the caller found in scope; each row's ``tariff`` is that one."""
    rows: QuerySet[Rate] = tariff.rates.all()
    return rows


def own_rates(actor: Actor) -> QuerySet[Rate]:
    """The rates of the tariff by which the actor's customer pays now; the tariff stays hidden."""
    tariff = None if actor.account_id else tariff_of(actor.customer_id, now())
    rows: QuerySet[Rate] = Rate.objects.filter(tariff=tariff) if tariff else Rate.objects.none()
    return rows.select_related("tariff", "profile")


def tariffs_named(text: str) -> list[Tariff]:
    """The live tariffs with this id, or else with this name, of whatever owner."""
    live = Tariff.objects.live().select_related("owner")
    by_id = list(live.filter(pk=int(text))) if text.isdecimal() else []
    return by_id or list(live.filter(name__iexact=text).order_by("pk"))
