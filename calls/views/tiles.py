"""The key figures of calls, as the list and the dashboard show them."""

from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.selectors.dashboard import Day
from calls.selectors.totals import Sum, Totals
from customers.tenancy import Actor
from softswitch.core.chrome import Action, Tile
from softswitch.core.display import DASH, amount_text, duration_text, number_text


def call_tiles(actor: Actor, totals: Totals) -> list[Tile]:
    """Six figures of the calls found; money only as far as the viewer pays or is paid."""
    tiles = [
        Tile(_("Calls"), totals.calls_text, note=_capped_note(totals)),
        Tile(_("Answered"), number_text(totals.answered)),
        asr_tile(totals.asr),
        Tile(_("Minutes"), number_text(totals.minutes, 1)),
        *money_tiles(actor, totals),
    ]
    if actor.account_id is None:
        tiles.append(unrated_tile(totals.unrated))
    return tiles


def unrated_tile(count: int) -> Tile:
    """Calls that could not be charged."""
    url = reverse("calls:unrated_list") if count else ""
    return Tile(_("Unrated"), number_text(count), url=url, is_negative=count > 0)


def unrated_action(count: int) -> list[Action]:
    """The way to the calls that could not be charged; none without any."""
    if not count:
        return []
    label = ngettext("%(count)s unrated call", "%(count)s unrated calls", count) % {"count": count}
    return [Action(label, reverse("calls:unrated_list"), "exclamation-triangle", "cdrs.view")]


def asr_tile(asr: Decimal | None, note: str | Promise = "") -> Tile:
    """Answer-seizure ratio."""
    if asr is None:
        return Tile(_("ASR"), DASH, note=note)
    return Tile(_("ASR"), number_text(asr, 1), "%", note=note)


def acd_tile(acd: Decimal | None, note: str | Promise = "") -> Tile:
    """Average call duration."""
    return Tile(_("ACD"), DASH if acd is None else duration_text(acd), note=note)


def money_tiles(actor: Actor, totals: Totals | Day) -> list[Tile]:
    """What the viewer pays, and what those below pay it."""
    tiles = []
    if not actor.is_root and totals.paid is not None:
        tiles.append(_money(_("You pay"), totals.paid))
    if totals.charged is not None:
        tiles.append(_money(_("Charged"), totals.charged))
    return tiles


def _money(label: str | Promise, total: Sum) -> Tile:
    note = _("Without currencies that have no exchange rate") if total.is_partial else ""
    return Tile(label, amount_text(total.amount, total.currency), total.currency, note=note)


def _capped_note(totals: Totals) -> str | Promise:
    return _("All figures are of the newest 100,000") if totals.is_capped else ""
