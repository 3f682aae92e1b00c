"""Keeps the catalogues of translations, ``locale/LANGUAGE/LC_MESSAGES/django.po``; Babel only.

``python -m softswitch.core.messages`` writes what the source says now into every catalogue, and
keeps the translations of what is said as before: a text that changed is untranslated, never
guessed. With a language (``de``, ``pt_BR``) it begins that one; ``--compile`` makes the ``.mo``
files that Django reads, which are not kept in the repository.
"""

import argparse
import ast
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel import Locale
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("softswitch", "customers", "accounts", "tariffs", "billing", "notifications", "calls")
MENU = Path("softswitch/settings/navigation.py")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "Reason": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "counted": (2, 3),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip

# Where Babel's rule is not that of Unicode and Django: 11 to 99 is a form of its own, 100 is not.
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 "
    ": n%100>=11 && n%100<=99 ? 4 : 5);"
}
# A context (or none) and a text, or a singular and a plural.
Key = tuple[str | None, str | tuple[str, str]]


def messages(root: Path = ROOT) -> dict[Key, set[str]]:
    """Every text for people in the source, and the files that say it."""
    found: dict[Key, set[str]] = {}
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py")):
        if "migrations" not in path.parts:
            _add(found, _python(path.read_bytes()), path.relative_to(root))
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            _add(found, _template(path), path.relative_to(root))
    _add(found, _menu(root / MENU), MENU)
    for context, text in [key for key in found if isinstance(key[1], tuple)]:
        found[context, text] |= found.pop((context, text[0]), set())
    return found


def catalogue_paths(root: Path = ROOT) -> list[Path]:
    """The ``.po`` files that there are."""
    return sorted((root / "locale").glob("*/LC_MESSAGES/django.po"))


def read_catalogue(path: Path) -> Catalog:
    """A ``.po`` file; its language is that of its folder."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=path.parts[-3])


def update(path: Path, found: dict[Key, set[str]]) -> tuple[int, int]:
    """Write ``found`` into a catalogue; how many messages it has, and how many untranslated."""
    old = read_catalogue(path) if path.exists() else Catalog(locale=path.parts[-3])
    new = Catalog(locale=path.parts[-3])
    missing = 0
    for (context, text), files in found.items():
        is_plural = isinstance(text, tuple)
        kept = _kept(old, context, text) or ("",) * (new.num_plurals if is_plural else 1)
        missing += not all(kept)
        new.add(
            text,
            kept if is_plural else kept[0],
            locations=[(file, 0) for file in sorted(files)],
            context=context,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, _header(new) + _body(new))
    return len(found), missing


def compile_stale(root: Path = ROOT) -> list[Path]:
    """Compile the catalogues that are newer than their ``.mo`` file; which were compiled."""
    done = []
    for path in catalogue_paths(root):
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            content = io.BytesIO()
            write_mo(content, read_catalogue(path))
            _write(target, content.getvalue())
            done.append(target)
    return done


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message: one, or a form for each sort of number."""
    string = message.string
    return tuple(map(str, string)) if isinstance(string, tuple | list) else (string or "",)


def _kept(old: Catalog, context: str | None, text: str | tuple[str, str]) -> tuple[str, ...]:
    """The translation of a text that has not changed, else nothing."""
    message = old.get(text, context)
    if message is None or message.id != text or message.fuzzy or not all(forms(message)):
        return ()
    return forms(message)


def _header(catalog: Catalog) -> bytes:
    """Without dates and names: they would change with every run, and git knows them."""
    lines = (
        f"Language: {catalog.locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {PLURALS.get(str(catalog.locale), catalog.plural_forms)}",
    )
    return 'msgid ""\nmsgstr ""\n{}\n'.format("".join(f'"{line}\\n"\n' for line in lines)).encode()


def _body(catalog: Catalog) -> bytes:
    content = io.BytesIO()
    pofile.write_po(
        content, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False
    )
    return content.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Replace a file at once: another process may be reading it."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def _add(found: dict[Key, set[str]], keys: Iterable[Key], path: Path) -> None:
    for key in keys:
        found.setdefault(key, set()).add(path.as_posix())


def _python(code: bytes) -> Iterator[Key]:
    for _line, text, _comments, context in extract("python", io.BytesIO(code), KEYWORDS):
        if text:
            yield context, text if isinstance(text, str) else (text[0], text[1])


def _template(path: Path) -> Iterator[Key]:
    """The texts of a template: Django turns it into lines of Python, indented like the HTML."""
    code = templatize(path.read_text("utf-8"), origin=str(path))
    return _python("\n".join(line.strip() for line in code.split("\n")).encode())


def _menu(path: Path) -> Iterator[Key]:
    """The labels of the menu, which the setting declares as plain texts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Tuple) and len(node.elts) == len(
            ("label", "url", "icon", "right", "children")
        ):
            label = node.elts[0]
            if isinstance(label, ast.Constant) and isinstance(label.value, str):
                yield None, label.value


def main() -> None:
    """Update, begin or compile the catalogues, as the arguments say."""
    parser = argparse.ArgumentParser(prog="softswitch.core.messages", description=__doc__)
    parser.add_argument("languages", nargs="*", help="languages to begin")
    parser.add_argument("--compile", action="store_true", help="only compile what is stale")
    options = parser.parse_args()
    if not options.compile:
        begun = [ROOT / "locale" / str(Locale.parse(name)) for name in options.languages]
        paths = {*catalogue_paths(), *(path / "LC_MESSAGES" / "django.po" for path in begun)}
        found = messages()
        for path in sorted(paths):
            total, missing = update(path, found)
            name = path.relative_to(ROOT)
            sys.stdout.write(f"{name}: {total} messages, {missing} untranslated\n")
    compile_stale()


if __name__ == "__main__":
    main()
