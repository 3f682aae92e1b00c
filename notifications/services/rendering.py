"""Turns an event into the words of a letter, and a stored letter into an e-mail."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.encoding import punycode
from django.utils.translation import get_language_info, override

from customers.models import Customer
from notifications.choices import LINK_MARK
from notifications.models import Message

# Only ASCII on the wire: no server has to know 8BITMIME or SMTPUTF8.
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one letter; where a set-password link belongs they hold LINK_MARK."""

    subject: str
    text: str
    html: str


def render_letter(
    *, event: str, language: str, sender: str, recipient: str, context: dict[str, Any]
) -> Letter:
    """The letter of ``event`` in ``language``, from templates/mail/.

    The templates get ``context`` and ``sender`` (name), ``recipient`` (address), ``portal_url``,
    ``link``, ``language``, ``direction``.
    """
    with override(language):
        values = {
            **context,
            "sender": sender,
            "recipient": recipient,
            "portal_url": f"{settings.PORTAL_URL}/",
            "link": LINK_MARK,
            "language": language,
            "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        }
        return Letter(
            subject=one_line(render_to_string(f"mail/{event}_subject.txt", values))[:250],
            text=_paragraphs(render_to_string(f"mail/{event}.txt", values)),
            html=render_to_string(f"mail/{event}.html", values).strip() + "\n",
        )


def _paragraphs(text: str) -> str:
    """``text`` with one empty line at most where template tags left several."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def sender_name(owner: Customer) -> str:
    """The name that stands before the address of an owner's mail: its company's, else its own."""
    return one_line(owner.company_name or owner.name)


def new_message_id() -> str:
    """A Message-ID in the portal's own domain (RFC 5322)."""
    return f"<{uuid4().hex}@{mail_domain()}>"


def mail_domain() -> str:
    """The neutral domain that mail leaves from: nobody's of the tree."""
    return settings.MAIL_FROM.rpartition("@")[2]


def to_mail(message: Message, link: str) -> EmailMessage:
    """The e-mail of a stored message, the same each time but for ``link`` (empty: it has none)."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(message.sender_name, addr_spec=settings.MAIL_FROM)
    mail["To"] = ascii_address(message.recipient)
    if message.reply_to:
        mail["Reply-To"] = ascii_address(message.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language
    mail.set_content(message.text.replace(LINK_MARK, link) if link else message.text)
    html = message.html.replace(LINK_MARK, link) if link else message.html
    mail.add_alternative(html, subtype="html")
    if message.attachment is not None:
        kind, _slash, subtype = message.attachment.content_type.partition("/")
        content = bytes(message.attachment.content)
        name = message.attachment.name
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return mail


def ascii_address(address: str) -> str:
    """An address with its domain as the wire wants it: ``a@xn--mnchen-3ya.example``."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{punycode(domain)}"


def one_line(text: str) -> str:
    """``text`` without line breaks, which no header may hold."""
    return " ".join(text.split())
