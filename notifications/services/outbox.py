"""The one writer of new messages: queue one with its cause, resend one by hand."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from customers.models import Customer, User
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.choices import MessageStatus
from notifications.models import Attachment, Message
from notifications.selectors import RESENDABLE
from notifications.services.rendering import new_message_id, render_letter, sender_name
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
    context: dict[str, Any],
    user: User | None = None,
    key: str | None = None,
    attachment: Attachment | None = None,
) -> Message:
    """Write a letter of ``owner`` about ``customer`` into the outbox, in the caller's transaction.

    ``event`` names its templates (notifications.choices.Event), ``context`` is what they say, in
    the language of ``user``, else of ``customer``. ``user``: whose set-password link it carries.
    Several addresses are several messages, which may share an ``attachment``. With a ``key`` that
    was used before, the message of that time is returned and nothing is sent. What a person sends
    by hand is audited, too. Raises DomainError ``no_email``.
    """
    if not recipient.strip():
        raise DomainError("no_email", "There is no e-mail address.", field="email")
    message = _written(
        owner=owner,
        customer=customer,
        user=user,
        event=event,
        recipient=recipient,
        context=context,
    )
    message.key = key
    message.attachment = attachment
    with transaction.atomic():
        known = _insert(message)
        if known is not None:
            return known
        if actor.user is not None:
            record(actor=actor, customer=customer, action=f"{event}_mailed", subject=recipient)
        enqueue("notifications.deliver", message_id=message.pk)
    return message


def keep_attachment(*, name: str, content_type: str, content: bytes) -> Attachment:
    """Store a file that letters will carry, in the caller's transaction."""
    return Attachment.objects.create(name=name, content_type=content_type, content=content)


def _written(
    *,
    owner: Customer,
    customer: Customer,
    user: User | None,
    event: str,
    recipient: str,
    context: dict[str, Any],
) -> Message:
    """The letter as it will be sent, not stored yet."""
    language = (user.language if user else "") or customer.language
    sender = sender_name(owner)
    letter = render_letter(
        event=event, language=language, sender=sender, recipient=recipient, context=context
    )
    return Message(
        owner=owner,
        customer=customer,
        user=user,
        event=event,
        sender_name=sender,
        reply_to=owner.main_email,
        recipient=recipient.strip(),
        language=language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=new_message_id(),
        lease_until=now() + ASKED,
    )


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
    """Queue a failed or uncertain message again, under the same Message-ID.

    For administrators of the customer that sent it, else PermissionDenied. Locks the message;
    pressed twice it is queued once: the second gets DomainError ``not_resendable``.
    """
    if message.owner_id != actor.customer_id or not actor.can("users.manage"):
        raise PermissionDenied
    with transaction.atomic():
        fresh = Message.objects.select_for_update().get(pk=message.pk)
        if fresh.status not in RESENDABLE:
            raise DomainError("not_resendable", "Only failed and uncertain messages are resent.")
        before = fresh.status
        Message.objects.filter(pk=fresh.pk).update(
            status=MessageStatus.QUEUED,
            attempts=0,
            next_attempt_at=now(),
            lease_until=now() + ASKED,
            data_started_at=None,
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
