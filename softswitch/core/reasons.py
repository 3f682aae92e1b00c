"""English texts of pure modules that can be said in another language later; pure Python."""

import json
from typing import Any

_WHOLE = "%(text)s"


class Reason(str):
    """A text for people that remembers its message and the values in it.

    ``Reason("Code “%(code)s” is too long.", code="93")`` is English where it stands;
    `softswitch.core.display.spoken` says it in the language of the reader. What a worker stores for
    readers it does not know is kept in a `softswitch.core.fields.ReasonField`.
    """

    __slots__ = ("message", "values")

    message: str
    values: dict[str, object]

    def __new__(cls, message: str, **values: object) -> "Reason":
        """``message`` has a place ``%(name)s`` for each of ``values``."""
        text = super().__new__(cls, message % values if values else message)
        text.message = message
        text.values = values
        return text


def stored(text: str) -> str:
    """``text`` as a column keeps it: a Reason with its message and values, all else as it is.

    Values are texts, Reasons too, and whole numbers. ``read`` is the way back.
    """
    if not isinstance(text, Reason):
        if not text.startswith("{"):
            return text
        text = Reason(_WHOLE, text=text)  # else it would be read as one
    return json.dumps(_parts(text), ensure_ascii=False)


def read(text: str) -> str:
    """The Reason, or the plain text, that ``stored`` was given."""
    if not text.startswith("{"):
        return text
    try:
        return _whole(json.loads(text))
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ):  # of before
        return text


def _parts(reason: Reason) -> dict[str, Any]:
    values = {
        name: _parts(value) if isinstance(value, Reason) else value
        for name, value in reason.values.items()
    }
    return {"message": reason.message, "values": values}


def _whole(parts: dict[str, Any]) -> Reason:
    values = {
        name: _whole(value) if isinstance(value, dict) else value
        for name, value in parts["values"].items()
    }
    message: str = parts["message"]
    return Reason(message, **values)
