"""Opens a CSV file whatever its encoding and delimiter, and yields its lines as cells."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from charset_normalizer import from_bytes

DELIMITERS = ",;\t|"
_CHUNK = 1 << 20
_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 200
# One code page an alphabet: a short sheet cannot tell those of one alphabet apart. Of readings that
# look equally right the first is taken.
_LEGACY = ["cp1252", "cp1251", "cp1253", "cp1256"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A decoded file; ``lines()`` yields (line number from 1, cells), without blank lines."""

    text: io.TextIOWrapper
    delimiter: str

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Read on from where the text stands; a NUL byte or a stray quote never ends it."""
        reader = csv.reader(
            (line.replace("\0", "") for line in self.text), delimiter=self.delimiter
        )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]


def open_sheet(file: IO[bytes]) -> Sheet:
    """Find encoding and delimiter of ``file`` (seekable), and open it from its start."""
    encoding = _encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    sample = [line for _, line in zip(range(_SAMPLE_LINES), text, strict=False)]
    text.seek(0)
    return Sheet(text, _delimiter_of(sample))


def _encoding_of(file: IO[bytes]) -> str:
    """UTF-8 if the whole file is, by its mark UTF-16, else the likeliest of the rest."""
    file.seek(0)
    start = file.read(_SAMPLE_BYTES)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_CHUNK):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        readings = from_bytes(start, cp_isolation=_LEGACY)
        ranked = sorted(readings, key=lambda found: (found.chaos, _LEGACY.index(found.encoding)))
        return ranked[0].encoding if ranked else _LEGACY[0]
    return "utf-8-sig"


def _delimiter_of(sample: list[str]) -> str:
    """The delimiter that splits most lines into the same number of cells, two or more.

    Of equals the one with more cells; title lines above the table and commas inside prices or
    quotes are outvoted.
    """

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(
            len(cells) for cells in csv.reader(sample, delimiter=delimiter) if len(cells) > 1
        )
        width, lines = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return lines, width

    return max(DELIMITERS, key=score)
