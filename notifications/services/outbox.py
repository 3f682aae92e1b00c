"""The one writer of new messages: queue one with its cause, resend one by hand."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer, User
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.choices import Event, MessageStatus
from notifications.models import Attachment, Message
from notifications.selectors import RESENDABLE
from notifications.services.rendering import (
    Letter,
    new_message_id,
    render_letter,
    reply_address,
    sender_name,
)
from notifications.values import Values
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

# How long a worker that was asked may take before the sweep asks again.
ASKED = timedelta(minutes=2)


def queue_message(
    *,
    actor: Actor,
    owner: Customer,
    customer: Customer,
    event: str,
    recipient: str,
    values: Values,
    user: User | None = None,
    key: str | None = None,
    attachment: Attachment | None = None,
    letter: Letter | None = None,
    reader: Customer | None = None,
) -> Message:
    """Write a letter of ``owner`` about ``customer`` into the outbox, in the caller's transaction.

    ``values`` are the fields of the event (notifications.catalogue); the words are in the language
    and the times in the zone of ``user``, else of ``reader``, else of ``customer``. ``user``:
    whose set-password link it carries. Several addresses are several messages, which may share an
    ``attachment``. With a ``key`` that was used before, the message of that time is returned and
    nothing is sent. A ``letter`` that was rendered already goes out as it is. What a person sends
    by hand is audited, too, out of the customer's sight where somebody else reads it. Raises
    DomainError ``no_email``.
    """
    if not recipient.strip():
        raise DomainError("no_email", _("There is no e-mail address."), field="email")
    about: dict[str, Any] = {"owner": owner, "customer": customer, "user": user, "event": event}
    about["recipient"] = recipient
    words = letter or _rendered(**about, values=values, reader=reader or customer)
    message = _written(**about, letter=words)
    message.key, message.attachment = key, attachment
    return _queued(actor, message, is_private=reader is not None and reader != customer)


def keep_attachment(*, name: str, content_type: str, content: bytes) -> Attachment:
    """Store a file that letters will carry, in the caller's transaction."""
    return Attachment.objects.create(name=name, content_type=content_type, content=content)


def _rendered(
    *,
    owner: Customer,
    customer: Customer,
    user: User | None,
    event: str,
    recipient: str,
    values: Values,
    reader: Customer,
) -> Letter:
    return render_letter(
        event=Event(event),
        owner=owner,
        customer=customer,
        recipient=recipient,
        language=(user.language if user else "") or reader.language,
        values=values,
        timezone=(user.timezone if user else None) or reader.timezone,
    )


def _written(
    *,
    owner: Customer,
    customer: Customer,
    user: User | None,
    event: str,
    recipient: str,
    letter: Letter,
) -> Message:
    """The message as it will be sent, not stored yet."""
    return Message(
        owner=owner,
        customer=customer,
        user=user,
        event=event,
        sender_name=sender_name(owner),
        reply_to=reply_address(owner),
        recipient=recipient.strip(),
        language=letter.language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        logo_id=letter.logo_id,
        message_id=new_message_id(),
        lease_until=now() + ASKED,
    )


def _queued(actor: Actor, message: Message, *, is_private: bool) -> Message:
    with transaction.atomic():
        known = _insert(message)
        if known is not None:
            return known
        if actor.user is not None:
            record(
                actor=actor,
                customer=message.customer,
                action=f"{message.event}_mailed",
                subject=message.recipient,
                is_private=is_private,
            )
        enqueue("notifications.deliver", message_id=message.pk)
    return message


def _insert(message: Message) -> Message | None:
    """Save a new message; returns the one of the same key instead if there is one."""
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        known: Message | None = Message.objects.filter(key=message.key).first()
        if message.key is None or known is None:
            raise
        return known
    return None


def resend(*, actor: Actor, message: Message) -> None:
    """Queue a failed, uncertain or bounced message again, under the same Message-ID.

    For administrators of the customer that sent it, else PermissionDenied. Locks the message;
    pressed twice it is queued once: the second gets DomainError ``not_resendable``. One whose text
    is gone: ``purged``.
    """
    if message.owner_id != actor.customer_id or not actor.can("users.manage"):
        raise PermissionDenied
    with transaction.atomic():
        fresh = Message.objects.select_for_update().get(pk=message.pk)
        if fresh.status not in RESENDABLE:
            text = _("Only failed, uncertain and bounced messages are sent again.")
            raise DomainError("not_resendable", text)
        if fresh.purged_at is not None:
            raise DomainError("purged", _("Its text and files were removed, as it is old."))
        before = fresh.status
        Message.objects.filter(pk=fresh.pk).update(
            status=MessageStatus.QUEUED,
            attempts=0,
            next_attempt_at=now(),
            lease_until=now() + ASKED,
            data_started_at=None,
            bounced_at=None,
        )
        record(
            actor=actor,
            customer=fresh.customer,
            action="message_resent",
            subject=fresh.recipient,
            changes={"status": [before, MessageStatus.QUEUED]},
            is_private=True,
        )
        enqueue("notifications.deliver", message_id=fresh.pk)
