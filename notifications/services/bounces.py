"""Letters that came back: said by a person, or by a mail server's report (RFC 3464)."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.services.audit import record
from customers.tenancy import Actor
from notifications.choices import MessageStatus
from notifications.models import Message
from notifications.selectors import BOUNCEABLE
from softswitch.core.errors import DomainError

MOST_REASON = 500
_REPORT = "message/delivery-status"
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says: of which letters, what became of them, and why."""

    names: frozenset[str]
    action: str
    reason: str


def mark_bounced(*, actor: Actor, message: Message, reason: str) -> None:
    """Note that a letter came back, and why.

    For administrators of the customer that sent it, else PermissionDenied. Raises DomainError
    ``not_sent`` as ``_bounce``.
    """
    if message.owner_id != actor.customer_id or not actor.can("users.manage"):
        raise PermissionDenied
    with transaction.atomic():
        _bounce(actor, message.pk, reason)


def record_report(*, content: bytes) -> Message | None:
    """Note the bounce that a mail server's report tells of; returns the letter.

    It is found by its Message-ID in what was returned, or by the Original-Envelope-Id. None where
    the report tells of no failure (delayed, delivered). The same report twice changes nothing.
    Raises DomainError ``no_report`` for a mail that is none, ``unknown_message`` where no letter
    has the name, ``not_sent`` as ``_bounce``.
    """
    report = _read(content)
    if report.action != "failed":
        return None
    with transaction.atomic():
        found: Message | None = Message.objects.filter(message_id__in=report.names).first()
        if found is None:
            raise DomainError("unknown_message", _("No message has the name of this report."))
        if found.status != MessageStatus.BOUNCED:
            owner = found.owner
            actor = Actor(user=None, customer=owner, stack=(owner.pk,), ip=None)
            _bounce(actor, found.pk, report.reason)
    return found


def _bounce(actor: Actor, pk: int, reason: str) -> None:
    """Locks the row. DomainError ``not_sent`` unless a server has, or may have, taken the letter.

    The report may be faster than the worker, whose ``sent`` then comes too late to be written.
    """
    message = Message.objects.select_for_update(of=("self",)).select_related("customer").get(pk=pk)
    under_way = message.status == MessageStatus.SENDING and message.data_started_at is not None
    if message.status not in BOUNCEABLE and not under_way:
        raise DomainError("not_sent", _("Only messages that were sent can bounce."))
    before = message.status
    message.status = MessageStatus.BOUNCED
    message.bounced_at = now()
    message.last_error = _line(reason)[:MOST_REASON]
    message.save(update_fields=["status", "bounced_at", "last_error"])
    record(
        actor=actor,
        customer=message.customer,
        action="message_bounced",
        subject=message.recipient,
        changes={"status": [before, MessageStatus.BOUNCED]},
        is_private=True,
    )


def _read(content: bytes) -> Report:
    """The report of a mail; of several recipients the one that failed, as our letters have one."""
    parts = list(message_from_bytes(content).walk())
    status = next((part for part in parts if part.get_content_type() == _REPORT), None)
    if status is None:
        raise DomainError("no_report", _("This is no delivery report (RFC 3464)."))
    blocks: list[Any] = [part for part in status.walk() if part is not status]
    envelope = [text for block in blocks if (text := _field(block, "Original-Envelope-Id"))]
    told = [block for block in blocks if _field(block, "Action")]
    failed = [block for block in told if _field(block, "Action").lower() == "failed"]
    block = next(iter(failed or told), None)
    return Report(
        names=frozenset([f"<{text.strip('<>')}>" for text in envelope] + _returned(parts)),
        action=_field(block, "Action").lower() if block is not None else "",
        reason=_why(block) if block is not None else "",
    )


def _returned(parts: list[Any]) -> list[str]:
    """The Message-IDs of the letters, or the heads of letters, that a report returns."""
    found = []
    for part in parts:
        kind = part.get_content_type()
        if kind not in _RETURNED:
            continue
        if kind.startswith("message/") and part.is_multipart():
            head = part.get_payload(0)
        else:
            head = message_from_bytes(part.get_payload(decode=True) or b"")
        found += _ID.findall(_field(head, "Message-ID"))
    return found


def _why(block: Any) -> str:
    """Status and diagnosis, such as "5.1.1 550 no such mailbox"."""
    kind, _semicolon, words = _field(block, "Diagnostic-Code").partition(";")
    status, words = _field(block, "Status"), words or kind
    return words if status in words else f"{status} {words}"


def _field(block: Any, name: str) -> str:
    return _line(str(block.get(name, "")))


def _line(text: str) -> str:
    """``text`` in one line that a database takes."""
    return " ".join(text.replace("\0", "�").split())
