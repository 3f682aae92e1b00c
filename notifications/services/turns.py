"""Whose letters may be handed over now: a server that fails rests, and none takes all workers.

A server is an owner's own, called by the owner's id, or the installation's, called None. One that
cannot be reached, does not let the portal in or does not answer in time rests: all that waits for
it waits together, for BACK_OFF after its first, second, ... failure in a row, and counts each as an
attempt; then one letter tries it. Of an owner's own server only so many letters are on their way
(MAIL_AT_ONE_SERVER), of all owners' together so many (MAIL_AT_OWN_SERVERS): the workers that are
left are the installation's server's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from notifications.choices import MessageStatus
from notifications.models import MailRest, MailSettings, Message
from softswitch.core.locks import Space, lock

# After the first, second, ... failed attempt; then hourly.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MOST_ATTEMPTS = 24
SWEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wait:
    """A letter cannot be handed over before ``until``; ``reason``: why its server rests."""

    until: datetime
    reason: str = ""


def server_of(owner_id: int) -> int | None:
    """Through whose server the letters of an owner leave: its own, or the installation's."""
    return owner_id if _own_servers().filter(owner=owner_id).exists() else None


def wait_of(owner_id: int, moment: datetime) -> Wait | None:
    """Until when a letter of the owner has to wait; None: it has its turn.

    In the caller's transaction, which takes the letter after this: the lock that keeps others from
    counting at the same time is held until its end.
    """
    server = server_of(owner_id)
    if server is not None:
        lock(Space.OWN_MAIL)
    rest = MailRest.objects.select_for_update(no_key=True).filter(owner=server).first()
    if rest is not None and rest.until > moment:
        return Wait(rest.until, rest.reason)
    if server is None and rest is None:
        return None
    sending = Message.objects.filter(status=MessageStatus.SENDING, lease_until__gte=moment)
    most = settings.MAIL_AT_ONE_SERVER if rest is None else 1
    if _through(server, sending).count() >= most:
        return Wait(moment)
    own = sending.filter(owner__in=_own_servers().values("owner"))
    is_full = server is not None and own.count() >= settings.MAIL_AT_OWN_SERVERS
    return Wait(moment) if is_full else None


def begin_rest(*, server: int | None, reason: str, moment: datetime) -> datetime:
    """Let a server rest after a failure; returns until when.

    Locks its row. What waits for it is put off in one statement, and fails after MOST_ATTEMPTS. One
    that rests by now failed for somebody else at the same time: that is the same failure.
    """
    with transaction.atomic():
        rests = MailRest.objects.select_for_update(no_key=True)
        rest, _made = rests.get_or_create(owner_id=server, defaults={"until": moment})
        if rest.until > moment:
            return rest.until
        rest.failures += 1
        rest.until = moment + BACK_OFF[min(rest.failures, len(BACK_OFF)) - 1]
        rest.reason = reason
        rest.save()
        due = Q(status=MessageStatus.QUEUED, next_attempt_at__lte=moment)
        _through(server, Message.objects.filter(due)).update(
            status=Case(
                When(attempts__gte=MOST_ATTEMPTS - 1, then=Value(MessageStatus.FAILED)),
                default=Value(MessageStatus.QUEUED),
            ),
            attempts=F("attempts") + 1,
            next_attempt_at=rest.until,
            lease_until=moment,
            last_error=rest.reason,
        )
        return rest.until


def end_rest(*, server: int | None, moment: datetime) -> None:
    """A server answers again: what waited for that alone is due.

    Locks its row; does nothing where it does not rest.
    """
    with transaction.atomic():
        rest = MailRest.objects.select_for_update().filter(owner=server).first()
        if rest is None:
            return
        waiting = Message.objects.filter(status=MessageStatus.QUEUED, next_attempt_at=rest.until)
        _through(server, waiting).update(next_attempt_at=moment)
        rest.delete()


def try_anew(*, owner_id: int, moment: datetime) -> None:
    """An owner's letters leave in another way from now on: all that waits is due.

    In the caller's transaction, which has changed the way.
    """
    MailRest.objects.filter(owner=owner_id).delete()
    waiting = Message.objects.filter(owner=owner_id, status=MessageStatus.QUEUED)
    waiting.filter(next_attempt_at__gt=moment).update(next_attempt_at=moment)


def have_turns(moment: datetime) -> QuerySet[Message]:
    """Of each server as many due letters as may be on their way; fewer, where some are already."""
    rows = Message.objects.unfinished()
    active = rows.filter(Q(status=MessageStatus.SENDING) | Q(next_attempt_at__lte=moment))
    is_own = Exists(_own_servers().filter(owner=OuterRef("owner")))
    is_resting = Exists(MailRest.objects.filter(owner=OuterRef("owner")))
    others = 1 if MailRest.objects.filter(owner=None).exists() else SWEPT_AT_ONCE
    is_free = Case(When(lease_until__lt=moment, then=1), default=0)
    placed = active.annotate(
        is_own=is_own,
        server=Case(When(is_own=True, then=F("owner_id")), default=0),
        most=Case(
            When(is_own=False, then=others),
            When(is_resting, then=1),
            default=settings.MAIL_AT_ONE_SERVER,
        ),
    ).annotate(
        place=Window(
            RowNumber(),
            partition_by=F("server"),
            order_by=[is_free, F("lease_until"), F("pk")],
        )
    )
    found: QuerySet[Message] = placed.filter(place__lte=F("most"))
    return found


def _own_servers() -> QuerySet[MailSettings]:
    return MailSettings.objects.exclude(host="")


def _through(server: int | None, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Those of ``rows`` that leave through a server."""
    if server is not None:
        return rows.filter(owner=server)
    return rows.exclude(owner__in=_own_servers().values("owner"))
