"""Typed values: what webhooks get of them, and that it can be read back."""

import datetime as dt
import json
from decimal import Decimal

import pytest

from notifications.catalogue import CATALOGUE
from notifications.values import Link, Money, Table, Value, from_json, nested, to_json

MOMENT = dt.datetime(2026, 3, 29, 2, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Money(Decimal("12.340000"), "EUR"), {"amount": "12.340000", "currency": "EUR"}),
        (Money(Decimal("1E+3"), "JPY"), {"amount": "1000", "currency": "JPY"}),
        (Money(Decimal("-1E-6"), "EUR"), {"amount": "-0.000001", "currency": "EUR"}),
        (Link("https://x.example/"), {"url": "https://x.example/"}),
        (MOMENT, {"at": "2026-03-29T02:30:00+00:00"}),
        (dt.date(2026, 3, 29), {"day": "2026-03-29"}),
        ("words", "words"),
        (7, 7),
        (True, True),
        (None, None),
        (
            Table(("A", "B"), (("x", Money(Decimal(1), "EUR")),)),
            {"head": ["A", "B"], "rows": [["x", {"amount": "1", "currency": "EUR"}]]},
        ),
    ],
)
def test_a_value_goes_through_json_and_back(value: Value, written: object) -> None:
    assert to_json(value) == written
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    table = Table(("Trunk",), tuple((f"T{n}",) for n in range(1, 9_001)))
    written = to_json(table)
    assert (len(written["rows"]), written["rows"][-1], written["more"]) == (200, ["T200"], 8_800)
    assert isinstance(from_json(written), Table)


def test_a_number_is_text_so_that_none_is_rounded() -> None:
    assert to_json(Decimal("0.1000000000000000055")) == "0.1000000000000000055"


def test_every_sample_can_be_posted() -> None:
    for kind in CATALOGUE.values():
        for field in kind.all_fields:
            back = from_json(json.loads(json.dumps(to_json(field.sample))))
            same = str(field.sample) if isinstance(field.sample, Decimal) else field.sample
            assert back == same, field.name


def test_dotted_names_are_objects_in_objects() -> None:
    flat = {"invoice.number": 1, "invoice.total": 2, "today": 3, "a.b.c": 4}
    assert nested(flat) == {
        "invoice": {"number": 1, "total": 2},
        "today": 3,
        "a": {"b": {"c": 4}},
    }
