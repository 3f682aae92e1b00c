"""Reads around re-ratings: what may be done with one, its sums, and the history of a charge."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    ExpressionWrapper,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, NullIf

from billing.models import Charge, UsageEntry
from calls.choices import ReRatingState
from calls.models import ReRating, ReRatingEntry, ReRatingSum
from customers.models import Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor


def with_maker(rows: QuerySet[Any], actor: Actor) -> Any:
    """``rows`` of re-ratings or what-ifs with ``who`` began them, and ``is_above``: nameless."""
    known = Customer.objects.visible_to(actor).values("pk")
    nobody = Value("", output_field=CharField())
    above = Q(created_by__isnull=False) & ~Q(created_by__customer__in=known)
    return rows.annotate(
        who=Coalesce(NullIf("created_by__name", nobody), "created_by__login", nobody),
        is_above=ExpressionWrapper(above, output_field=BooleanField()),
    )


def may_preview(job: ReRating) -> bool:
    """Whether a preview can be made anew: there is one, or it stopped, and nothing was posted."""
    states = (ReRatingState.PREVIEWED, ReRatingState.FAILED)
    return job.state in states and not job.batches_applied


def may_undo(job: ReRating) -> bool:
    """Whether something is posted that stands: all of it, or what was before it stopped."""
    states = (ReRatingState.APPLIED, ReRatingState.FAILED)
    return job.state in states and job.batches_undone < job.batches_applied


def is_any_period_closed(job: ReRating) -> bool:
    """Whether what ``job`` posted belongs, or was posted, to a period that is closed."""
    if job.calls_closed:
        return True
    posted = ReRatingEntry.objects.filter(re_rating=job).values("usage_entry_id")
    entries = UsageEntry.objects.filter(id__in=posted, period__closed_at__isnull=False)
    return bool(entries.exists())


def named_sums(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """``rows`` of a preview with what the actor may read as the names of payers."""
    name = shown_name(actor, then="re_rating__till")
    shown: QuerySet[Any] = rows.annotate(customer_name=name).select_related("account", "balance")
    return shown


def named_problems(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """``rows`` of calls that cannot be rated with ``customer_name``, as the actor may read it."""
    shown: QuerySet[Any] = rows.annotate(customer_name=shown_name(actor, then="setup_at"))
    return shown


def differences_by_currency(job: ReRating) -> list[tuple[str, Decimal]]:
    """By currency, how much more its direct customers pay the owner, or less; no zeros."""
    rows = ReRatingSum.objects.filter(re_rating=job, balance__issuer=job.owner_id)
    sums = rows.values("balance__currency").annotate(total=Sum("difference")).exclude(total=0)
    return list(sums.order_by("balance__currency").values_list("balance__currency", "total"))


@dataclass(frozen=True, slots=True)
class Revision:
    """What a level paid before a re-rating, and since when no more.

    ``re_rating`` is None, and ``who`` empty, where it is not the viewer's to know.
    """

    level: int
    amount: Decimal
    currency: str
    at: datetime
    re_rating: Any | None
    is_undo: bool


def revisions_of(actor: Actor, charges: Iterable[Charge]) -> dict[int, list[Revision]]:
    """By level, what stood before the newest of ``charges``, all those of a call that are seen.

    ``charges`` are in order of level and revision. One statement for whatever was re-rated, and one
    more for when; none where nothing was.
    """
    rows = list(charges)
    replacing = {(row.level, row.revision): row for row in rows if row.revision % 2 == 0}
    later = [row for (_level, revision), row in replacing.items() if revision]
    if not later:
        return {}
    entries = {row.usage_entry_id for row in later}
    posted = dict(UsageEntry.objects.filter(id__in=entries).values_list("id", "posted_at"))
    of_entry = {row.usage_entry_id: row for row in ReRatingEntry.objects.filter(pk__in=entries)}
    seen = with_maker(ReRating.objects.visible_to(actor), actor).in_bulk(
        {row.re_rating_id for row in of_entry.values()}
    )
    found: dict[int, list[Revision]] = {}
    for row in later:
        before = replacing[row.level, row.revision - 2]
        entry = of_entry[row.usage_entry_id]
        found.setdefault(row.level, []).append(
            Revision(
                row.level,
                before.amount,
                before.balance.currency_id,
                posted[row.usage_entry_id],
                seen.get(entry.re_rating_id),
                entry.is_undo,
            )
        )
    return found


def re_ratings_of(actor: Actor, usage_entry_ids: Collection[int]) -> dict[int, int]:
    """Which re-rating posted each of some usage entries, where the actor may open its page."""
    if not usage_entry_ids or not actor.can("tariffs.edit"):
        return {}
    seen = ReRating.objects.visible_to(actor).values("pk")
    rows = ReRatingEntry.objects.filter(pk__in=usage_entry_ids, re_rating__in=seen)
    return dict(rows.values_list("usage_entry_id", "re_rating"))
