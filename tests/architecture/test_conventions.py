"""What the linters cannot say: sizes, single writers, who may touch what."""

import ast
import re

import pytest

from softswitch.settings import base
from tests.architecture.code import ROOT, app_sources, attribute_chain, sources, tracked

WRITES = {
    "create",
    "bulk_create",
    "bulk_update",
    "update",
    "update_or_create",
    "get_or_create",
    "delete",
    "save",
}
PAGES = ("views", "api", "forms", "filters", "tables", "middleware", "templatetags")


def calls_in(tree: ast.AST) -> list[tuple[int, str]]:
    return [
        (node.lineno, attribute_chain(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_files_and_functions_stay_small() -> None:
    too_long = []
    for source in sources():
        lines = source.text.count("\n")
        if lines > 400:
            too_long.append(f"{source.path}: {lines} lines")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 40:
                    too_long.append(f"{source.path}:{node.lineno} {node.name}: {length} lines")
    assert too_long == []


def test_templates_stay_small() -> None:
    long = {name: (ROOT / name).read_text().count("\n") for name in tracked("*.html")}
    assert {name: lines for name, lines in long.items() if lines > 120} == {}


def test_every_module_says_its_job() -> None:
    silent = [source.path for source in sources() if not ast.get_docstring(source.tree)]
    assert [path for path in silent if not path.endswith("/__init__.py")] == []


def test_models_do_not_override_save_or_delete() -> None:
    overrides = [
        f"{source.path}:{node.lineno}"
        for source in app_sources("models")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete")
    ]
    assert overrides == []


def test_selectors_and_models_only_read() -> None:
    writers = [
        f"{source.path}:{line} {chain}"
        for source in app_sources("selectors", "querysets", "tenancy")
        for line, chain in calls_in(source.tree)
        if ".objects." in chain and chain.rsplit(".", 1)[-1] in WRITES
    ]
    assert writers == []


def test_pages_reach_rows_through_the_scope() -> None:
    """A page may name a manager only to declare the choices that core.forms narrows."""
    loose = [
        f"{source.path}:{line} {chain}"
        for source in app_sources(*PAGES)
        for line, chain in calls_in(source.tree)
        if ".objects." in chain and not chain.endswith((".objects.all", ".objects.none"))
    ]
    assert loose == []


def test_visible_to_is_called_where_it_is_declared() -> None:
    """Views go through core; only selectors and services may narrow by the actor themselves."""
    callers = {
        source.path
        for source in app_sources(*PAGES, "tasks", "models")
        for _line, chain in calls_in(source.tree)
        if chain.endswith(".visible_to")
    }
    assert callers == set()


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        ({"LedgerEntry", "UsageEntry"}, {"billing/services/ledger.py"}),
        ({"Reservation"}, {"billing/services/reservations.py"}),
        ({"CustomerGrant"}, {"customers/services/permissions.py"}),
        ({"AuditEvent"}, {"customers/services/audit.py"}),
    ],
)
def test_some_rows_have_a_single_writer(names: set[str], allowed: set[str]) -> None:
    writers = {
        source.path
        for source in app_sources()
        for _line, chain in calls_in(source.tree)
        if chain.split(".")[0] in names and chain.rsplit(".", 1)[-1] in WRITES
    }
    assert writers == allowed


def test_the_amount_of_a_balance_is_written_by_the_ledger_alone() -> None:
    """Neither the ORM nor SQL elsewhere sets it; SQL that sets what is reserved alone is not it."""
    sql = re.compile(r"UPDATE\s+billing_balance(?!\s+b\s+SET\s+reserved = )", re.IGNORECASE)
    writers = {source.path for source in app_sources() if sql.search(source.text)}
    for source in app_sources():
        for node in ast.walk(source.tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AugAssign) else targets
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "last_sequence":
                    writers.add(source.path)
    assert writers == {"billing/services/ledger.py"}


def test_what_a_balance_reserves_is_written_by_the_reservations_alone() -> None:
    sql = re.compile(r"SET\s+reserved\b", re.IGNORECASE)
    writers = {source.path for source in app_sources() if sql.search(source.text)}
    for source in app_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and attribute_chain(node).endswith(".update"):
                named = {keyword.arg for keyword in node.keywords}
                writers |= {source.path} if "reserved" in named else set()
    assert writers == {"billing/services/reservations.py"}


def test_enqueued_names_are_tasks() -> None:
    declared, sent = set(), set()
    for source in sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            first = node.args[0]
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            name = attribute_chain(node)
            if name == "task" and source.path.endswith("tasks.py"):
                declared.add(first.value)
            elif name == "enqueue" and not source.path.startswith("tests/"):
                sent.add(first.value)
    sent |= {str(entry["task"]) for entry in base.CELERY_BEAT_SCHEDULE.values()}
    assert sent <= declared, sent - declared


def test_no_error_is_swallowed() -> None:
    silent = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert silent == []


def test_no_float_in_money() -> None:
    """No float() or literal in what prices, charges and posts, but to guard a range of integers."""
    loose = []
    for source in app_sources("services", "rating", "selectors", "models", "periods"):
        if not source.path.startswith(("billing/", "tariffs/", "calls/services/charging")):
            continue
        for node in ast.walk(source.tree):
            is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_call = isinstance(node, ast.Call) and attribute_chain(node) == "float"
            number = getattr(node, "lineno", 1)
            line = source.text.splitlines()[number - 1]
            if (is_literal or is_call) and "range guard" not in line:
                loose.append(f"{source.path}:{number}")
    assert loose == []
