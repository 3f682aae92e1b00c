"""Secrets at rest: sealed texts, keyed hashes, changed keys."""

from typing import Any

import pytest

from softswitch.core.errors import DomainError
from softswitch.core.sealing import pin_hash, seal, unseal


def test_a_sealed_text_is_read_again_and_hides_its_content() -> None:
    sealed = seal("0123 4567")
    assert b"0123" not in sealed
    assert unseal(sealed) == "0123 4567"


def test_a_new_key_before_the_old_one_opens_what_the_old_one_sealed(
    settings: Any,
) -> None:
    settings.SEALING_KEYS = ["old"]
    sealed, hashed = seal("pin"), pin_hash("4711", "0000")
    settings.SEALING_KEYS = ["new", "old"]
    assert unseal(sealed) == "pin"
    assert pin_hash("4711", "0000") == hashed


def test_a_lost_key_says_so(settings: Any) -> None:
    sealed = seal("pin")
    settings.SEALING_KEYS = ["another"]
    with pytest.raises(DomainError, match="no longer set"):
        unseal(sealed)


def test_hashes_differ_by_number_and_by_where_a_part_ends() -> None:
    assert pin_hash("1", "23") != pin_hash("12", "3")
    assert pin_hash("1", "23") == pin_hash("1", "23")
    assert len(pin_hash("1")) == 64
