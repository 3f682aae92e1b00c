"""The syntax of messages' templates: what may stand between braces, and what is wrong with it.

What the engine refuses is said in our words, by the kind of its error: its own are English.
"""

import re
from collections.abc import Iterator

from liquid import Environment, StrictUndefined
from liquid.exceptions import (
    BlockNestingError,
    FilterArgumentError,
    LiquidError,
    LiquidSyntaxError,
    LiquidTypeError,
    ResourceLimitError,
    UndefinedError,
)
from liquid.token import TOKEN_EOF, TOKEN_TAG

from softswitch.core.errors import DomainError
from softswitch.core.reasons import Reason

MOST_IN_BRACES = 300  # characters: what is longer nests or chains deeper than any letter
TAGS = ("if", "unless", "content", "output", "illegal")
# What each tag needs before and behind it to stand alone.
WRITTEN_TAGS = {
    "if": ("", "{% endif %}"),
    "unless": ("", "{% endunless %}"),
    "elsif": ("{% if today %}", "{% endif %}"),
    "else": ("{% if today %}", "{% endif %}"),
    "endif": ("{% if today %}", ""),
    "endunless": ("{% unless today %}", ""),
}
FILTERS = ("upcase", "downcase", "default")
# What the engine refuses, in our words; the first that fits.
REFUSALS: tuple[tuple[type[LiquidError], Reason], ...] = (
    (LiquidTypeError, Reason("the condition compares what cannot be compared")),
    (FilterArgumentError, Reason("a filter has values that it does not take")),
    (BlockNestingError, Reason("too many conditions stand within each other")),
    (ResourceLimitError, Reason("what comes of it is too long")),
)

MARKS = re.compile("[\ue000-\ue005]")  # of values, and of links that a text names itself
_BRACES = {"{{": "}}", "{%": "%}"}
_OPENING = re.compile("|".join(re.escape(braces) for braces in _BRACES))
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORDS = re.compile(r"(?:[\w\s|:,=!<>-]|\.(?!\.))*")


class _Liquid(Environment):
    """Liquid without what an owner's words have no need of."""

    output_stream_limit = 1_000_000
    context_depth_limit = 10
    block_nesting_limit = 8

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined)
        self.tags = {name: self.tags[name] for name in TAGS}
        self.filters = {name: self.filters[name] for name in FILTERS}


LIQUID = _Liquid()


def check_braces(text: str, field: str) -> None:
    """Refuse braces that are not closed soon, or hold more than words, filters and comparisons.

    And tags that nothing opens or closes.
    """
    at = 0
    opened: list[tuple[int, str]] = []
    while (found := _OPENING.search(text, at)) is not None:
        end = text.find(_BRACES[found[0]], found.end(), found.end() + MOST_IN_BRACES)
        if end < 0:
            raise refusal(
                text, found.start(), Reason("“%(text)s” is not closed", text=found[0]), field
            )
        written = text[found.end() : end].strip("-").strip()
        reason = _wrong_inside(found[0], written)
        if not reason and found[0] == "{%":
            reason = _wrong_place(written.split(maxsplit=1)[0], found.start(), opened)
        if reason:
            raise refusal(text, found.start(), reason, field)
        at = end + 2
    if opened:
        start, tag = opened[-1]
        names = {"tag": tag, "end": f"end{tag}"}
        reason = Reason("“%(tag)s” is not ended: “%(end)s” is missing", **names)
        raise refusal(text, start, reason, field)


def _wrong_inside(braces: str, written: str) -> Reason | None:
    """What is wrong with the words between two braces."""
    if not _WORDS.fullmatch(_QUOTED.sub("''", written).replace("''", "")):
        return Reason("“%(text)s” is not understood", text=written)
    tag = written.split(maxsplit=1)[0] if written else ""
    if braces == "{%" and tag not in WRITTEN_TAGS:
        return Reason("there is no tag “%(name)s”", name=tag)
    return None


def _wrong_place(tag: str, start: int, opened: list[tuple[int, str]]) -> Reason | None:
    """What is wrong with a tag behind those that are ``opened``, which it opens or ends itself."""
    if tag in ("if", "unless"):
        opened.append((start, tag))
        return None
    if not opened:
        return Reason("no condition begins before “%(tag)s”", tag=tag)
    if tag.startswith("end"):
        _at, last = opened.pop()
        if tag != f"end{last}":
            return Reason("“%(tag)s” does not end “%(last)s”", tag=tag, last=last)
    return None


def why(error: LiquidError) -> Reason:
    """Why the engine refuses a text, as far as its kind of error tells."""
    if isinstance(error, UndefinedError) and error.token is not None:
        return Reason("“%(name)s” is no field of this message", name=_written(error.token.value))
    known = (reason for kind, reason in REFUSALS if isinstance(error, kind))
    return next(known, Reason("it is not understood"))


def fault(error: LiquidError, source: str) -> tuple[int, Reason]:
    """Where a text is at fault, and why.

    What breaks off has no place in the engine's words: its braces are those that fail alone.
    """
    pieces = dict(_pieces(source))
    token = error.token
    if token is not None and token.start_index >= 0:
        index = token.start_index
    else:
        index = next((start for start in pieces if _is_broken(pieces[start])), len(source))
    if not isinstance(error, LiquidSyntaxError):
        return index, why(error)
    if token is not None and token.kind not in (TOKEN_EOF, TOKEN_TAG):
        return index, Reason("“%(text)s” does not belong there", text=_written(token.value))
    piece = next((pieces[start] for start in reversed(pieces) if start <= index), "")
    return index, Reason("something is missing in “%(text)s”", text=_written(piece))


def _written(text: str) -> str:
    """A part of a text as its writer knows it."""
    return MARKS.sub("", text)


def _pieces(source: str) -> Iterator[tuple[int, str]]:
    """Where braces open, and they with what they hold; all are closed."""
    at = 0
    while (found := _OPENING.search(source, at)) is not None:
        at = source.index(_BRACES[found[0]], found.end()) + 2
        yield found.start(), source[found.start() : at]


def _is_broken(piece: str) -> bool:
    """Whether the engine does not take what stands in braces, whatever stands around it."""
    before, behind = "", ""
    if piece.startswith("{%"):
        before, behind = WRITTEN_TAGS[piece[2:-2].strip("-").split(maxsplit=1)[0]]
    try:
        LIQUID.from_string(before + piece + behind)
    except LiquidError:
        return True
    return False


def refusal(text: str, index: int, reason: Reason, field: str) -> DomainError:
    """The error that says in which line of ``text`` something is wrong, and what."""
    line = text.count("\n", 0, index if index >= 0 else len(text)) + 1
    message = Reason("Line %(line)s: %(reason)s.", line=line, reason=reason)
    return DomainError("invalid", message, field=field)
