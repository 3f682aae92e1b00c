"""The panels of the dashboard of whoever has no customers: only what its owner permitted."""

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.choices import ResourceStatus
from billing.selectors.dunning import own_notice
from billing.selectors.online import provider_for
from billing.selectors.redeem import is_payable, own_balance
from billing.selectors.standing import standing_of
from calls.selectors import selfcare as reads
from customers.tenancy import Actor
from softswitch.core.charts import Chart, bar_chart
from softswitch.core.chrome import Badge
from softswitch.core.display import amount_text, day_text, number_text
from softswitch.core.money import minor_units


def greeting() -> str:
    """By the hour of the viewer's zone."""
    hour = timezone.localtime().hour
    if hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour < 18 else _("Good evening")


def selfcare_context(actor: Actor) -> dict[str, Any]:
    """Money, the way to top it up, the month's calls, accounts and trunks; each by its right."""
    balance = own_balance(actor)
    context: dict[str, Any] = {}
    if balance is not None and actor.can("balance.view"):
        context |= {
            "funds": reads.funds(actor, balance),
            "standing": standing_of(actor, actor.customer) if actor.account_id is None else None,
            "entries": reads.latest_entries(actor, balance),
            "notice": own_notice(actor, balance),
        }
    if balance is not None and actor.can("payments.make") and is_payable(balance):
        context["may_top_up"] = True
        context["may_pay"] = provider_for(balance) is not None
    if actor.can("cdrs.view"):
        pays = balance if actor.account_id is None or actor.can("balance.view") else None
        zone, today = timezone.get_current_timezone(), timezone.localdate()
        month = reads.month_by_cost(pays) if pays else reads.month_by_minutes(actor, today, zone)
        context |= {"month": month, "month_name": month_name(month), "chart": month_chart(month)}
        context["month_note"] = month_note(month)
    return context | lines_context(actor)


def lines_context(actor: Actor) -> dict[str, Any]:
    """The accounts and trunks that the actor's customer has."""
    context: dict[str, Any] = {}
    if actor.can("accounts.view"):
        accounts = reads.own_accounts(actor)
        context["accounts"] = accounts
        context["account_rows"] = [(row, badge(row)) for row in accounts.rows]
    if actor.can("trunks.view"):
        trunks = reads.own_trunks(actor)
        context["trunks"] = trunks
        context["trunk_rows"] = [(row, badge(row)) for row in trunks.rows]
    return context


def badge(row: Any) -> Badge:
    """The status of an account or trunk."""
    status = ResourceStatus(row.status)
    return Badge(status.label, status.tone)


def month_name(month: reads.MonthOfCalls) -> str:
    """``November``."""
    return date_format(month.first, "F")


def month_note(month: reads.MonthOfCalls) -> str:
    """What the bars are, and what they add up to."""
    if not month.currency:
        total = number_text(month.total)
        return _("Minutes by day, %(total)s in all") % {"total": total}
    total = amount_text(month.total, month.currency)
    return _("%(currency)s by day, %(total)s in all") % {
        "currency": month.currency,
        "total": total,
    }


def month_chart(month: reads.MonthOfCalls) -> Chart:
    """A bar for each day up to today, on an axis of the whole month."""
    days = [month.first + place * reads.DAY for place in range(month.length)]
    return bar_chart(
        month_note(month),
        [day_text(day) for day in (*days, days[-1])],
        [float(value) for value in month.days],
        unit=month.currency or _("minutes"),
        part=len(month.days) - 1,
        decimals=minor_units(month.currency) if month.currency else 0,
    )
