"""How many SQL statements each page may send; the baseline stands in sql_counts.toml.

A page over its baseline has a statement per row, or needs a new number and a reason in the commit:
``UPDATE_SQL_COUNTS=1 pytest tests/architecture/test_sql_counts.py`` writes what was counted.
"""

import os
import tomllib
from functools import partial
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.samples import build_samples
from tests.architecture.test_strangers import OPEN, ROUTES, Walk
from tests.architecture.urls import Route
from tests.sql import count_queries
from tests.world import World

BASELINE = Path(__file__).with_name("sql_counts.toml")
PAGES = [route for route in ROUTES if route.name not in OPEN]
VIEWERS = ("operator", "sub_reseller")


def pages_of(world: World) -> list[tuple[str, str]]:
    """Name and address of every page, with the samples' keys."""
    walk = Walk(world, build_samples(world))
    return [(page.name, address(walk, page)) for page in PAGES]


def address(walk: Walk, page: Route) -> str:
    return walk.url(page) if page.parameters else reverse(page.name)


def counted(world: World) -> dict[str, dict[str, int]]:
    """The statements of each page that a viewer gets, once caches are warm."""
    pages = pages_of(world)
    found: dict[str, dict[str, int]] = {}
    for who in VIEWERS:
        client = Client()
        client.force_login(world.user(who))
        found[who] = {}
        for name, url in pages:
            if client.get(url).status_code == 200:
                found[who][name] = count_queries(partial(client.get, url))
    return found


def write(found: dict[str, dict[str, int]]) -> None:
    lines = []
    for who, pages in found.items():
        lines.append(f"[{who}]")
        lines += [f'"{name}" = {count}' for name, count in sorted(pages.items())]
        lines.append("")
    BASELINE.write_text("\n".join(lines))


def test_no_page_sends_more_statements_than_it_did(world: World) -> None:
    found = counted(world)
    if os.environ.get("UPDATE_SQL_COUNTS"):
        write(found)
        pytest.fail("The baseline was written: look at its difference, then run again.")
    allowed = tomllib.loads(BASELINE.read_text())
    for who in VIEWERS:
        changed = set(found[who]) ^ set(allowed[who])
        assert not changed, f"new, gone or refused to {who}: {sorted(changed)}; update the baseline"
    above = {
        (who, name): (count, allowed[who][name])
        for who, pages in found.items()
        for name, count in pages.items()
        if count > allowed[who][name]
    }
    assert above == {}
