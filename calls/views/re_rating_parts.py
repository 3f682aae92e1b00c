"""What the page of a re-rating says of it: which calls, which terms, who, and its key figures."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from calls.choices import ReRatingState
from calls.models import ReRating
from calls.selectors.re_rating import differences_by_currency
from calls.tables import YOUR_PROVIDER
from softswitch.core.chrome import Tile
from softswitch.core.display import datetime_text, listed, number_text, price_text

Fact = tuple[str | Promise, object]
DONE = (ReRatingState.APPLIED, ReRatingState.UNDOING, ReRatingState.UNDONE)


def re_rating_facts(job: Any) -> list[Fact]:
    """Labels and texts; ``job`` as the views have it, with ``who``."""
    found: list[Fact] = [
        (_("Calls set up"), f"{datetime_text(job.since)} – {datetime_text(job.till)}"),
        *_filter_facts(job),
        (_("Priced by"), terms_text(job)),
        (_("By"), YOUR_PROVIDER if job.is_above else job.who),
        (_("Created"), datetime_text(job.created_at)),
    ]
    if job.applied_at:
        found.append((_("Applied"), datetime_text(job.applied_at)))
    if job.undone_at:
        found.append((_("Undone"), datetime_text(job.undone_at)))
    return found


def _filter_facts(job: ReRating) -> list[Fact]:
    named: list[Fact] = [
        (_("Customer, with all below"), job.customer),
        (_("Account"), job.account),
        (_("Trunk"), job.trunk),
        (_("CLD"), job.called),
        (_("Tariff of the customer"), job.assigned),
    ]
    return [(label, value) for label, value in named if value]


def terms_text(job: ReRating) -> str:
    """By which terms the calls are priced."""
    parts = []
    if job.tariff is not None:
        parts.append(_("tariff %(name)s, where %(owner)s sells") % {
            "name": job.tariff, "owner": job.tariff.owner,
        })  # fmt: skip
    if job.terms_at is not None:
        parts.append(_("terms of %(moment)s") % {"moment": datetime_text(job.terms_at)})
    text = listed(parts) or _("the terms of each call's start, as they stand now")
    return text[:1].upper() + text[1:]


def re_rating_tiles(job: ReRating) -> list[Tile]:
    """Calls by what becomes of them, and by how much the owner is paid more or less."""
    problems = reverse("calls:re_rating_problems", args=[job.pk]) if job.calls_failed else ""
    is_done = job.state in DONE
    return [
        Tile(_("Calls compared"), number_text(job.calls_read)),
        Tile(_("Changed") if is_done else _("Would change"), number_text(job.calls_changed)),
        Tile(
            _("Stay as they are"),
            number_text(job.calls_failed),
            url=problems,
            note=_("Cannot be rated by these terms") if problems else "",
            is_negative=bool(problems),
        ),
        *_closed_tiles(job),
        *(
            Tile(_("You are paid more") if amount >= 0 else _("You are paid less"),
                 price_text(abs(amount)), currency)
            for currency, amount in differences_by_currency(job)
        ),
    ]  # fmt: skip


def _closed_tiles(job: ReRating) -> list[Tile]:
    if not job.calls_closed:
        return []
    return [Tile(_("In closed periods"), number_text(job.calls_closed))]
