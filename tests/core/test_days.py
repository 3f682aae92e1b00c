"""Spans of days as documents say them."""

from datetime import date

import pytest
from django.utils.translation import override

from softswitch.core.display import days_text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), "1–31 Oct 2026"),
        (date(2026, 10, 7), date(2026, 10, 7), "7 Oct 2026"),
        (date(2026, 1, 31), date(2026, 2, 27), "31 Jan – 27 Feb 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Dec 2026 – 3 Jan 2027"),
    ],
)
def test_a_span_is_said_as_briefly_as_it_can_be(first: date, last: date, text: str) -> None:
    with override("en"):
        assert days_text(first, last) == text


def test_the_months_are_the_readers() -> None:
    with override("ar"):
        assert days_text(date(2026, 10, 1), date(2026, 10, 31)) == "1–31 أكتوبر 2026"
