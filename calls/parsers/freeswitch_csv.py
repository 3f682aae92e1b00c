"""FreeSWITCH's mod_cdr_csv in the layouts of its cdr_csv.conf.xml, or a list of columns."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from calls.parsers.assemble import Assembler, Picker
from calls.parsers.freeswitch_roles import DURATION_UNITS, OUTBOUND, names_of
from calls.parsers.record import (
    FieldError,
    LineError,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
    line_error,
)
from calls.parsers.rows import Row, RowReader
from softswitch.core.reasons import Reason

_BASE = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp",
    "answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid",
    "accountcode",
)  # fmt: skip
_EXAMPLE = (*_BASE, "read_codec", "write_codec")
TEMPLATES: dict[str, tuple[str, ...]] = {
    "example": _EXAMPLE,
    "sql": _BASE,
    "snom": (
        *_EXAMPLE, "sip_user_agent", "call_clientcode", "sip_rtp_rxstat", "sip_rtp_txstat",
        "sofia_record_file",
    ),
    "linksys": (*_EXAMPLE, "sip_user_agent", "sip_p_rtp_stat"),
    "asterisk": (
        "accountcode", "caller_id_number", "destination_number", "context", "caller_id",
        "channel_name", "bridge_channel", "last_app", "last_arg", "start_stamp", "answer_stamp",
        "end_stamp", "duration", "billsec", "hangup_cause", "amaflags", "uuid", "userfield",
    ),
    "opencdrrate": (
        "uuid", "signal_bond", "direction", "ani", "destination_number", "answer_stamp",
        "end_stamp", "billsec", "accountcode", "userfield", "network_addr",
        "original_caller_id_name", "sip_gateway_name",
    ),
}  # fmt: skip
DEFAULT_TEMPLATE = "example"
HELD_ROWS = 256  # rows a call waits for the row that names it as the leg to the gateway
REMEMBERED = 4096  # legs to gateways named by rows already read


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield the legs that entered from a customer.

    Where the layout has a direction, outbound rows are skipped. Where it has not, a row is
    skipped whose uuid another row close to it names as its other leg (`bleg_uuid`).
    """
    rows = RowReader(stream, report, delimiter=options.delimiter or ",", prepare=_without_insert)
    columns = options.columns or _template(options.template, rows.peek())
    if not columns or "uuid" not in columns:
        report.stopped = (
            Reason("no uuid column")
            if columns
            else Reason("unknown layout %(name)s", name=repr(options.template))
        )
        yield line_error(0, "template", report.stopped, "")
        report.lines += 1
        return
    rows.widths = frozenset((len(columns),))
    if columns == _EXAMPLE:
        rows.widths |= {len(_BASE)}  # FreeSWITCH's built-in layout, used without a configuration
    if "direction" in columns:
        yield from _directed(rows, columns, options, report)
    else:
        yield from _paired(rows, columns, options, report)


def _template(name: str, line: str) -> tuple[str, ...]:
    """Return the columns of a named layout, or of the one that a first line looks like."""
    if name:
        return TEMPLATES.get(name, ())
    if line.startswith("INSERT"):
        return TEMPLATES["sql"]
    fields = [field.strip(' "') for field in line.split(",")]
    by_direction = len(fields) > 2 and fields[2] in {"inbound", OUTBOUND}
    if by_direction:
        return TEMPLATES["opencdrrate"]
    by_width = {len(columns): columns for columns in TEMPLATES.values() if columns != _BASE}
    by_width.pop(len(TEMPLATES["opencdrrate"]), None)
    width = line.replace('", "', '","').count('","') + 1
    return by_width.get(width, TEMPLATES[DEFAULT_TEMPLATE])


def _without_insert(line: str) -> str:
    """Return the values of the `sql` layout's INSERT statement; other lines as they are."""
    if line.startswith("INSERT") and line.endswith(");"):
        return line[line.find("(") + 1 : -2]
    return line


class _Layout:
    """Makes calls of the rows of one layout."""

    def __init__(self, columns: tuple[str, ...], options: ParseOptions) -> None:
        names = names_of(columns)
        self._assembler = Assembler(options, names, unit=DURATION_UNITS.get(names.duration, "s"))
        self._pick = Picker(names, columns)
        both = {"sip_auth_username", "accountcode"} <= set(columns)
        self._auth, self._spare = (
            (columns.index("sip_auth_username"), columns.index("accountcode")) if both else (0, -1)
        )

    def call(self, row: Row) -> ParsedCall | LineError:
        """Return the call of a row, or what is wrong with it."""
        line, fields, raw = row
        if self._spare >= 0 and not fields[self._auth]:
            fields[self._auth] = fields[self._spare]
        try:
            return self._assembler.call(line, self._pick(fields))
        except FieldError as error:
            return self._assembler.error(line, error, raw)


def _directed(
    rows: Iterable[Row | LineError],
    columns: tuple[str, ...],
    options: ParseOptions,
    report: ParseReport,
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls of a layout that tells the direction of each leg."""
    layout, direction = _Layout(columns, options), columns.index("direction")
    for row in rows:
        if isinstance(row, LineError):
            yield row
        elif row[1][direction].lower() == OUTBOUND:
            report.skipped["outbound leg"] += 1
        else:
            yield layout.call(row)


def _paired(
    rows: Iterable[Row | LineError],
    columns: tuple[str, ...],
    options: ParseOptions,
    report: ParseReport,
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls of a layout without direction, those that name another leg at once."""
    layout, uuid = _Layout(columns, options), columns.index("uuid")
    other = columns.index("bleg_uuid") if "bleg_uuid" in columns else uuid
    legs = _Legs(report)
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        line, fields, _raw = row
        native_id, other_leg = fields[uuid], fields[other]
        yield from legs.due(line)
        if legs.is_named(native_id):
            continue
        call = layout.call(row)
        if other_leg and other_leg != native_id:
            legs.name(other_leg)
        if isinstance(call, LineError) or other_leg or not legs.hold(call):
            yield call
    yield from legs.due(None)


class _Legs:
    """Remembers which legs are the other ones of calls, and holds those that may yet be."""

    def __init__(self, report: ParseReport) -> None:
        self._report = report
        self._named: OrderedDict[str, None] = OrderedDict()
        self._held: OrderedDict[str, ParsedCall] = OrderedDict()

    def name(self, uuid: str) -> None:
        """Note that a leg is the other one of a call, and drop it if it came before."""
        self._named[uuid] = None
        if len(self._named) > REMEMBERED:
            self._named.popitem(last=False)
        if self._held.pop(uuid, None):
            self._report.skipped["leg named by another row"] += 1

    def is_named(self, uuid: str) -> bool:
        """Tell, and count, whether a call has named this leg as its other one."""
        if uuid not in self._named:
            return False
        self._report.skipped["leg named by another row"] += 1
        return True

    def hold(self, call: ParsedCall) -> bool:
        """Keep a call back for a while; False if one with its uuid is held already."""
        return self._held.setdefault(call.native_id, call) is call

    def due(self, line: int | None) -> Iterator[ParsedCall]:
        """Yield the calls held for long enough at a line, all of them at the end (None)."""
        while self._held:
            oldest = next(iter(self._held.values()))
            if line is not None and oldest.line >= line - HELD_ROWS:
                return
            del self._held[oldest.native_id]
            yield oldest
