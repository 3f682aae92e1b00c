"""The tool that keeps the catalogues: what it finds, keeps, drops and compiles."""

import os
from pathlib import Path

import pytest

from softswitch.core.display import spoken
from softswitch.core.messages import (
    PLURALS,
    catalogue_paths,
    compile_stale,
    messages,
    read_catalogue,
    update,
)
from softswitch.core.reasons import Reason

SERVICE = """
raise DomainError("a", _("Enter a %(what)s.") % {"what": what})
counted(number, "%(count)s file", "%(count)s files")
pgettext("button", "Void")
gettext_lazy("Void")
"""
PAGE = """
  <p>{% translate "A page" %}</p>
  {% blocktranslate count n=files %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
"""
MENU = 'NAVIGATION = ((  "Billing", "", "icon", None, (("Fees", "x", "", "right", ()),)),)'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project with texts of every sort."""
    for name, text in {
        "billing/services.py": SERVICE,
        "billing/migrations/0001.py": '_("Old")',
        "templates/page.html": PAGE,
        "templates/page.css": '{% translate "No" %}',
        "softswitch/settings/navigation.py": MENU,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def path(root: Path) -> Path:
    """The Spanish catalogue of that project, which is still to be begun."""
    return root / "locale" / "es" / "LC_MESSAGES" / "django.po"


def test_texts_of_code_templates_and_menu_are_found(root: Path) -> None:
    assert messages(root) == {
        (None, "Enter a %(what)s."): {"billing/services.py"},
        (None, ("%(count)s file", "%(count)s files")): {"billing/services.py"},
        ("button", "Void"): {"billing/services.py"},
        (None, "Void"): {"billing/services.py"},
        (None, "A page"): {"templates/page.html"},
        (None, ("%(n)s row", "%(n)s rows")): {"templates/page.html"},
        (None, "Billing"): {"softswitch/settings/navigation.py"},
        (None, "Fees"): {"softswitch/settings/navigation.py"},
    }


def test_a_catalogue_says_where_but_neither_lines_nor_dates(root: Path, path: Path) -> None:
    assert update(path, messages(root)) == (8, 8)

    text = path.read_text()
    assert "#: templates/page.html\n" in text
    assert "Date" not in text
    assert update(path, messages(root)) == (8, 8)
    assert path.read_text() == text


def test_what_is_said_as_before_keeps_its_translation(root: Path, path: Path) -> None:
    update(path, messages(root))
    path.write_text(
        path.read_text().replace('msgid "Fees"\nmsgstr ""', 'msgid "Fees"\nmsgstr "Cargos"')
    )
    (root / "templates/page.html").write_text('{% translate "A pages" %}{% translate "Fees" %}')

    assert update(path, messages(root)) == (7, 6)

    held = read_catalogue(path)
    assert held["Fees"].string == "Cargos"
    assert held["A pages"].string == ""
    assert held.get("A page") is None
    assert "fuzzy" not in path.read_text()


def test_a_fuzzy_translation_is_not_kept(root: Path, path: Path) -> None:
    update(path, messages(root))
    guessed = '#, fuzzy\nmsgid "Fees"\nmsgstr "Cargos"'
    path.write_text(path.read_text().replace('msgid "Fees"\nmsgstr ""', guessed))

    assert update(path, messages(root)) == (8, 8)


def test_arabic_has_the_six_forms_of_unicode(root: Path) -> None:
    path = root / "locale" / "ar" / "LC_MESSAGES" / "django.po"
    update(path, messages(root))

    assert PLURALS["ar"] in path.read_text()
    assert "msgstr[5]" in path.read_text()
    assert catalogue_paths(root) == [path]


def test_only_what_is_stale_is_compiled(root: Path, path: Path) -> None:
    update(path, messages(root))
    target = path.with_suffix(".mo")

    assert compile_stale(root) == [target]
    assert compile_stale(root) == []

    os.utime(target, (0, 0))
    assert compile_stale(root) == [target]


def test_a_reason_is_english_until_it_is_spoken() -> None:
    reason = Reason("Line %(line)s: %(reason)s", line=3, reason=Reason("The file is empty."))

    assert reason == "Line 3: The file is empty."
    assert spoken(ValueError(reason)) == reason
    assert spoken("100 % plain") == "100 % plain"
