"""Values of CDR files made uniform: numbers, durations and addresses."""

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote

from softswitch.core.reasons import Reason

MAX_DIGITS = 32  # E.164 has 15; some routes carry more
MAX_TECH_PREFIX = 16
UNIT_US = {"s": 1_000_000, "ms": 1000, "us": 1}
_FORMATTING = str.maketrans("", "", " \t\u00a0-.()/")
_SCHEME = re.compile(r"(?:sips?|tel):", re.IGNORECASE)
_LENGTH = re.compile(r"([0-9]{1,18})(?:\.([0-9]*))?\s*(us|ms|s)?", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5]?[0-9]):([0-5]?[0-9])(?:\.([0-9]*))?")
_HOST_PORT = re.compile(
    r"(?:(?:sips?|udp|tcp|tls|wss?):)?\[?([0-9a-f.:]+?)\]?(?::[0-9]+)?", re.IGNORECASE
)


class NumberRules(NamedTuple):
    """How one switch or trunk writes telephone numbers.

    A number with one of `international_prefixes` is international. Any other is national if it
    starts with `national_prefix` (0 in most of Europe), which `default_country_code` replaces.
    Where national numbers have no prefix (""), all are national that do not start with the
    country code. Without a default country code, numbers without prefix are taken as E.164.
    """

    international_prefixes: tuple[str, ...] = ("+", "00", "011")
    default_country_code: str = ""
    national_prefix: str = ""
    tech_prefix_separator: str = "#"


class CleanNumber(NamedTuple):
    """A number in E.164 without `+`, or "" if there is none, and what stood before it."""

    e164: str
    tech_prefix: str  # without its separator


DEFAULT_RULES = NumberRules()


@lru_cache(maxsize=131_072)
def clean_number(raw: str, rules: NumberRules = DEFAULT_RULES) -> CleanNumber:
    """Return the number within a SIP address, a tech prefix, punctuation or plain digits.

    What is no telephone number, such as `anonymous` or a user name, gives an empty `e164`.
    """
    user = dialled_part(raw)
    tech_prefix = ""
    separator = rules.tech_prefix_separator
    if separator and separator in user:
        user = user.removesuffix(separator)
        tech_prefix, _, user = user.rpartition(separator)
    digits = _international(user, rules)
    tech_prefix = tech_prefix.strip()
    if len(tech_prefix) > MAX_TECH_PREFIX:
        return CleanNumber("", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        digits = ""
    return CleanNumber(digits, tech_prefix)


def dialled_part(raw: str) -> str:
    """Return what stands before the host of a SIP or tel address, without its parameters."""
    text = raw.strip()
    if "<" in text:
        text = text.partition("<")[2].partition(">")[0]
    if "%" in text:
        text = unquote(text)
    scheme = _SCHEME.match(text)
    if scheme:
        text = text[scheme.end() :]
    text = text.partition("@")[0].partition(";")[0]
    return text.partition(":")[0] if scheme else text


def _international(user: str, rules: NumberRules) -> str:
    """Return the number with its country code, still unchecked."""
    text = user.replace("(0)", "").translate(_FORMATTING)
    for prefix in sorted(rules.international_prefixes, key=len, reverse=True):
        if prefix and text.startswith(prefix):
            return text[len(prefix) :]
    code, trunk = rules.default_country_code, rules.national_prefix
    if not code or not text:
        return text
    if trunk:
        return code + text[len(trunk) :] if text.startswith(trunk) else text
    return text if text.startswith(code) else code + text


@lru_cache(maxsize=65_536)
def duration_ms(text: str, unit: str = "s") -> int:
    """Return milliseconds of `61`, `61.5`, `61500ms`, `00:01:01` or `1:01:01.5`.

    `unit` (s, ms, us) is that of a bare number. Halves of a millisecond round up.
    Raise ValueError with the reason if the text is no duration or negative.
    """
    value = text.strip()
    clock = _CLOCK.fullmatch(value)
    if clock:
        hours, minutes, seconds = int(clock[1]), int(clock[2]), int(clock[3])
        return _milliseconds(hours * 3600 + minutes * 60 + seconds, clock[4] or "", "s")
    length = _LENGTH.fullmatch(value)
    if length is None:
        raise ValueError(Reason("negative") if value.startswith("-") else Reason("no duration"))
    return _milliseconds(int(length[1]), length[2] or "", (length[3] or unit).lower())


def _milliseconds(whole: int, fraction: str, unit: str) -> int:
    scale = UNIT_US[unit]
    nanoseconds = int((fraction + "000000000")[:9]) * scale // 1_000_000
    return (whole * scale * 1000 + nanoseconds + 500_000) // 1_000_000


@lru_cache(maxsize=16_384)
def clean_address(text: str) -> str:
    """Return an IP address without port, brackets and transport; "" stays empty.

    Raise ValueError if it is no address.
    """
    value = text.strip().partition("%")[0]  # without the interface of a link-local address
    if not value:
        return ""
    try:
        return str(ip_address(value))
    except ValueError:
        found = _HOST_PORT.fullmatch(value)
    try:
        return str(ip_address(found[1] if found else value))
    except ValueError:
        raise ValueError(Reason("no IP address")) from None
