"""Lists of re-ratings, of what one changes for each payer, and of what it cannot rate."""

from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.choices import ReRatingState
from calls.tables.calls import SetupColumn
from softswitch.core.display import DASH, price_text
from softswitch.core.tables import (
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)

YOUR_PROVIDER = _("Your provider")


def level_text(level: int) -> str | Promise:
    """Where a payer stands in the chains of the calls."""
    if level == 0:
        return _("Account")
    return _("Own calls") if level == 1 else _("Calls of its customers")


class MakerColumn(Column):
    """Who started it (``with_maker``); nobody above the viewer has a name."""

    css = "trunc soft"

    def render(self, value: object, record: Any) -> str:
        return str(YOUR_PROVIDER if record.is_above else value)

    def value(self, value: object, record: Any = None) -> str:
        return self.render(value, record)


class ReRatingTable(Table):
    """Re-ratings, newest first."""

    number = Column(accessor="pk", verbose_name=_("No."), priority=1, css="num muted")
    reason = LinkColumn("calls:re_rating_detail", verbose_name=_("Reason"), narrow=("state",))
    since = DateTimeColumn(verbose_name=_("Calls from"), priority=2)
    till = DateTimeColumn(verbose_name=_("Calls to"), priority=2)
    calls_read = NumberColumn(verbose_name=_("Calls"), priority=1)
    calls_changed = NumberColumn(verbose_name=_("Changed"))
    calls_failed = NumberColumn(verbose_name=_("Not rateable"), priority=3)
    state = StatusColumn(ReRatingState, verbose_name=_("State"), priority=1)
    who = MakerColumn(verbose_name=_("By"), orderable=False, priority=3)
    created_at = DateTimeColumn(verbose_name=_("Created"), priority=2)

    class Meta:
        order_by = "-created_at"


class DifferenceColumn(MoneyColumn):
    """A difference with its sign: what is paid more is no bad news, so it is not red."""

    def render(self, value: Any, record: Any) -> SafeString:
        code = str(self.of(self.currency, record) or "")
        sign = "+" if value > 0 else ""
        return format_html('{}{} <span class="cur">{}</span>', sign, price_text(value), code)


class ReRatingSumTable(Table):
    """What each payer pays before and after, at each level."""

    customer = TextColumn(accessor="customer_name", verbose_name=_("Payer"), css="name")
    account = TextColumn(accessor="account", verbose_name=_("Account"), orderable=False, priority=2)
    level = Column(verbose_name=_("Level"), priority=2)
    calls = NumberColumn(verbose_name=_("Calls"), priority=1)
    changed = NumberColumn(verbose_name=_("Changed"), priority=1)
    before = MoneyColumn(
        currency="balance__currency_id", exact=True, verbose_name=_("Before"), priority=1
    )
    after = MoneyColumn(currency="balance__currency_id", exact=True, verbose_name=_("After"))
    difference = DifferenceColumn(
        currency="balance__currency_id", exact=True, verbose_name=_("Difference")
    )
    closed = NumberColumn(verbose_name=_("In closed periods"), priority=3)

    class Meta:
        order_by = ("customer", "level")

    def render_level(self, value: int) -> str:
        return str(level_text(value))

    value_level = render_level


class ReRatingProblemTable(Table):
    """Calls that stay as they are, and why."""

    call_id = Column(visible=False, exclude_from_export=True)
    setup_at = SetupColumn(verbose_name=_("Set up"))
    customer = TextColumn(accessor="customer_name", verbose_name=_("Payer"), css="name")
    is_account_level = Column(verbose_name=_("Account"), priority=1)
    reason = Column(verbose_name=_("Reason"))

    class Meta:
        order_by = "setup_at"

    def render_is_account_level(self, value: bool) -> str:  # noqa: FBT001 - a value, not an option
        return str(_("Yes")) if value else DASH

    value_is_account_level = render_is_account_level
