"""Numbers, durations, causes, addresses and times as CDR files write them."""

from zoneinfo import ZoneInfo

import pytest

from calls.parsers.causes import FREESWITCH, clean_result
from calls.parsers.clock import Clock
from calls.parsers.fields import NumberRules, clean_address, clean_number, duration_ms
from tests.calls.test_parsers_support import BERLIN, NOW_US, us

GERMAN = NumberRules(("+", "00"), "49", "0", "#")
AMERICAN = NumberRules(("+", "011"), "1", "", "#")


@pytest.mark.parametrize(
    ("raw", "rules", "e164", "tech_prefix"),
    [
        ("+442079460000", NumberRules(), "442079460000", ""),
        ("00442079460000", NumberRules(), "442079460000", ""),
        ("011442079460000", NumberRules(), "442079460000", ""),
        ("442079460000", NumberRules(), "442079460000", ""),
        ("+44 (0)20 7946-0000", NumberRules(), "442079460000", ""),
        ("(020) 7946.0000", NumberRules(("+",), "44", "0"), "442079460000", ""),
        ("1234#00442079460000", NumberRules(), "442079460000", "1234"),
        ("1234%23442079460000", NumberRules(), "442079460000", "1234"),
        ("00442079460000#", NumberRules(), "442079460000", ""),
        ("99*442079460000", NumberRules(tech_prefix_separator="*"), "442079460000", "99"),
        ("sip:+442079460000@192.0.2.1:5060;user=phone", NumberRules(), "442079460000", ""),
        ('"Anna" <sip:1234#442079460000@host>;tag=1', NumberRules(), "442079460000", "1234"),
        ("tel:+44-20-7946-0000;phone-context=x", NumberRules(), "442079460000", ""),
        ("030901820", GERMAN, "4930901820", ""),
        ("4930901820", GERMAN, "4930901820", ""),
        ("0033142685300", GERMAN, "33142685300", ""),
        ("2125551234", AMERICAN, "12125551234", ""),
        ("12125551234", AMERICAN, "12125551234", ""),
        ("01133142685300", AMERICAN, "33142685300", ""),
        ("anonymous", AMERICAN, "", ""),
        ("sip:anonymous@anonymous.invalid", NumberRules(), "", ""),
        ("", AMERICAN, "", ""),
        ("IMSI901550000000072", NumberRules(), "", ""),
        ("4" * 33, NumberRules(), "", ""),
        ("1" * 17 + "#33142685300", NumberRules(), "", ""),
        ("٣٣١٤٢", NumberRules(), "", ""),
    ],
)
def test_number_is_cleaned(raw, rules, e164, tech_prefix):
    assert clean_number(raw, rules) == (e164, tech_prefix)


@pytest.mark.parametrize(
    ("text", "unit", "milliseconds"),
    [
        ("65", "s", 65_000),
        ("65", "ms", 65),
        ("24240244", "us", 24_240),
        ("24240500", "us", 24_241),
        ("65.5", "s", 65_500),
        ("0.0005", "s", 1),
        ("65500ms", "s", 65_500),
        ("65 s", "ms", 65_000),
        ("00:01:05", "s", 65_000),
        ("100:00:00.25", "ms", 360_000_250),
        ("0", "s", 0),
        (" 7 ", "s", 7000),
    ],
)
def test_duration_is_read_in_its_unit(text, unit, milliseconds):
    assert duration_ms(text, unit) == milliseconds


@pytest.mark.parametrize("text", ["", "-5", "abc", "1:2", "00:61:00", "1e3", "\u0667", "9" * 5000])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"no duration|negative"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("cause", "sip", "expected"),
    [
        ("16", "", (16, None)),
        ("NORMAL_CLEARING", "200", (16, 200)),
        ("USER_BUSY", "", (17, None)),
        ("USER_NOT_REGISTERED", "", (20, None)),
        ("ORIGINATOR_CANCEL", "", (16, None)),
        ("NO ANSWER", "", (19, None)),
        ("ANSWERED", "", (16, None)),
        ("CONGESTION", "", (34, None)),
        ("486", "", (17, 486)),
        ("SIP 404", "", (1, 404)),
        ("sip:503", "", (41, 503)),
        ("603 Decline", "", (21, 603)),
        ("", "487", (16, 487)),
        ("", "418", (31, 418)),
        ('Q.850;cause=34;text="NO_CIRCUIT"', "", (34, None)),
        ("807", "", (18, None)),
        ("nonsense", "", (None, None)),
        ("", "", (None, None)),
        ("0", "", (None, None)),
    ],
)
def test_result_is_q850_and_sip_code(cause, sip, expected):
    assert clean_result(cause, sip) == expected


