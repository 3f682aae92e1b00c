"""docs/parity.md: every row is filled, its tests exist, and its state is one of those allowed."""

import re

import pytest

from tests.architecture.code import ROOT

STATES = {"works", "stored, works with money", "stored, works with notifications"}
MANUALS = {"C4", "SP", "PO", "RP"}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "parity.md").read_text().splitlines()
    if re.match(r"\| (C4|SP|PO|RP) \|", line)
]


def test_every_manual_has_rows() -> None:
    assert {row[0] for row in ROWS} == MANUALS
    assert len(ROWS) == len({tuple(row[:2]) for row in ROWS})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_a_row_names_its_page_test_and_state(row: list[str]) -> None:
    _manual, item, page, tests, state = row
    assert item
    assert page
    assert state in STATES
    for named in tests.split(", "):
        path, _, name = named.partition("::")
        assert (ROOT / path).is_file(), path
        if name:
            assert f"def {name}(" in (ROOT / path).read_text(), named
