"""Bytes to text: blocks and lines of a file in any of the encodings switches write."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from calls.parsers.record import Readable, Source

BLOCK = 1 << 18  # bytes read at once
MAX_LINE = 1 << 20  # characters; longer lines are cut to one more and reported


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are no UTF-8 as Latin-1, so that old switches' names survive."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin-1-fallback", _as_latin_1)


def text_blocks(source: Source) -> Iterator[str]:
    """Yield the text piece by piece, without byte order mark, NUL and carriage returns."""
    first = True
    for block in _decoded(source):
        text = block
        if first:
            text = text.removeprefix("\ufeff")
            first = not block
        if "\0" in text:
            text = text.replace("\0", "")
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        yield text


def _decoded(source: Source) -> Iterator[str]:
    """Yield text as it comes; a carriage return never parts from its newline."""
    if not isinstance(source, Readable):
        for line in source:
            yield line if line.endswith("\n") else line + "\n"
        return
    decoder = codecs.getincrementaldecoder("utf-8")("latin-1-fallback")
    held = ""
    while piece := source.read(BLOCK):
        text = held + (piece if isinstance(piece, str) else decoder.decode(piece))
        held = "\r" if text.endswith("\r") else ""
        yield text[:-1] if held else text
    yield held + decoder.decode(b"", final=True)


def text_lines(source: Source) -> Iterator[str]:
    """Yield lines without their ends; one longer than MAX_LINE comes cut to MAX_LINE + 1."""
    if isinstance(source, Readable):
        return chain.from_iterable(_line_batches(text_blocks(source)))
    return _given_lines(source)


def _given_lines(source: Iterable[str]) -> Iterator[str]:
    """Yield lines that arrive as such, one at a time."""
    for text in text_blocks(source):
        yield text[: min(len(text) - 1, MAX_LINE + 1)]


def _line_batches(blocks: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines completed by each block; an overlong one is cut and its rest dropped."""
    tail = ""
    for block in blocks:
        lines = block.split("\n")
        lines[0] = tail + lines[0] if len(tail) <= MAX_LINE else tail
        tail = lines.pop()[: MAX_LINE + 1]
        if lines and len(max(lines, key=len)) > MAX_LINE:
            lines = [line[: MAX_LINE + 1] for line in lines]
        yield lines
    if tail:
        yield [tail]
