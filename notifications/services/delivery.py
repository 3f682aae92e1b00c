"""Sends what stands in the outbox: once, again only when it was certainly not accepted.

A worker takes a queued row by setting ``lease_until``; every later write asks for that very value,
so that a worker that was slow, and lost its row to another, changes nothing and sends nothing.
``data_started_at`` is committed before the first byte of the letter: a row found ``sending`` after
its lease is queued again without it, and uncertain with it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import User
from customers.tenancy import Actor
from notifications.channels import MOST_SECONDS, DeliveryError, Outcome, send
from notifications.choices import LINKED, MailStep, MessageStatus
from notifications.models import LinkRequest, Message
from notifications.selectors import address_of, may_sign_in, provider_of
from notifications.services.letters import send_test
from notifications.services.outbox import ASKED
from notifications.services.rendering import ascii_address, to_mail
from notifications.services.servers import Way, way_of
from notifications.services.turns import (
    BACK_OFF,
    MOST_ATTEMPTS,
    SWEPT_AT_ONCE,
    begin_rest,
    end_rest,
    have_turns,
    server_of,
    wait_of,
)
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.reasons import Reason

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # an attempt lasts less (notifications.channels)
TRIAL_SECONDS = 20  # that a person waits for a test
KEPT = timedelta(days=1)  # requests for a link
DIED_BEFORE = Reason("The worker ended before the letter.")
DIED = Reason("The worker ended while the letter was handed over.")


class LeaseLost(Exception):  # noqa: N818 - says what happened, nothing failed
    """Another worker, or a person, has taken the message over."""


class Undeliverable(Exception):  # noqa: N818 - the reason is shown as it is
    """The letter must not be sent any more."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test letter fared: the step that failed, if one did, and the server's very answer."""

    message: Message
    failed_at: MailStep | None
    answer: str


def deliver(*, message_id: int) -> None:
    """Send one queued message, if it is due and nobody else does. Safe to repeat.

    Commits as it goes, so it must not run inside a transaction. Ends with the message sent,
    queued for a later attempt, failed or uncertain; queued as well where its server rests, or
    enough letters are on their way there. Who has used an owner's own server asks for the next
    letter through one.
    """
    message = _take(message_id)
    if message is None:
        return
    server = server_of(message.owner_id)
    _attempt(message, server)
    if server is not None:
        _ask_for_next()


def _attempt(message: Message, server: int | None) -> None:
    try:
        hand_over(message)
    except LeaseLost:
        logger.warning("Message %s was taken over by another worker", message.pk)
    except Undeliverable as error:
        _finish(message, status=MessageStatus.FAILED, last_error=error.reason)
    except DeliveryError as error:
        _fail(message, server, error)
    else:
        _finish(message, status=MessageStatus.SENT, sent_at=now(), last_error="")
        end_rest(server=server, moment=now())


def _fail(message: Message, server: int | None, error: DeliveryError) -> None:
    """What follows for the message, and for the other ones that its server would get."""
    values = _after(error, message.attempts)
    if not error.is_of_server:
        end_rest(server=server, moment=now())
    else:
        until = begin_rest(server=server, reason=error.reason, moment=now())
        if "next_attempt_at" in values:
            values["next_attempt_at"] = max(until, values["next_attempt_at"])
    _finish(message, **values)


def hand_over(message: Message, seconds: float = MOST_SECONDS) -> str:
    """Give a message that this worker has taken to its owner's server; returns what that said.

    Raises DeliveryError, LeaseLost and Undeliverable.
    """
    way = _way_of(message)
    return send(
        server=way.server,
        sender=way.sender,
        recipient=ascii_address(message.recipient),
        mail=to_mail(message, _link_of(message), sender=way.sender),
        before_letter=lambda: _start(message),
        seconds=seconds,
    )


def try_out(*, actor: Actor) -> Trial:
    """Mail the actor's user a test letter through its customer's own server, now.

    The letter stands in the outbox as taken by a worker, so that none takes it; one that fails is
    not tried again. It neither waits where the server rests nor lets it; one that arrives ends the
    rest. Commits as it goes, so it must not run inside a transaction; takes
    TRIAL_SECONDS at most. Raises as ``send_test``.
    """
    with transaction.atomic():
        message = _take(send_test(actor=actor).pk, is_trial=True)
    if message is None:
        raise DomainError("taken", _("The test mail is on its way."))
    try:
        answer = hand_over(message, TRIAL_SECONDS)
    except DeliveryError as error:
        is_uncertain = error.outcome is Outcome.UNCERTAIN
        status = MessageStatus.UNCERTAIN if is_uncertain else MessageStatus.FAILED
        _finish(message, status=status, last_error=error.reason)
        return Trial(message, error.step, error.answer)
    _finish(message, status=MessageStatus.SENT, sent_at=now(), last_error="")
    end_rest(server=server_of(message.owner_id), moment=now())
    return Trial(message, None, answer)