def test_every_freeswitch_cause_is_of_q850():
    assert all(1 <= cause <= 127 for cause in FREESWITCH.values())


def test_address_loses_port_and_transport_and_rubbish_is_refused():
    assert clean_address("192.0.2.1:5060") == clean_address("udp:192.0.2.1:5060") == "192.0.2.1"
    assert clean_address("[2001:db8::1]:5060") == clean_address("2001:DB8::1") == "2001:db8::1"
    assert clean_address("fe80::1%eth0") == "fe80::1"
    assert clean_address("") == ""
    with pytest.raises(ValueError, match="no IP address"):
        clean_address("gateway.example")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-15 12:00:00", "2026-01-15 11:00:00"),
        ("2026-07-15 12:00:00", "2026-07-15 10:00:00"),
        ("2026-07-15 12:00:00.25", "2026-07-15 10:00:00.250000"),
        ("2026-07-15T12:00:00Z", "2026-07-15 12:00:00"),
        ("2026-07-15 12:00:00 UTC", "2026-07-15 12:00:00"),
        ("2026-07-15T12:00:00+05:30", "2026-07-15 06:30:00"),
        ("2026-07-15 12:00:00 -0400", "2026-07-15 16:00:00"),
        ("1270167992.0", "2010-04-02 00:26:32"),
        ("1270167992", "2010-04-02 00:26:32"),
        ("1270167992.1234567", "2010-04-02 00:26:32.123456"),
        ("1270167992250", "2010-04-02 00:26:32.250000"),
        ("1270167992250.5", "2010-04-02 00:26:32.250500"),
        ("1270167992250001", "2010-04-02 00:26:32.250001"),
    ],
)
def test_time_is_read(text, utc):
    clock = Clock(BERLIN, NOW_US)
    assert clock.micros(text) == us(utc)
    assert clock.micros(text) == us(utc), "also from the cache"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"), ("yesterday", "no time"), ("2026-13-01 00:00:00", "no time"),
        ("1999-12-31 12:00:00", "before the year 2000"), ("170000001", "before the year 2000"),
        ("2027-01-03 00:00:00", "in the future"), ("0001-01-01 00:00:00", "the year 1"),
        ("9999-12-31 23:59:59", "the year 9999"), ("2026-02-30 10:00:00", "no time"),
        ("2026-03-29 02:30:00", "does not exist in Europe/Berlin"),
    ],
)  # fmt: skip
def test_what_is_no_usable_time_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        Clock(BERLIN, NOW_US).micros(text)


def test_ambiguous_time_is_the_earlier_unless_its_offset_is_given():
    clock = Clock(BERLIN, NOW_US)
    for _again in range(2):
        assert clock.micros("2026-10-25 02:30:00") == us("2026-10-25 00:30:00")
        assert clock.micros("2026-10-25T02:30:00+01:00") == us("2026-10-25 01:30:00")
        assert clock.micros("2026-10-25 03:00:00") == us("2026-10-25 02:00:00")


def test_half_hour_changes_of_clocks_are_seen_within_the_hour():
    clock = Clock(ZoneInfo("Australia/Lord_Howe"), NOW_US)
    assert clock.micros("2026-10-04 02:45:00") == us("2026-10-03 15:45:00")
    with pytest.raises(ValueError, match="does not exist"):
        clock.micros("2026-10-04 02:15:00")
    assert clock.micros("2026-04-05 01:45:00") == us("2026-04-04 14:45:00")
    assert clock.micros("2026-04-05 01:15:00") == us("2026-04-04 14:15:00")
