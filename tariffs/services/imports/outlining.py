"""Looks into an uploaded sheet before it is read: its first lines, and how to read it."""

from dataclasses import replace
from typing import IO, Any

from tariffs.models import RateImport
from tariffs.parsers.book import Book, open_book
from tariffs.parsers.layout import CODES_FILE, Layout, guess_layout
from tariffs.parsers.outline import (
    Outline,
    currency_said,
    found_head,
    outline_of,
    outlined_lines,
    sheet_names,
    start_said,
)
from tariffs.selectors.imports import import_profiles


def look_into(rate_import: RateImport, file: IO[bytes], codes: IO[bytes] | None) -> dict[str, Any]:
    """Columns of the import to be stored: outline, layout, name of the profile, start.

    The layout is that of a profile of the tariff whose headings stand in the file, else a guess.
    Raises UnreadableError.
    """
    book = open_book(file)
    codes_book = open_book(codes) if codes is not None else None
    outline = outline_of(book)
    known = _profiled(rate_import, outline)
    layout, name = known or (_guessed(book, codes_book, outline), "")
    lines = outlined_lines(outline, layout.sheet)
    said = start_said(lines, layout, rate_import.tariff.timezone)
    return {
        "outline": outline | {"currency": currency_said(lines, layout)},
        "layout": layout.as_json(),
        "profile_name": name,
        "effective_at": rate_import.effective_at or said,
    }


def _profiled(rate_import: RateImport, outline: Outline) -> tuple[Layout, str] | None:
    """The latest kept layout whose headings stand in the file, at their place there."""
    for profile in import_profiles(rate_import.tariff):
        place = found_head(outline, profile.heads)
        if place is not None:
            layout = replace(Layout.of_json(profile.layout), sheet=place[0], head=place[1])
            needs = layout.codes_sheet
            has_file = bool(rate_import.codes_file)
            if needs in ("", *sheet_names(outline)) or (needs == CODES_FILE and has_file):
                return layout, profile.name
    return None


def _guessed(book: Book, codes_book: Book | None, outline: Outline) -> Layout:
    """The guess; where nothing looks like rates, the first sheet with no column named."""
    guessed = guess_layout(book, codes_book)
    if guessed is not None:
        return guessed
    name = book.sheets[0]
    lines = outlined_lines(outline, name)
    head = lines[0][0] if lines else 0
    width = max((len(cells) for _number, cells in lines), default=0)
    return Layout(sheet=name, head=head, columns=("",) * width)
