"""docs/parity.md: every row is filled, the tests that prove it exist, all of it works."""

import ast
import re
from functools import cache

import pytest

from tests.architecture.code import ROOT

STATES = {"works"}
MANUALS = {"C4", "SP", "PO", "RP"}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "parity.md").read_text().splitlines()
    if re.match(r"\| (C4|SP|PO|RP) \|", line)
]


@cache
def functions_in(path: str) -> frozenset[str]:
    """The names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_manual_has_rows() -> None:
    assert {row[0] for row in ROWS} == MANUALS
    assert len(ROWS) == len({tuple(row[:2]) for row in ROWS})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_a_row_names_its_page_its_tests_and_state(row: list[str]) -> None:
    _manual, item, page, tests, state = row
    assert item
    assert page
    assert state in STATES
    for named in tests.split(", "):
        path, _, name = named.partition("::")
        assert path.startswith("tests/"), named
        assert name in functions_in(path), named
