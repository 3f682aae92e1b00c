"""The template language of messages, and the plain and HTML forms of what it gives.

Liquid, cut down to fields, conditions and three filters: no loop, no assignment, no other file.
A text reaches the fields of its event and nothing else, which is checked when it is saved: first
what stands between its braces, one by one and in linear time, and only then by the engine, which
takes seconds for some texts, and knows ranges, indexes and raw blocks that no letter needs.

Values that have a form of their own in HTML (money, links, tables) travel through the rendering
between marks of Unicode's private area, which no text keeps: ``plain`` drops them and ``as_html``
reads them, so that both forms come from one rendering.
"""

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache
from html import escape
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from notifications.catalogue import Kind
from notifications.choices import LINK_MARK
from notifications.services.syntax import (
    FILTERS,
    LIQUID,
    MARKS,
    check_braces,
    fault,
    refusal,
    why,
)
from notifications.values import Link, Money, Table, Value, Values, nested
from softswitch.core.display import (
    amount_text,
    date_text,
    datetime_text,
    number_text,
    stored_decimals,
)
from softswitch.core.errors import DomainError
from softswitch.core.reasons import Reason

MOST_CHARACTERS = 10_000

MONEY, LINK, TABLE, CELL, ROW, END = "\ue000\ue001\ue002\ue003\ue004\ue005"
_MONEY = re.compile(f"{MONEY}([^{END}]*){END}")
_LINK = re.compile(f"{LINK}([^{END}]*){END}")
_TABLE = re.compile(f"{TABLE}([^{END}]*){END}")
_BUTTON = re.compile(f"([^{LINK}{END}]+): {LINK}([^{END}]*){END}")
_SUM = re.compile(r"(\S+(?: \S+)*) {2,}(\S.*)")
# One that goes on with a field is none yet: what it leads to is not known.
_URL = re.compile(r"https?://[^\s{}<>\"']++(?!\{)")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")


class _Count(int):
    """A whole number that conditions compare and sentences show with separators."""

    def __str__(self) -> str:
        return number_text(int(self))


def check_text(*, kind: Kind, text: str, field: str) -> None:
    """Refuse what is no template of ``kind``: DomainError ``invalid`` with line and reason."""
    if len(text) > MOST_CHARACTERS:
        raise DomainError("invalid", _("The text is too long."), field=field)
    if MARKS.search(text) or "\0" in text or LINK_MARK in text:
        raise DomainError(
            "invalid", _("The text has characters that it may not have."), field=field
        )
    check_braces(text, field)
    source = _with_links(text)
    try:
        template = _parsed(text)
        _check_names(template, source, kind, field)
        for values in ({one.name: one.sample for one in kind.all_fields}, {}):
            known = {one.name: values.get(one.name) for one in kind.all_fields}
            template.render(**_shown(known))
    except LiquidError as error:
        index, reason = fault(error, source)
        raise refusal(source, index, reason, field) from error


def unused_fields(*, texts: tuple[str, ...], among: tuple[str, ...]) -> list[str]:
    """Those of ``among`` that none of ``texts`` uses, sorted.

    The texts are templates, else DomainError ``invalid``.
    """
    used: set[str] = set()
    try:
        for text in texts:
            found = _parsed(text).analyze().globals
            used |= {str(one) for many in found.values() for one in many}
    except LiquidError as error:
        raise DomainError("invalid", why(error)) from error
    return sorted(set(among) - used)


def filled(text: str, values: Values) -> str:
    """``text`` with the values in the words of the active language and zone, marked.

    A field that the message has not (any more) is refused: DomainError ``invalid``.
    """
    try:
        return _EMPTY_LINES.sub("\n\n", _parsed(text).render(**_shown(values))).strip()
    except LiquidError as error:
        raise DomainError("invalid", why(error)) from error


def plain(text: str) -> str:
    """A marked text as plain text: tables and sums in columns, links as they are."""
    return MARKS.sub("", "\n\n".join(_plain_paragraph(part) for part in text.split("\n\n")))


def as_html(text: str) -> str:
    """A marked text as HTML: paragraphs, columns of sums, buttons, tables; all else escaped."""
    return "\n".join(_html_paragraph(part) for part in text.split("\n\n") if part.strip())


def marked(value: Value) -> Any:
    """``value`` as a template gets it: words between marks, truths and numbers as they are."""
    if isinstance(value, Money):
        return f"{MONEY}{amount_text(value.amount, value.currency)} {value.currency}{END}"
    if isinstance(value, Link):
        return f"{LINK}{_clean(value.url)}{END}" if value.url else None
    if isinstance(value, Table):
        return _marked_table(value)
    if isinstance(value, str):
        return _without_secret(_clean(value)) or None
    return _plain_value(value)


