"""Templates: they compile, say what they need, and hold no script, style or foreign host."""

import re

import pytest
from django.template.loader import get_template

from tests.architecture.code import ROOT, tracked

TEMPLATES = [name for name in tracked("*.html") if name.startswith("templates/")]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_compiles_and_starts_with_its_context(name: str) -> None:
    get_template(name.removeprefix("templates/"))
    text = (ROOT / name).read_text()
    assert text.startswith("{#"), "say what blocks and context it has"


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_inline_script_style_or_foreign_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text), "style attribute"
    assert not re.search(r"\son[a-z]+=", text), "inline handler"
    assert not re.search(r"(src|href|action)=[\"'](https?:)?//", text), "foreign host"


def test_style_sheets_and_scripts_load_nothing_from_elsewhere() -> None:
    for name in tracked("static/*.css", "static/*.js", "static/**/*.css", "static/**/*.js"):
        text = (ROOT / name).read_text()
        assert not re.search(r"(?:url\(|@import|from|fetch\()\s*[\"']?(https?:)?//", text), name