def sweep() -> int:
    """Queue what dead workers left, ask workers for what is due; returns how many were asked.

    Two sweeps at once share the rows. Also forgets old requests for links.
    """
    moment = now()
    with transaction.atomic():
        late = _expired(moment).filter(status=MessageStatus.SENDING)
        for message in late[:SWEPT_AT_ONCE]:
            died = DeliveryError(Outcome.TEMPORARY, DIED_BEFORE, MailStep.CONNECTION)
            if message.data_started_at is not None:
                died = DeliveryError(Outcome.UNCERTAIN, DIED, MailStep.LETTER)
            _finish(message, **_after(died, message.attempts))
        count = _ask(_due(moment)[:SWEPT_AT_ONCE], moment)
        LinkRequest.objects.filter(at__lt=moment - KEPT).delete()
    return count


def set_password_url(user: User) -> str:
    """The link under which a login sets its password: once, within PASSWORD_RESET_TIMEOUT.

    A secret: it is made when a letter is sent and kept nowhere.
    """
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return settings.PORTAL_URL + reverse("password_set", args=[key, token])


def _expired(moment: datetime) -> QuerySet[Message]:
    """Unfinished messages that nobody works on, locked; those that another sweep holds are left."""
    rows: QuerySet[Message] = Message.objects.unfinished().filter(lease_until__lt=moment)
    return rows.select_for_update(skip_locked=True)


def _due(moment: datetime) -> QuerySet[Message]:
    """The messages that have their turn, locked, those first that were asked for longest ago."""
    due = _expired(moment).filter(status=MessageStatus.QUEUED, next_attempt_at__lte=moment)
    return due.filter(pk__in=have_turns(moment).values("pk")).order_by("lease_until", "pk")


def _ask(rows: QuerySet[Message], moment: datetime) -> int:
    """Ask workers for ``rows``, which are locked; how many."""
    ids = list(rows.values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(lease_until=moment + ASKED)
    for message_id in ids:
        enqueue("notifications.deliver", message_id=message_id)
    return len(ids)


def _ask_for_next() -> None:
    """Ask for the next letter through an owner's own server."""
    moment = now()
    with transaction.atomic():
        own = Message.objects.filter(owner__mail_settings__host__gt="")
        _ask(_due(moment).filter(pk__in=own.unfinished().values("pk"))[:1], moment)


def _take(message_id: int, *, is_trial: bool = False) -> Message | None:
    """Take a due message; None if it is not due, has no turn yet, or another has it."""
    moment = now()
    rows = Message.objects.filter(
        pk=message_id, status=MessageStatus.QUEUED, next_attempt_at__lte=moment
    )
    with transaction.atomic():
        owner_id = rows.values_list("owner_id", flat=True).first()
        if owner_id is None:
            return None
        wait = None if is_trial else wait_of(owner_id, moment)
        message: Message | None = rows.select_for_update(skip_locked=True).first()
        if message is None:
            return None
        if wait is not None:
            message.next_attempt_at, message.lease_until = wait.until, moment
            message.last_error = wait.reason or message.last_error
            message.save(update_fields=["next_attempt_at", "lease_until", "last_error"])
            return None
        message.status = MessageStatus.SENDING
        message.attempts += 1
        message.lease_until = now() + LEASE
        message.data_started_at = None
        message.save(update_fields=["status", "attempts", "lease_until", "data_started_at"])
    return message


def _mine(message: Message) -> QuerySet[Message]:
    """The row, as long as this worker holds it; the sweep may have called it uncertain."""
    states = (MessageStatus.SENDING, MessageStatus.UNCERTAIN)
    rows: QuerySet[Message] = Message.objects.filter(
        pk=message.pk, status__in=states, lease_until=message.lease_until
    )
    return rows


def _start(message: Message) -> None:
    """Commit that the server is about to get the letter; raises LeaseLost."""
    if not _mine(message).filter(status=MessageStatus.SENDING).update(data_started_at=now()):
        raise LeaseLost


def _finish(message: Message, **values: Any) -> None:
    _mine(message).update(**values)


def _after(error: DeliveryError, attempts: int) -> dict[str, Any]:
    """What a message becomes after a failed attempt: by its outcome and the attempts so far."""
    if error.outcome is Outcome.UNCERTAIN:
        return {"status": MessageStatus.UNCERTAIN, "last_error": error.reason}
    if error.outcome is Outcome.PERMANENT or attempts >= MOST_ATTEMPTS:
        return {"status": MessageStatus.FAILED, "last_error": error.reason}
    pause = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return {
        "status": MessageStatus.QUEUED,
        "last_error": error.reason,
        "next_attempt_at": now() + pause,
        "lease_until": now(),
        "data_started_at": None,
    }


def _way_of(message: Message) -> Way:
    """A server that cannot be found, or be signed in to, may be mended: the letter waits."""
    try:
        return way_of(message.owner_id)
    except DomainError as error:
        step = MailStep.CONNECTION
        raise DeliveryError(Outcome.TEMPORARY, error.reason, step) from error


def _link_of(message: Message) -> str:
    """The link that a message carries, made now; empty for one without.

    A login that was closed, or has another address or provider by now, gets none: raises
    Undeliverable.
    """
    if message.user is None or message.event not in LINKED:
        return ""
    user = message.user
    if not may_sign_in(user):
        raise Undeliverable(Reason("The login is closed."))
    if message.recipient != address_of(user):
        raise Undeliverable(Reason("The login has another address by now."))
    if message.owner_id not in (user.customer_id, provider_of(user).pk):
        raise Undeliverable(Reason("The login has another provider by now."))
    return set_password_url(user)