def _plain_value(value: Value) -> Any:
    if isinstance(value, dt.datetime):
        return datetime_text(value)
    if isinstance(value, dt.date):
        return date_text(value)
    if isinstance(value, Decimal):
        return number_text(value, stored_decimals(value, 0))
    return _Count(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _marked_table(table: Table) -> str:
    rows: list[tuple[Value, ...]] = [table.head, *table.shown]
    if table.left_out:
        more = _("… and %(count)s more") % {"count": number_text(table.left_out)}
        rows.append((more, *[None] * (len(table.head) - 1)))
    lines = (CELL.join(_cell(value) for value in row) for row in rows)
    return f"{TABLE}{ROW.join(lines)}{END}"


def _cell(value: Value) -> str:
    shown = marked(value)
    return "" if shown is None else MARKS.sub("", str(shown))


def _clean(text: str) -> str:
    """What somebody else has written: without marks, and on one line."""
    return " ".join(MARKS.sub("", text).replace("\0", "").split())


def _without_secret(text: str) -> str:
    """A text that is not, and hides none, of what the secret link takes the place of."""
    return re.sub("%{2,}", "%", text) if LINK_MARK in text else text


def _shown(values: Values) -> dict[str, Any]:
    return nested({name: marked(value) for name, value in values.items()})


@lru_cache(maxsize=512)
def _parsed(text: str) -> BoundTemplate:
    return LIQUID.from_string(_with_links(text))


def _with_links(text: str) -> str:
    return _URL.sub(_linked, text)


def _linked(found: re.Match[str]) -> str:
    """An address that the text itself names, between marks; what ends its sentence is not its."""
    url = found[0].rstrip(".,;:!?)")
    return f"{LINK}{url}{END}{found[0][len(url) :]}"


def _check_names(template: BoundTemplate, text: str, kind: Kind, field: str) -> None:
    found = template.analyze()
    for name, places in found.filters.items():
        if name not in FILTERS:
            reason = Reason("there is no filter “%(name)s”", name=name)
            raise refusal(text, places[0].index, reason, field)
    known = {one.name for one in kind.all_fields}
    for variables in found.globals.values():
        for variable in variables:
            if str(variable) not in known:
                reason = Reason("“%(name)s” is no field of this message", name=str(variable))
                raise refusal(text, variable.span.index, reason, field)


def _cells(found: re.Match[str]) -> list[list[str]]:
    return [row.split(CELL) for row in found[1].split(ROW)]


def _plain_paragraph(text: str) -> str:
    sums = [_SUM.fullmatch(line) for line in text.split("\n")]
    if len(sums) == 1 or not all(sums):
        return _TABLE.sub(lambda found: _plain_table(_cells(found)), text)
    width = max(len(one[1]) for one in sums if one)
    return "\n".join(f"{one[1].ljust(width)}  {one[2]}" for one in sums if one)


def _plain_table(rows: list[list[str]]) -> str:
    """Columns two spaces apart; all but the first to the right, as they are numbers mostly."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _html_paragraph(text: str) -> str:
    table = _TABLE.fullmatch(text.strip())
    if table:
        return _html_table(_cells(table))
    lines = text.strip().split("\n")
    button = _BUTTON.fullmatch(lines[0]) if len(lines) == 1 else None
    if button:
        address, words = escape(button[2]), escape(MARKS.sub("", button[1]))
        return f'<p><a class="button" href="{address}">{words}</a></p>'
    sums = [_SUM.fullmatch(line) for line in lines]
    if all(sums):
        return _html_sums([found for found in sums if found])
    return f"<p>{'<br>'.join(_html_line(line) for line in lines)}</p>"


def _html_sums(sums: list[re.Match[str]]) -> str:
    rows = (f"<tr><th>{_html_line(one[1])}</th><td>{_html_line(one[2])}</td></tr>" for one in sums)
    return f'<table class="sums">{"".join(rows)}</table>'


def _html_table(rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    body = (
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:]
    )
    return (
        f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def _html_line(line: str) -> str:
    """One line, escaped; money bold, links as links."""
    text = _MONEY.sub(r"<strong>\1</strong>", escape(line))
    text = _LINK.sub(r'<a href="\1">\1</a>', text)
    return MARKS.sub(
        "", _TABLE.sub(lambda found: " ".join(chain.from_iterable(_cells(found))), text)
    )
