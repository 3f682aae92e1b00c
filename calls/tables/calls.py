"""Lists of calls, unrated calls, switches and deliveries of CDR files."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.choices import CallResult, CdrImportState
from calls.models import CallConflict, CdrImport, Switch
from calls.selectors.cdrs import call_lines, has_own_price
from calls.selectors.unrated import unrated_lines
from customers.choices import Kind
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    DurationColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TelColumn,
    TextColumn,
)


class SetupColumn(Column):
    """When the call ``call_id`` was set up, linked to its drawer beside the same search."""

    css = "tnum"

    def render(self, value: Any, record: Any, table: Table) -> SafeString:
        call_id = self.of("call_id", record)
        query = getattr(table, "query", "")
        return format_html(
            '<a href="{}{}"{}><time datetime="{}">{}</time></a>',
            reverse("calls:call_detail", args=[call_id]),
            f"?{query}" if query else "",
            SafeString(' aria-current="true"') if call_id == getattr(table, "open_id", 0) else "",
            value.isoformat(),
            display.short_datetime_text(value),
        )

    def value(self, value: Any) -> Any:
        return value


class CalledColumn(Column):
    """The called number, with the caller under it where that column has left."""

    def render(self, value: object, record: Any) -> SafeString:
        return format_html(
            '<span class="tel">{}</span><span class="only-narrow sub">{} <span class="tel">{}'
            "</span></span>",
            value,
            _("from"),
            record["line"].call.caller_number or display.DASH,
        )

    def value(self, value: object) -> str:
        return str(value)


class CallTable(Table):
    """Calls without any price. The rows are keys; ``prepare`` reads what is shown of them."""

    query = ""
    open_id: int | None = None

    setup_at = SetupColumn(verbose_name=_("Set up"))
    caller = TelColumn(
        accessor="line__call__caller_number",
        orderable=False,
        verbose_name=_("From (CLI)"),
        priority=1,
    )
    called = CalledColumn(
        accessor="line__call__called_number", orderable=False, verbose_name=_("To (CLD)")
    )
    destination = TextColumn(
        accessor="line__destination", orderable=False, verbose_name=_("Destination"), priority=3
    )
    customer = TextColumn(
        accessor="line__call__customer_name",
        orderable=False,
        verbose_name=_("Customer"),
        priority=3,
        css="trunc",
    )
    account = TextColumn(
        accessor="line__call__account", orderable=False, verbose_name=_("Account"), priority=3
    )
    duration = DurationColumn(
        accessor="line__seconds", orderable=False, verbose_name=_("Duration"), priority=1
    )
    sip_code = Column(
        accessor="line__call__sip_code",
        orderable=False,
        verbose_name=_("SIP"),
        priority=3,
        css="num soft",
    )
    result = StatusColumn(
        CallResult, accessor="line__result", orderable=False, verbose_name=_("Result"), priority=1
    )
    trunk = TextColumn(accessor="line__call__trunk", orderable=False, verbose_name=_("Trunk"))
    answered_at = DateTimeColumn(
        accessor="line__call__answered_at", orderable=False, verbose_name=_("Answered")
    )
    ended_at = DateTimeColumn(
        accessor="line__call__ended_at", orderable=False, verbose_name=_("Ended")
    )
    duration_ms = NumberColumn(
        accessor="line__call__duration_ms", orderable=False, verbose_name=_("Duration, ms")
    )
    pdd_ms = NumberColumn(accessor="line__call__pdd_ms", orderable=False, verbose_name=_("PDD, ms"))
    hangup_cause = Column(
        accessor="line__call__hangup_cause", orderable=False, verbose_name=_("Q.850 cause")
    )
    called_raw = TextColumn(
        accessor="line__call__called_raw", orderable=False, verbose_name=_("CLD as sent")
    )
    native_id = TextColumn(
        accessor="line__call__native_id", orderable=False, verbose_name=_("Call ID")
    )

    # Shown where a user chooses them, exported always.
    RAW: ClassVar[tuple[str, ...]] = (
        "trunk",
        "answered_at",
        "ended_at",
        "duration_ms",
        "pdd_ms",
        "hangup_cause",
        "called_raw",
        "native_id",
    )
    hidden_by_default = (*RAW, "account")

    class Meta:
        order_by = "-setup_at"

    def prepare(self, records: list[Any]) -> None:
        lines = call_lines(self.actor, records)
        for record in records:
            record["line"] = lines[record["call_id"]]

    def row_class(self, record: Any) -> str:
        return "here" if record["call_id"] == self.open_id else ""

    def ordered_queryset(self) -> QuerySet[Any]:
        """By set-up time, the only order that an index gives; the id decides between equals."""
        rows: QuerySet[Any] = self.data.data
        newest_first = not self.order_by or self.order_by[0].is_descending
        return rows.order_by(
            *(("-setup_at", "-call_id") if newest_first else ("setup_at", "call_id"))
        )

    def _export_columns(self) -> list[Any]:
        shown = super()._export_columns()
        names = {column.name for column in shown}
        return [*shown, *(self.columns[name] for name in self.RAW if name not in names)]


def call_table(actor: Actor) -> type[CallTable]:
    """The columns of this viewer: no price above its own, none at all for who pays nothing."""
    if actor.account_id is not None:
        return OwnCallTable if has_own_price(actor) else CallTable
    if actor.is_root:
        return RootCallTable
    return ResellerCallTable if actor.customer.kind == Kind.RESELLER else OwnCallTable


def _charge(side: str, label: Any, priority: int = 0) -> MoneyColumn:
    return MoneyColumn(
        accessor=f"line__{side}_amount",
        currency=f"line__{side}__balance__currency_id",
        exact=True,
        orderable=False,
        verbose_name=label,
        priority=priority,
    )


class OwnCallTable(CallTable):
    """Calls with what the viewer pays."""

    paid = _charge("paid", _("Charge"))

    class Meta(CallTable.Meta):
        sequence = ("setup_at", "caller", "called", "destination", "customer", "account",
                    "duration", "sip_code", "paid", "result", "...")  # fmt: skip


class ResellerCallTable(CallTable):
    """Calls with what the viewer pays its owner and what its direct customer pays it."""

    paid = _charge("paid", _("You pay"), priority=2)
    charged = _charge("charged", _("Charged"))

    class Meta(CallTable.Meta):
        sequence = ("setup_at", "caller", "called", "destination", "customer", "account",
                    "duration", "sip_code", "paid", "charged", "result", "...")  # fmt: skip


class RootCallTable(CallTable):
    """Calls with what Root's direct customer pays."""

    charged = _charge("charged", _("Charge"))

    class Meta(CallTable.Meta):
        sequence = ("setup_at", "caller", "called", "destination", "customer", "account",
                    "duration", "sip_code", "charged", "result", "...")  # fmt: skip


