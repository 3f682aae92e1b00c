"""Every text for people is in every catalogue, translated, with the same places in it."""

import ast
import gettext
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.template.base import Lexer, TokenType

from softswitch.core.messages import Key, catalogue_paths, forms, messages, read_catalogue
from tests.architecture.code import ROOT, sources, tracked

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PLACES = {
    "places": re.compile(r"%\((\w+)\)[a-z]|%[sd]\b|%%"),
    "fields": re.compile(r"\{\{.*?\}\}"),
    "conditions": re.compile(r"\{%.*?%\}"),
    "tags": re.compile(r"</?[a-z][^>]*>"),
}
# Words that are the same in every language: formats, and the names of Stripe's events.
MARKS = re.compile(
    r"CSV|XLSX|Softswitch|checkout\.session\.\w+|payment_intent\.\w+|charge\.\w+\.?\w*"
)
WORD = re.compile(r"[A-Za-z]{2,}")
SPOKEN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
HIDDEN = {"script", "style", "code"}
# What only programs and their makers read: see CONTRIBUTING.md.
SILENT = re.compile(
    r"(^|/)(management|demo|test_data|embedded|api)/|/api\.py$|core/api\.py|first_run\.py"
)


@cache
def source() -> dict[Key, set[str]]:
    return messages()


@cache
def catalogue(language: str) -> Catalog:
    return read_catalogue(ROOT / "locale" / language / "LC_MESSAGES" / "django.po")


def key(message: Message) -> Key:
    text = message.id
    return message.context, text if isinstance(text, str) else (text[0], text[1])


def pairs(language: str) -> list[tuple[str, str]]:
    """Each text with each of its translations; a form of a plural beside the plural itself."""
    found = []
    for message in catalogue(language):
        text = message.id if isinstance(message.id, str) else message.id[1]
        found += [(text, form) for form in forms(message)]
    return [pair for pair in found if pair[0]]


def forms_of_one_number(language: str) -> Iterator[tuple[Message, str]]:
    """The forms of plurals that only one number takes: they may say it in words ("two calls")."""
    catalog = catalogue(language)
    form_of = gettext.c2py(catalog.plural_expr)
    numbers = [form_of(number) for number in range(1_000)]
    for message in catalog:
        if isinstance(message.id, tuple):
            for place, form in enumerate(forms(message)):
                if numbers.count(place) == 1:
                    yield message, form


def test_there_is_a_catalogue_for_every_language() -> None:
    assert {path.parts[-3] for path in catalogue_paths()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_hold_what_the_source_says(language: str) -> None:
    held = {key(message) for message in catalogue(language) if message.id}

    assert not source().keys() - held, "run `make messages`"
    assert not held - source().keys(), "run `make messages`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    missing = [
        message.id
        for message in catalogue(language)
        if message.id and (message.fuzzy or not all(forms(message)))
    ]

    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PLACES)
def test_places_are_the_same(language: str, kind: str) -> None:
    def places(text: str) -> set[str]:
        return {match[0] for match in PLACES[kind].finditer(text)}

    wrong = [pair for pair in pairs(language) if places(pair[0]) != places(pair[1])]
    if kind == "places":
        single = {(str(m.id[1]), str(form)) for m, form in forms_of_one_number(language)}
        wrong = [
            (text, form)
            for text, form in wrong
            if (text, form) not in single or not places(form) < places(text)
        ]

    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_conditions_keep_their_order(language: str) -> None:
    conditions = PLACES["conditions"]
    wrong = [
        pair for pair in pairs(language) if len({*map(str, map(conditions.findall, pair))}) > 1
    ]

    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_ends_and_columns_are_the_same(language: str) -> None:
    def shape(text: str) -> tuple[str, str, bool, int]:
        head, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return head, tail, bool(re.search(r"\S {2,}\{\{", text)), text.strip().count("\n")

    wrong = [pair for pair in pairs(language) if shape(pair[0]) != shape(pair[1])]

    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_the_language(language: str) -> None:
    """Each form of the catalogue is one category of Unicode, and the reverse."""
    catalog = catalogue(language)
    form_of = gettext.c2py(catalog.plural_expr)
    category_of = Locale.parse(language).plural_form
    met = {(form_of(number), category_of(number)) for number in range(1, 1_000)}
    met |= {(form_of(0), category_of(0))}

    assert len(met) == catalog.num_plurals
    counts = [len(forms(m)) for m in catalog if isinstance(m.id, tuple)]
    assert set(counts) == {catalog.num_plurals}


class Spoken(HTMLParser):
    """Collects what a page says that is not translated."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in HIDDEN
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in HIDDEN

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def spoken_bare(path: Path) -> list[str]:
    """Words of a template outside its translated parts."""
    page, depth = "", 0
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            depth += name in {"blocktranslate", "comment"}
            depth -= name in {"endblocktranslate", "endcomment"}
        elif token.token_type == TokenType.TEXT and not depth:
            page += token.contents
    reader = Spoken()
    reader.feed(page)
    reader.close()
    return [text.strip() for text in reader.found if WORD.search(MARKS.sub("", text))]


@pytest.mark.parametrize("name", [n for n in tracked("*.html") if n.startswith("templates/")])
def test_templates_say_nothing_in_english_only(name: str) -> None:
    assert not spoken_bare(ROOT / name)


def test_english_in_a_template_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<p title="Tip">{% translate "x" %} Say</p><code>kept</code>{{ a }} <b>%</b>')

    assert spoken_bare(page) == ["Tip", "Say"]


def said_bare(tree: ast.Module) -> list[str]:
    """The messages of errors for people that are plain English."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DomainError":
            found += [
                ast.unparse(part)
                for part in ast.walk(ast.Tuple(node.args[1:2]))
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
                if WORD.search(part.value) and not _is_translated(part, node.args[1])
            ]
    return found


def _is_translated(text: ast.AST, said: ast.expr) -> bool:
    """Whether a text stands in a call (gettext's), or is a key or the format of a value."""
    kinds = ast.Call | ast.Dict | ast.FormattedValue
    inside = [node for node in ast.walk(said) if isinstance(node, kinds)]
    return any(text in ast.walk(node) for node in inside)


def test_refusals_are_translated() -> None:
    bare = {
        f"{one.path}: {text}"
        for one in sources()
        if not one.path.startswith("tests/") and not SILENT.search(one.path)
        for text in said_bare(one.tree)
    }

    assert not bare


def test_an_english_refusal_is_found() -> None:
    code = 'DomainError("a", "Say", field="b")\nDomainError("a", f"Say {x}")\n'
    code += 'DomainError("a", _("Say"))'

    assert said_bare(ast.parse(code)) == ["'Say'", "'Say '"]
