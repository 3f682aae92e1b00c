"""Prepaid cards on paper: sheets of ten to print and cut."""

from collections.abc import Sequence
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import CardBatch
from softswitch.core.errors import DomainError
from softswitch.core.pdf import render_pdf

CARDS_PER_SHEET = 10
# Half a second a sheet: more cards leave as CSV, for a print shop.
MOST_CARDS = 200


def card_sheets(
    batch: CardBatch, cards: Sequence[tuple[str, str]], expires_at: datetime | None
) -> bytes:
    """A4 sheets of ten cards each: company, value, number, PIN and expiry.

    ``cards`` are (number, PIN). Raises DomainError ``too_many`` above MOST_CARDS, and what
    ``render_pdf`` raises.
    """
    if len(cards) > MOST_CARDS:
        raise DomainError(
            "too_many",
            _("%(cards)s cards are too many for a PDF: take the CSV.") % {"cards": len(cards)},
            field="file",
        )
    starts = range(0, len(cards), CARDS_PER_SHEET)
    sheets = [cards[start : start + CARDS_PER_SHEET] for start in starts]
    context = {
        "batch": batch,
        "company": batch.customer.company_name or batch.customer.name,
        "sheets": sheets,
        "expires_at": expires_at,
        "lifetime_days": batch.cards.values_list("lifetime_days", flat=True).first(),
    }
    return render_pdf(render_to_string("accounts/card_sheets.html", context), rows=0)