class SwitchStateColumn(Column):
    """Whether a switch may deliver."""

    def render(self, value: bool) -> SafeString:  # noqa: FBT001 - a value, not an option
        tone, label = ("ok", _("Active")) if value else ("off", _("Inactive"))
        return format_html('<span class="status {}">{}</span>', tone, label)

    def value(self, value: bool) -> str:  # noqa: FBT001 - a value, not an option
        return str(_("Active") if value else _("Inactive"))


class UnratedTable(Table):
    """Calls that could not be charged, and why."""

    select = SelectColumn("call_id")
    setup_at = SetupColumn(verbose_name=_("Set up"))
    caller = TelColumn(
        accessor="line__call__caller_number",
        orderable=False,
        verbose_name=_("From (CLI)"),
        priority=2,
    )
    called = TelColumn(
        accessor="line__call__called_number", orderable=False, verbose_name=_("To (CLD)")
    )
    customer = TextColumn(
        accessor="line__call__customer_name",
        orderable=False,
        verbose_name=_("Customer"),
        priority=2,
    )
    duration = DurationColumn(
        accessor="line__seconds", orderable=False, verbose_name=_("Duration"), priority=3
    )
    reason = Column(
        accessor="line__reason", orderable=False, verbose_name=_("Reason"), css="text-nowrap"
    )
    level = TextColumn(
        accessor="line__level_name", orderable=False, verbose_name=_("Level"), priority=1
    )
    since = DateTimeColumn(verbose_name=_("Unrated since"), priority=3)
    actions = ActionsColumn(
        RowAction(
            _("Settle at 0"),
            "calls:unrated_settle",
            "receipt-percent",
            "money.manage",
            shown=lambda record, _actor: record.is_settleable,
        ),
        name="call_id",
    )

    class Meta:
        order_by = "-setup_at"

    def prepare(self, records: list[Any]) -> None:
        lines = unrated_lines(self.actor, records)
        for record in records:
            record.line = line = lines[record.call_id]
            is_sold = line.level is not None and line.level.pk != self.actor.customer_id
            record.is_settleable = is_sold or (line.level is not None and record.is_account_level)


class SwitchTable(Table):
    """Switches."""

    name = LinkColumn("calls:switch_edit", verbose_name=_("Name"))
    timezone = TextColumn(verbose_name=_("Time zone"), priority=1)
    source_addresses = TextColumn(verbose_name=_("Source addresses"), priority=2)
    international_prefixes = TextColumn(verbose_name=_("International prefixes"), priority=3)
    state = SwitchStateColumn(accessor="is_active", verbose_name=_("Status"))
    created_at = DateTimeColumn(verbose_name=_("Created"), priority=3)
    actions = ActionsColumn(
        RowAction(_("Edit"), "calls:switch_edit", "pencil-square", right="system.settings"),
        RowAction(_("Issue a new token"), "calls:switch_token", "key", right="system.settings"),
    )

    class Meta:
        model = Switch
        fields = ()
        order_by = "name"


class ImportTable(Table):
    """Deliveries of CDR files."""

    file_name = LinkColumn("calls:import_detail", verbose_name=_("File"), narrow=("state",))
    switch = TextColumn(accessor="switch__name", verbose_name=_("Switch"), priority=1)
    format = TextColumn(verbose_name=_("Format"), priority=3)
    calls_new = NumberColumn(verbose_name=_("New"))
    calls_repeated = NumberColumn(verbose_name=_("Repeated"), priority=2)
    calls_conflicting = NumberColumn(verbose_name=_("Conflicting"), priority=2)
    lines_rejected = NumberColumn(verbose_name=_("Rejected"), priority=2)
    state = StatusColumn(CdrImportState, verbose_name=_("State"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Uploaded"), priority=3)

    class Meta:
        model = CdrImport
        fields = ()
        order_by = "-created_at"


class ConflictTable(Table):
    """Deliveries that contradict a stored call; it was not changed."""

    setup_at = SetupColumn(verbose_name=_("Set up"))
    caller = TelColumn(accessor="contents__caller", orderable=False, verbose_name=_("From (CLI)"))
    called = TelColumn(accessor="contents__called", orderable=False, verbose_name=_("To (CLD)"))
    duration_ms = NumberColumn(
        accessor="contents__duration_ms",
        orderable=False,
        verbose_name=_("Duration delivered, ms"),
        priority=1,
    )
    native_id = TextColumn(
        accessor="contents__native_id", orderable=False, verbose_name=_("Call ID"), priority=2
    )
    received_at = DateTimeColumn(verbose_name=_("Received"), priority=2)

    class Meta:
        model = CallConflict
        fields = ()
        order_by = "-received_at"
