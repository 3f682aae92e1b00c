"""What people do with a re-rating: start it, have it previewed again, apply, undo, discard."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.models import Account, Trunk
from calls.choices import ReRatingState
from calls.models import ReRating
from calls.selectors.re_rating import is_any_period_closed, may_preview, may_undo
from calls.selectors.storage import archived_between
from calls.services.re_rating.undoing import later_re_ratings
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.models import Tariff

RIGHTS = ("money.manage", "tariffs.edit")
DISCARDABLE = (ReRatingState.WAITING, ReRatingState.PREVIEWING, ReRatingState.PREVIEWED)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which calls, set up from ``since`` to before ``till``, by which terms (see ``ReRating``).

    ``customer`` means it and all below, ``called`` is a pattern such as ``44*``.
    """

    since: datetime
    till: datetime
    customer: Customer | None = None
    account: Account | None = None
    trunk: Trunk | None = None
    called: str = ""
    assigned: Tariff | None = None
    tariff: Tariff | None = None
    terms_at: datetime | None = None


def start_re_rating(*, actor: Actor, choice: Choice, reason: str) -> ReRating:
    """Have the difference of a re-rating computed by a job; nothing is charged yet.

    Needs ``money.manage`` and ``tariffs.edit``, and touches only what was paid to the actor's
    customer: what others owe each other is theirs. Atomic with the audit row. Raises DomainError
    ``reason`` (empty), ``since`` (archived), ``till`` (not after ``since``, or both ahead),
    ``terms_at`` (ahead), or by the name of what is not the actor's to choose.
    """
    if actor.account_id is not None or not all(actor.can(right) for right in RIGHTS):
        raise PermissionDenied
    if not reason.strip():
        raise DomainError("reason", _("Enter a reason."), field="reason")
    till = min(choice.till, now())
    if choice.since >= till:
        raise DomainError("till", _("It must end after it begins, in the past."), field="till")
    if archived := archived_between(choice.since, till):
        text = _("Calls of %(month)s are archived: restore them first, or begin later.") % {
            "month": f"{archived[0]:%Y-%m}"
        }
        raise DomainError("since", text, field="since")
    if choice.terms_at is not None and choice.terms_at > now():
        raise DomainError(
            "terms_at", _("Terms that are not in force yet may change."), field="terms_at"
        )
    chosen = _chosen(actor, choice)
    with transaction.atomic():
        job: ReRating = ReRating.objects.create(
            owner=actor.customer,
            reason=reason.strip(),
            since=choice.since,
            till=till,
            called=choice.called.strip(),
            terms_at=choice.terms_at,
            created_by=actor.user,
            **chosen,
        )
        _record(actor, job, "re_rating_started", {"reason": ["", job.reason]})
        enqueue("calls.run_re_rating", re_rating_id=job.pk)
    return job


def preview_again(*, actor: Actor, job: ReRating) -> None:
    """Forget the preview of a re-rating that posted nothing, and have it made anew.

    Locks the row; atomic with the audit row. Raises DomainError ``not_now``.
    """
    _check_owner(actor, job)
    with transaction.atomic():
        locked = _locked(job)
        if not may_preview(locked):
            raise DomainError("not_now", _("This cannot be previewed again now."))
        for rows in (locked.batches, locked.sums, locked.problems):
            rows.all().delete()
        locked.calls_read = locked.calls_changed = locked.calls_failed = locked.calls_closed = 0
        _set_state(locked, ReRatingState.WAITING)
        _record(actor, locked, "re_rating_previewed")


def request_apply(*, actor: Actor, job: ReRating, posts_to_open: bool = False) -> None:
    """Have a previewed re-rating posted by a job. A second request changes nothing.

    ``posts_to_open``: what belongs to closed periods is posted to the open ones. Locks the row;
    atomic with the audit row. Raises DomainError ``not_previewed``, ``nothing`` or ``closed``.
    """
    _check_owner(actor, job)
    with transaction.atomic():
        locked = _locked(job)
        if locked.state in {ReRatingState.APPLYING, ReRatingState.APPLIED}:
            return
        if locked.state != ReRatingState.PREVIEWED:
            raise DomainError(
                "not_previewed", _("There is no preview of this that could be applied.")
            )
        if not locked.calls_changed:
            raise DomainError("nothing", _("No charge would change."))
        if locked.calls_closed and not posts_to_open:
            raise _closed()
        locked.posts_to_open, locked.applied_by = posts_to_open, actor.user
        _set_state(locked, ReRatingState.APPLYING)
        _record(actor, locked, "re_rating_applied", _sums(locked))


