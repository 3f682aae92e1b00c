"""What the drawer of a call says of it."""

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from calls.models import Call
from calls.selectors.explain import ChargedLevel, explain_call
from calls.selectors.re_rating import Revision
from calls.selectors.unrated import unrated_line
from customers.tenancy import Actor
from softswitch.core.display import date_text, datetime_text, listed, price_text, spoken, time_text
from softswitch.core.templatetags.money import exact

Fact = tuple[str | Promise, object]


def call_facts(actor: Actor, call: Call) -> list[Fact]:
    """Labels and texts; the switch and who sent the call are Root's to know."""
    return [*_who(actor, call), *_when(call), *_why(actor, call), *_identity(actor, call)]


def _who(actor: Actor, call: Any) -> Iterator[Fact]:
    if actor.account_id is not None:
        return
    yield _("Customer"), call.customer_name or _("Unknown")
    if call.account is not None:
        yield _("Account"), call.account
    if call.trunk is not None:
        yield _("Trunk"), call.trunk


def _when(call: Call) -> Iterator[Fact]:
    yield _("Day"), date_text(call.setup_at)
    times = [time_text(at) for at in (call.answered_at, call.ended_at) if at]
    yield (_("Answered, ended") if call.answered_at else _("Ended")), listed(times)
    pdd = "" if call.pdd_ms is None else _(", PDD %(seconds)s s") % {"seconds": call.pdd_ms / 1000}
    yield _("Duration"), f"{call.duration_ms / 1000:g} s{pdd}"


def _why(actor: Actor, call: Call) -> Iterator[Fact]:
    codes = []
    if call.sip_code is not None:
        codes.append(f"SIP {call.sip_code}")
    if call.hangup_cause is not None:
        codes.append(f"Q.850 {call.hangup_cause}")
    yield _("End"), listed(codes)
    line = unrated_line(actor, call)
    if line is not None:
        at = f" ({line.level_name})" if line.level else ""
        yield _("Not charged"), f"{line.reason}{at}"


def _identity(actor: Actor, call: Call) -> Iterator[Fact]:
    if call.called_raw != call.called_number:
        yield _("CLD as sent"), call.called_raw
    if actor.is_root:
        yield _("Switch"), call.switch
        yield pgettext("party", "From"), call.auth_name or call.source_ip
    yield _("Call ID"), call.native_id


def explained_levels(actor: Actor, call: Call) -> list[dict[str, object]]:
    """What components/level.html shows of each level that the viewer may see."""
    levels = explain_call(call, actor)
    sellers: list[ChargedLevel | None] = [*levels[1:], None]
    return [_shown(call, *pair) for pair in zip(levels, sellers[: len(levels)], strict=True)]


def _shown(call: Call, level: ChargedLevel, seller: ChargedLevel | None) -> dict[str, object]:
    """One level; ``seller`` is the next one, whose margin stands in the foot."""
    margin, right = "", ""
    if level.profit is not None and seller is not None:
        margin = _("Margin of %(name)s") % {"name": seller.name}
        right = exact(level.profit, level.balance_currency)
    return {
        "title": str(call.account if level.is_account_level else level.name),
        "amount": exact(level.amount, level.balance_currency),
        "note": _level_note(level),
        "lines": [
            (spoken(step.symbol), spoken(step.expression), step.value) for step in level.steps
        ],
        "left": margin,
        "right": right,
        "history": [_revision_text(revision) for revision in reversed(level.revisions)],
    }


def _revision_text(revision: Revision) -> str:
    """What was paid before a re-rating; who made it, and why, to whom that is shown."""
    values = {
        "moment": datetime_text(revision.at),
        "amount": price_text(revision.amount),
        "currency": revision.currency,
    }
    text = _("Until %(moment)s: %(amount)s %(currency)s") % values
    job = revision.re_rating
    if job is None:
        return text
    what = _("re-rating %(number)s undone") if revision.is_undo else _("re-rating %(number)s")
    who = _("Your provider") if job.is_above else job.who
    return f"{text}, {what % {'number': job}} ({job.reason}, {who})"


def _level_note(level: ChargedLevel) -> str:
    """Tariff, prefix and validity of the rate, and the conversion where there was one."""
    parts = [str(level.tariff)] if level.tariff else []
    if level.rate is not None:
        prefix = level.rate.prefix or _("default")
        since = date_text(level.rate.valid_from)
        parts.append(_("prefix %(prefix)s") % {"prefix": prefix})
        parts.append(_("valid from %(day)s") % {"day": since})
    if level.currency != level.balance_currency:
        parts.append(
            _("%(cost)s %(currency)s at %(rate)s")
            % {
                "cost": price_text(level.cost),
                "currency": level.currency,
                "rate": price_text(level.exchange_rate),
            }
        )
    text = listed(parts)
    return text[:1].upper() + text[1:]
