"""Calls are stored once each, with their owner, whatever is delivered how often."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.utils.timezone import now

from calls.models import Call, CallConflict, PendingCall, Switch
from calls.services.ingest import content_hash, store_calls
from softswitch.core.moments import to_microseconds
from tests.calls.deliveries import START, make_call, make_switch
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch() -> Switch:
    return make_switch()


def test_a_call_is_stored_as_delivered_and_queued(world: World, switch: Switch) -> None:
    call = make_call(
        caller='"Ann" <sip:+4420111222@192.0.2.9>', called="00442079460000", pdd_ms=900
    )
    report = store_calls(switch=switch, calls=[call], cdr_import_id=7)
    assert (report.new, report.repeated, report.conflicting, report.rejected) == (1, 0, 0, [])
    stored = Call.objects.get()
    assert stored.setup_at == START + timedelta(seconds=1)
    assert stored.answered_at == START + timedelta(seconds=6)
    assert stored.ended_at == START + timedelta(seconds=66)
    assert (stored.duration_ms, stored.pdd_ms, stored.sip_code) == (60_000, 900, 200)
    assert (stored.customer, stored.account, stored.trunk) == (world.shop, world.account, None)
    assert (stored.called_number, stored.called_raw) == ("442079460000", "00442079460000")
    assert (stored.caller_number, stored.cdr_import_id) == ("4420111222", 7)
    assert list(PendingCall.objects.values_list("call_id", "setup_at")) == [
        (stored.id, stored.setup_at)
    ]


def test_the_same_delivery_counts_once(world: World, switch: Switch) -> None:
    calls = [make_call(number) for number in range(5)]
    assert store_calls(switch=switch, calls=calls).new == 5
    again = store_calls(switch=switch, calls=calls[::-1])
    assert (again.new, again.repeated, again.conflicting) == (0, 5, 0)
    assert Call.objects.count() == PendingCall.objects.count() == 5


def test_duplicates_within_one_batch_count_once(world: World, switch: Switch) -> None:
    longer = make_call(1, duration_ms=61_000)
    report = store_calls(switch=switch, calls=[make_call(1), make_call(1), longer])
    assert (report.new, report.repeated, report.conflicting) == (1, 1, 1)
    assert Call.objects.get().duration_ms == 60_000


def test_other_contents_are_kept_once_as_a_conflict(world: World, switch: Switch) -> None:
    store_calls(switch=switch, calls=[make_call(1)])
    longer = make_call(1, duration_ms=90_000)
    for _delivery in range(2):
        report = store_calls(switch=switch, calls=[longer, make_call(2)])
        assert report.conflicting == 1
    conflict = CallConflict.objects.get()
    assert conflict.call_id == Call.objects.get(native_id="call-1").id
    assert conflict.contents["duration_ms"] == 90_000
    assert conflict.contents["setup_at"] == "2026-03-10T12:00:01+00:00"
    assert conflict.content_hash.hex == content_hash(longer)
    assert Call.objects.get(native_id="call-1").duration_ms == 60_000


def test_identity_is_switch_native_id_leg_and_setup(world: World, switch: Switch) -> None:
    first = make_call(1)
    others = [
        first._replace(leg="b"),
        first._replace(native_id="other"),
        first._replace(setup_us=first.setup_us - 1),
    ]
    assert store_calls(switch=switch, calls=[first, *others]).new == 4
    assert store_calls(switch=make_switch("core-2"), calls=[first]).new == 1


def test_the_line_is_no_part_of_the_contents() -> None:
    assert content_hash(make_call(1, line=5)) == content_hash(make_call(1, line=9))
    assert content_hash(make_call(1)) != content_hash(make_call(1, called="x"))


@pytest.mark.parametrize(
    ("setup_at", "reason"),
    [
        (datetime(2015, 1, 1, tzinfo=UTC), "older than 1830 days"),
        (now() + timedelta(days=2), "in the future"),
    ],
)
def test_a_call_of_a_wrong_clock_is_rejected_with_its_line(
    world: World, switch: Switch, setup_at: datetime, reason: str
) -> None:
    calls = [make_call(1), make_call(2, setup_us=to_microseconds(setup_at))]
    report = store_calls(switch=switch, calls=calls)
    assert report.new == 1
    [error] = report.rejected
    assert (error.line, error.field, error.reason) == (2, "setup_at", reason)
    assert "call-2" in error.raw


def test_overlong_numbers_do_not_lose_the_call(world: World, switch: Switch) -> None:
    call = make_call(caller="x" * 65, called="9" * 33)
    assert store_calls(switch=switch, calls=[call]).new == 1
    stored = Call.objects.get()
    assert (stored.caller_number, stored.called_number) == ("x" * 64, "")
    assert stored.called_raw == "9" * 33


def test_calls_of_two_months_get_their_partitions(world: World, switch: Switch) -> None:
    moments = [datetime(2024, month, 1, tzinfo=UTC) for month in (4, 5)]
    edges = [to_microseconds(moments[1]) - 1, to_microseconds(moments[1])]
    calls = [make_call(n, setup_us=edge) for n, edge in enumerate(edges)]
    assert store_calls(switch=switch, calls=calls).new == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM calls_call ORDER BY setup_at")
        assert [row[0] for row in cursor] == ["calls_call_2024_04", "calls_call_2024_05"]


def test_awkward_text_survives(world: World, switch: Switch) -> None:
    text = "tab\there \\N back\\slash \N{GREEK SMALL LETTER OMEGA} \n 'quote'"
    call = make_call(1, native_id=text, caller=text, called=text)
    store_calls(switch=switch, calls=[call])
    stored = Call.objects.get()
    assert (stored.native_id, stored.called_raw) == (text, text)
    assert stored.called_number == ""


def test_an_unanswered_call_is_stored(world: World, switch: Switch) -> None:
    call = make_call(1, answered_us=None, duration_ms=0, sip_code=486, hangup_cause=17)
    store_calls(switch=switch, calls=[call])
    stored = Call.objects.get()
    assert (stored.answered_at, stored.duration_ms, stored.hangup_cause) == (None, 0, 17)


@pytest.mark.parametrize(
    "change", ["UPDATE calls_call SET duration_ms = 1", "DELETE FROM calls_call"]
)
def test_the_database_keeps_calls_as_they_are(world: World, switch: Switch, change: str) -> None:
    store_calls(switch=switch, calls=[make_call(1)])
    with (
        pytest.raises((InternalError, IntegrityError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