def request_undo(*, actor: Actor, job: ReRating, posts_to_open: bool = False) -> None:
    """Have what a re-rating posted reversed by a job. A second request changes nothing.

    Allowed at any time, unless a later one that stands changed a charge of it: it is taken back
    first. What belongs to closed periods goes to the open ones with ``posts_to_open``, and is
    refused without. Locks the row; atomic with the audit row. Raises DomainError ``not_applied``,
    ``later`` or ``closed``.
    """
    _check_owner(actor, job)
    with transaction.atomic():
        locked = _locked(job)
        if locked.state in {ReRatingState.UNDOING, ReRatingState.UNDONE}:
            return
        if not may_undo(locked):
            raise DomainError("not_applied", _("Only what was applied can be undone."))
        _check_latest(locked)
        if not posts_to_open and is_any_period_closed(locked):
            raise _closed()
        locked.posts_to_open, locked.undone_by = posts_to_open, actor.user
        _set_state(locked, ReRatingState.UNDOING)
        _record(actor, locked, "re_rating_undone")


def discard(*, actor: Actor, job: ReRating) -> None:
    """Give up a re-rating that has posted nothing. Locks the row; atomic with the audit row.

    A job that still previews it notices. Raises DomainError ``applied``.
    """
    _check_owner(actor, job)
    with transaction.atomic():
        locked = _locked(job)
        if locked.state == ReRatingState.DISCARDED:
            return
        is_open = locked.state in DISCARDABLE or may_preview(locked)
        if not is_open:
            raise DomainError("applied", _("It is applied already: undo it instead."))
        _set_state(locked, ReRatingState.DISCARDED)
        _record(actor, locked, "re_rating_discarded")


def _chosen(actor: Actor, choice: Choice) -> dict[str, Any]:
    """What the filter names, each the actor's own or below; raises DomainError by its name."""
    named: dict[str, Any] = {
        name: getattr(choice, name)
        for name in ("customer", "account", "trunk", "assigned", "tariff")
    }
    for name, row in named.items():
        if row is not None and not type(row).objects.visible_to(actor).filter(pk=row.pk).exists():
            raise DomainError(name, _("Nothing here has this name."), field=name)
    return named


def _check_owner(actor: Actor, job: ReRating) -> None:
    """Whose re-rating it is decides; those above only look on."""
    is_own = job.owner_id == actor.customer_id and actor.account_id is None
    if not is_own or not all(actor.can(right) for right in RIGHTS):
        raise PermissionDenied


def _check_latest(job: ReRating) -> None:
    """Those that changed the same charges are of the same owner, who alone sold at that level."""
    later = later_re_ratings(job)
    if later:
        names = listed(f"#{pk}" for pk in later)
        raise DomainError(
            "later",
            _("Some of these charges were re-rated again: undo %(names)s first.")
            % {"names": names},
        )


def _closed() -> DomainError:
    text = _(
        "Some of these calls belong to closed periods: post their difference to the open ones."
    )
    return DomainError("closed", text, field="posts_to_open")


def _locked(job: ReRating) -> ReRating:
    found: ReRating = ReRating.objects.select_for_update(of=("self",)).get(pk=job.pk)
    return found


def _set_state(job: ReRating, state: ReRatingState) -> None:
    """Go on to ``state``, and have a job go on from there."""
    job.state, job.failure = state, ""
    job.save()
    if state != ReRatingState.DISCARDED:
        enqueue("calls.run_re_rating", re_rating_id=job.pk)


def _sums(job: ReRating) -> dict[str, Any]:
    return {"calls": ["", job.calls_changed], "closed": ["", job.calls_closed]}


def _record(
    actor: Actor, job: ReRating, action: str, changes: dict[str, Any] | None = None
) -> None:
    record(actor=actor, customer=actor.customer, action=action, subject=f"{job}", changes=changes)
