"""Reasons: how they are kept in a column, and in whose language they and refusals are read."""

import pytest
from django.utils.translation import override

from softswitch.core.display import spoken
from softswitch.core.errors import DomainError
from softswitch.core.reasons import Reason, read, stored

CLOSED = Reason("The file is empty.")
NESTED = Reason("Line %(line)s: %(reason)s", line=3, reason=CLOSED)


@pytest.mark.parametrize("reason", [CLOSED, NESTED])
def test_a_reason_is_read_as_it_was_stored(reason: Reason) -> None:
    found = read(stored(reason))
    assert isinstance(found, Reason)
    assert found == reason
    with override("es"):
        assert spoken(found) == spoken(reason) != reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "550 5.1.1 no such mailbox",
        "100 % {full}",
        "{",
        '{"message": "The file is empty.", "values": {}}',
        '{"message": "%(x)s", "values": {}}',
    ],
)
def test_words_of_others_stay_what_they_are(text: str) -> None:
    with override("es"):
        assert spoken(read(stored(text))) == text


@pytest.mark.parametrize("text", ["{", "{}", '{"message": "x"}', "{not one of ours}"])
def test_what_was_written_before_is_read_as_it_stands(text: str) -> None:
    assert read(text) == text


def test_a_refusal_is_read_in_the_language_of_whoever_asks() -> None:
    refusal = DomainError("no", NESTED)
    assert refusal.message == refusal.reason == "Line 3: The file is empty."
    with override("es"):
        assert refusal.message == "Línea 3: El archivo está vacío."
        assert refusal.reason == "Line 3: The file is empty."
