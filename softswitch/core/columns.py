"""Moves whole columns between NumPy and PostgreSQL in its binary formats: arrays out, COPY in.

All columns have a fixed width, so that a row is a record of constant size and no Python code runs
per row. Moments are microseconds since 1970 UTC; amounts are int64 in units of a last decimal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from django.db import connection

Array = npt.NDArray[Any]
Int64s = npt.NDArray[np.int64]

BIGINT = ">i8"
INTEGER = ">i4"
SMALLINT = ">i2"
BOOLEAN = "?"
DATE = "date"  # days since 1970
MOMENT = "moment"

FOREVER = int(np.iinfo(np.int64).max)
"""What ``'infinity'`` is as a moment."""

_ARRAY_HEADER = bytes(20)  # dimensions, flags, element type, length, lower bound
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_US: int = 946_684_800 * 10**6  # PostgreSQL counts from 2000
_EPOCH_DAYS = 10_957
_LIMIT = np.iinfo(np.int64)
_STORED = {MOMENT: BIGINT, DATE: INTEGER}
_OFFSETS = {MOMENT: _EPOCH_US, DATE: _EPOCH_DAYS}


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Base of a table held as columns: dataclass fields that are arrays of one length."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def where(self, chosen: Array) -> Self:
        """The chosen rows, by index or mask."""
        return type(self)(*(getattr(self, column.name)[chosen] for column in fields(self)))


def text(size: int) -> str:
    """The kind of a ``bytea`` of exactly ``size`` bytes, such as ``convert_to(rpad(...), 'UTF8')``.

    Where a text may hold more than ASCII, cut the bytes: ``substr(convert_to(...), 1, size)``.
    """
    return f"V{size}"


def texts_of(column: Array) -> npt.NDArray[np.str_]:
    """A column of ``text`` as NumPy strings without the spaces that filled it.

    Bytes beyond ASCII come out as other characters, which is all that comparing needs.
    """
    size = column.dtype.itemsize
    codes = np.ascontiguousarray(column).view(np.uint8).reshape(-1, size).astype(np.uint32)
    codes[codes == ord(" ")] = 0
    return codes.view(f"U{size}").reshape(-1)


def read_columns(
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any],
    columns: Mapping[str, str],
    *,
    before: str = "",
) -> dict[str, Array]:
    """The result of ``query`` by column; ``columns`` names them in order with their kinds.

    Each column comes as one array from the server, which is four times as fast as rows. ``before``
    may hold a WITH clause that changes data. Raises ValueError for a NULL or a text of another
    width than declared.
    """
    names = [f"c{place}" for place in range(len(columns))]
    arrays = ", ".join(f"array_send(array_agg({name}))" for name in names)
    whole = f"{before} SELECT {arrays} FROM ({query}) q ({', '.join(names)})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(whole, parameters)
        row = cursor.fetchone()
    return {
        name: _decode(content, kind)
        for (name, kind), content in zip(columns.items(), row or (), strict=True)
    }


def write_columns(
    table: str,
    columns: Mapping[str, str],
    values: Mapping[str, Array],
    *,
    nullable: Sequence[str] = (),
) -> None:
    """Append rows to ``table``: an array of one length for each of ``columns``.

    In ``nullable`` columns 0 stands for NULL. Rows that differ in what is NULL are written one
    group after the other. A number that a column cannot hold raises OverflowError.
    """
    kinds = {name: _sized(kind, values[name]) for name, kind in columns.items()}
    count = len(next(iter(values.values())))
    patterns = np.zeros(count, dtype=np.int64)
    for place, name in enumerate(nullable):
        patterns += (values[name] == 0) << place
    names = ", ".join(columns)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(_HEADER)
        for pattern in np.unique(patterns).tolist():
            absent = [name for place, name in enumerate(nullable) if pattern >> place & 1]
            rows = slice(None) if (patterns == pattern).all() else patterns == pattern
            copy.write(_encode(kinds, {n: values[n][rows] for n in columns}, absent))
        copy.write(_TRAILER)


def numeric(decimals: int) -> str:
    """The kind of a NUMERIC column that is given as int64 counts of its last decimal."""
    return f"numeric {decimals}"


def _sized(kind: str, values: Array) -> str:
    """A numeric kind with the groups of four digits that its values need before the point."""
    if not kind.startswith("numeric"):
        return kind
    decimals = int(kind.split()[1])
    largest = max(int(values.max(initial=0)), -int(values.min(initial=0))) // 10**decimals
    return f"{kind} {-(-len(str(largest)) // 4)}"


def _encode(kinds: Mapping[str, str], values: Mapping[str, Array], absent: Sequence[str]) -> bytes:
    record = _record(kinds, absent)
    rows = np.empty(len(next(iter(values.values()))), dtype=record)
    rows["fields"] = len(kinds)
    for name, kind in kinds.items():
        rows[f"{name} size"] = -1 if name in absent else record[name].itemsize
        if name not in absent:
            _fill(rows[name], values[name], kind)
    return rows.tobytes()


def _record(columns: Mapping[str, str], absent: Sequence[str] = ()) -> np.dtype[Any]:
    fields: list[tuple[Any, ...]] = [("fields", ">i2")]
    for name, kind in columns.items():
        fields.append((f"{name} size", ">i4"))
        if name not in absent:
            fields.append((name, _stored(kind)))
    return np.dtype(fields)


def _stored(kind: str) -> Any:
    if not kind.startswith("numeric"):
        return np.dtype(_STORED.get(kind, kind))
    decimals, groups = map(int, kind.split()[1:])
    digits = groups + -(-decimals // 4)
    head = [("count", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("decimals", ">i2")]
    return np.dtype([*head, ("digits", ">i2", (digits,))])


def _decode(content: bytes | None, kind: str) -> Array:
    """A column from an array in PostgreSQL's binary format; None is an empty one."""
    element = np.dtype([("size", ">i4"), ("value", _stored(kind))])
    header = len(_ARRAY_HEADER)
    count, rest = divmod(len(content) - header, element.itemsize) if content else (0, 0)
    cells = np.frombuffer(content or b"", dtype=element, count=count, offset=header * bool(content))
    if rest or (cells["size"] != element["value"].itemsize).any():
        raise ValueError("a column holds NULL or has another width than declared")
    if kind.startswith("V") or kind == BOOLEAN:
        return cells["value"].copy()
    values = cells["value"].astype(np.int64)
    if kind in _OFFSETS:
        is_open = (values == _LIMIT.max) | (values == _LIMIT.min)
        values = np.where(is_open, values, values + _OFFSETS[kind])
    return values


def _fill(target: Array, values: Array, kind: str) -> None:
    if kind.startswith("numeric"):
        _fill_numeric(target, values, kind)
        return
    stored = values - _OFFSETS[kind] if kind in _OFFSETS else values
    if target.dtype.kind == "i" and target.dtype.itemsize < 8 and values.size:
        limit = np.iinfo(target.dtype)
        if stored.min() < limit.min or stored.max() > limit.max:
            raise OverflowError("a number is out of the range of its column")
    target[:] = stored


def _fill_numeric(target: Array, values: Int64s, kind: str) -> None:
    decimals, groups = map(int, kind.split()[1:])
    whole, rest = np.divmod(np.abs(values), 10**decimals)
    behind = -(-decimals // 4)
    rest *= 10 ** (4 * behind - decimals)
    target["count"] = groups + behind
    target["weight"] = groups - 1
    target["sign"] = np.where(values < 0, 0x4000, 0)
    target["decimals"] = decimals
    digits = target["digits"]
    for place in range(groups + behind - 1, groups - 1, -1):
        rest, digits[..., place] = np.divmod(rest, 10_000)
    for place in range(groups - 1, -1, -1):
        whole, digits[..., place] = np.divmod(whole, 10_000)
