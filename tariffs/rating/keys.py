"""Called numbers and prefixes as integers that sort as their digits do.

A key is the number's first 18 digits in base 11, left-justified, each digit raised by one; zero
means "no more digits". So "44" and "440" differ, leading zeros count, and the numbers that begin
with a prefix are exactly one range of keys. E.164 has 15 digits at most, and 11**18 fits in int64.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

KEY_DIGITS = 18
BLOCKS: Int64s = 11 ** np.arange(KEY_DIGITS, -1, -1, dtype=np.int64)
"""How many keys begin with one prefix, by the number of its digits."""

_CHUNK = 3  # digits looked up at a time: the table of 1,000 entries stays in the fastest cache
_STEP = 1 << 16  # texts converted at a time, which bounds the memory
_FIRST_DIGIT = ord("0")
_POWERS_10: Int64s = 10 ** np.arange(KEY_DIGITS + 1, dtype=np.int64)


def _raised(value: int) -> int:
    """Return the base-11 value of `_CHUNK` digits, each raised by one."""
    return sum((value // 10**place % 10 + 1) * 11**place for place in range(_CHUNK))


_CHUNK_KEYS: Int64s = np.array([_raised(value) for value in range(10**_CHUNK)], dtype=np.int64)


def keys_of_texts(texts: Sequence[str]) -> Int64s:
    """Return the keys of numbers or prefixes given as text.

    Only the leading ASCII digits count, so that a number such as "anonymous" meets the default
    prefix alone; digits after the 18th are cut off.
    """
    keys = np.empty(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _STEP):
        part = texts[start : start + _STEP]
        keys[start : start + len(part)] = _keys_of_part(part)
    return keys


def keys_of_numbers(numbers: Int64s, lengths: Int64s) -> Int64s:
    """Return the keys of numbers given as integers with their digit counts (leading zeros count).

    Both arrays have the same shape; a number has at most 18 digits and not more than its length
    says. Raises ValueError otherwise.
    """
    in_range = (lengths >= 0) & (lengths <= KEY_DIGITS)
    if not in_range.all():
        raise ValueError(f"a number has 0 to {KEY_DIGITS} digits")
    if ((numbers < 0) | (numbers >= _POWERS_10[lengths])).any():
        raise ValueError("a number has more digits than its length says, or is negative")
    rest = numbers * _POWERS_10[KEY_DIGITS - lengths]
    keys = np.zeros(rest.shape, dtype=np.int64)
    for place in range(KEY_DIGITS // _CHUNK):
        rest, chunk = np.divmod(rest, 10**_CHUNK)
        keys += _CHUNK_KEYS[chunk] * 11 ** (_CHUNK * place)
    padding: Int64s = (BLOCKS[lengths] - 1) // 10  # a raised zero in each place not used
    return keys - padding


def _keys_of_part(texts: Sequence[str]) -> Int64s:
    codes = np.array(texts, dtype=f"U{KEY_DIGITS}").view(np.uint32).reshape(-1, KEY_DIGITS)
    digits = codes - np.uint32(_FIRST_DIGIT - 1)  # other characters wrap or exceed ten
    is_digit = (digits >= 1) & (digits <= 10)
    if (is_digit[:, 1:] & ~is_digit[:, :-1]).any():
        is_digit = np.logical_and.accumulate(is_digit, axis=1)
    digits[~is_digit] = 0
    keys = np.zeros(len(texts), dtype=np.int64)
    for column in range(KEY_DIGITS):
        keys = keys * 11 + digits[:, column]
    return keys
