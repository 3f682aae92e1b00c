"""CDR files are read by a cursor: once, to the end, whatever their size and their state."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from billing.models import Charge
from calls import tasks
from calls.models import Call, CallConflict, CdrImport, OpenTransaction, PendingCall, Switch
from calls.services import importing
from calls.services.importing import resume_imports, run_import, start_import
from softswitch.core.errors import DomainError
from tests.calls.deliveries import HEADER, csv_file, make_switch
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch() -> Switch:
    return make_switch()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """The messages sent to workers, which these tests have none of."""
    messages: list[tuple[str, dict]] = []
    for module in (importing, tasks):
        monkeypatch.setattr(
            module, "enqueue", lambda name, **kwargs: messages.append((name, kwargs))
        )
    return messages


def begin(
    world: World, switch: Switch, body: bytes, format_name: str = "generic_csv", **options
) -> CdrImport:
    return start_import(
        actor=world.actor("operator"),
        switch=switch,
        file=ContentFile(body),
        file_name="cdrs.csv",
        format_name=format_name,
        **options,
    )


def finish(job: CdrImport) -> CdrImport:
    assert run_import(import_id=job.pk) is True
    job.refresh_from_db()
    return job


def counts(job: CdrImport) -> tuple[int, int, int, int]:
    return job.calls_new, job.calls_repeated, job.calls_conflicting, job.lines_rejected


def test_a_file_is_queued_read_and_counted(world: World, switch: Switch, sent: list) -> None:
    job = begin(world, switch, csv_file(3) + b"broken,line\n")
    assert (job.state, job.file_size) == ("waiting", job.file.size)
    assert sent == [("calls.run_import", {"import_id": job.pk})]
    finish(job)
    assert (job.state, job.failure) == ("done", "")
    assert counts(job) == (3, 0, 0, 1)
    assert (job.records_done, job.bytes_done) == (4, job.file_size)
    assert job.lines_skipped == {"header": 1}
    error = job.errors.get()
    assert (error.line, error.reason, error.raw) == (5, "2 columns, expected 9", "broken,line")
    assert sent[1:] == [("calls.charge_pending", {})]
    assert set(Call.objects.values_list("cdr_import_id", flat=True)) == {job.pk}


def test_the_same_file_twice_counts_once(world: World, switch: Switch, sent: list) -> None:
    finish(begin(world, switch, csv_file(5)))
    again = finish(begin(world, switch, csv_file(5)))
    assert counts(again) == (0, 5, 0, 0)
    assert Call.objects.count() == PendingCall.objects.count() == 5


def test_a_changed_line_is_kept_as_a_conflict(world: World, switch: Switch, sent: list) -> None:
    finish(begin(world, switch, csv_file(2)))
    job = finish(begin(world, switch, csv_file(2).replace(b",60,", b",61,", 1)))
    assert counts(job) == (0, 1, 1, 0)
    assert CallConflict.objects.get().cdr_import_id == job.pk


def test_local_times_are_read_in_the_switch_s_zone(world: World, sent: list) -> None:
    switch = make_switch("berlin", timezone="Europe/Berlin")
    switch.refresh_from_db()
    lines = [
        "winter,2026-03-29 01:59:00,2026-03-29 01:59:30,2026-03-29 03:00:30,60,1,44,shop-1,",
        "missing,2026-03-29 02:30:00,2026-03-29 03:00:30,2026-03-29 03:01:30,60,1,44,shop-1,",
        "earlier,2025-10-26 02:30:00,2025-10-26 02:30:00,2025-10-26 02:31:00,60,1,44,shop-1,",
        "given,2025-10-26T02:30:00+01:00,2025-10-26T02:30:00+01:00,,60,1,44,shop-1,",
    ]
    job = finish(begin(world, switch, (HEADER + "\n".join(lines)).encode()))
    assert counts(job) == (3, 0, 0, 1)
    error = job.errors.get()
    assert (error.line, error.field) == (3, "setup_at")
    assert "does not exist" in error.reason
    moments = dict(Call.objects.values_list("native_id", "setup_at"))
    assert {name: f"{moment:%d %H:%M}" for name, moment in moments.items()} == {
        "winter": "29 00:59",
        "earlier": "26 00:30",
        "given": "26 01:30",
    }


def test_reading_stops_when_time_is_up_and_goes_on(
    world: World, switch: Switch, sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    job = begin(world, switch, csv_file(10))
    seen = []
    while not run_import(import_id=job.pk, seconds=0):
        job.refresh_from_db()
        seen.append((job.state, job.records_done, job.calls_new))
    assert seen == [("running", 3, 3), ("running", 6, 6), ("running", 9, 9), ("running", 10, 10)]
    assert finish(job).state == "done"
    assert counts(job) == (10, 0, 0, 0)


def test_a_task_hands_on_what_it_has_no_time_for(
    world: World, switch: Switch, sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    monkeypatch.setattr(tasks, "READING_SECONDS", 0)
    job = begin(world, switch, csv_file(4))
    tasks.run_import(job.pk)
    assert sent[-1] == ("calls.run_import", {"import_id": job.pk})


def test_a_reader_that_was_overtaken_stops(
    world: World, switch: Switch, sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    job = begin(world, switch, csv_file(9))

    def overtake(_job: CdrImport) -> None:
        finish(CdrImport.objects.get(pk=job.pk))

    assert run_import(import_id=job.pk, on_batch=overtake) is True
    job.refresh_from_db()
    assert (job.state, counts(job)) == ("done", (9, 0, 0, 0))


def test_a_finished_file_is_not_read_again(world: World, switch: Switch, sent: list) -> None:
    job = finish(begin(world, switch, csv_file(2)))
    default_storage.delete(str(job.file.name))
    assert finish(job).state == "done"


@pytest.mark.parametrize(
    ("body", "format_name", "options", "reason"),
    [
        (b"a,b,c\n1,2,3\n", "generic_csv", {}, "unknown columns: a, b, c"),
        (csv_file(1), "freeswitch_csv", {"template": "nope"}, "unknown layout 'nope'"),
        (csv_file(3), "asterisk_csv", {}, "the file looks like Generic CSV"),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_its_reason(
    world: World, switch: Switch, sent: list, body, format_name, options, reason
) -> None:
    job = finish(begin(world, switch, body, format_name, **options))
    assert job.state == "failed"
    assert reason in job.failure
    assert not Call.objects.exists()


def test_a_lost_file_fails_with_its_reason(world: World, switch: Switch, sent: list) -> None:
    job = begin(world, switch, csv_file(1))
    default_storage.delete(str(job.file.name))
    assert finish(job).state == "failed"
    assert job.failure.startswith("The file cannot be read: ")


def test_an_empty_file_is_done(world: World, switch: Switch, sent: list) -> None:
    assert finish(begin(world, switch, b"")).state == "done"


def test_the_format_is_told_from_the_file(world: World, switch: Switch, sent: list) -> None:
    assert begin(world, switch, csv_file(1), "").format == "generic_csv"
    with pytest.raises(DomainError, match="no known format"):
        begin(world, switch, b"hello world\n", "")
    with pytest.raises(DomainError, match="Unknown format"):
        begin(world, switch, b"", "word")
    assert CdrImport.objects.count() == 1


@pytest.mark.parametrize("who", ["reseller", "shop"])
def test_only_root_delivers_files(world: World, switch: Switch, who: str) -> None:
    with pytest.raises(PermissionDenied):
        start_import(actor=world.actor(who), switch=switch, file=ContentFile(b""), file_name="x")


def test_errors_are_kept_up_to_a_limit_and_all_counted(
    world: World, switch: Switch, sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_ERRORS", 4)
    monkeypatch.setattr(importing, "BATCH", 3)
    job = finish(begin(world, switch, csv_file(1) + b"bad\n" * 9))
    assert counts(job) == (1, 0, 0, 9)
    assert [error.line for error in job.errors.order_by("line")] == [3, 4, 5, 6]


def test_what_stands_still_is_queued_again(world: World, switch: Switch, sent: list) -> None:
    lost, killed, fresh, done = (begin(world, switch, csv_file(1)) for _ in range(4))
    finish(done)
    long_ago = now() - timedelta(minutes=3)
    CdrImport.objects.exclude(pk=fresh.pk).update(updated_at=long_ago)
    CdrImport.objects.filter(pk=killed.pk).update(state="running")
    sent.clear()
    assert resume_imports() == [lost.pk, killed.pk]
    assert sent == [("calls.run_import", {"import_id": pk}) for pk in (lost.pk, killed.pk)]
    assert resume_imports() == []


ACC = "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user,src_ip,auth_user\n"
INVITE = "INVITE,{0},b,{0},200,OK,2026-03-10 12:00:0{1},4420,442079460000,,shop-1\n"
BYE = "BYE,{0},b,{0},200,OK,2026-03-10 12:01:0{1},4420,442079460000,,shop-1\n"


def test_halves_of_a_call_meet_across_files(world: World, switch: Switch, sent: list) -> None:
    first = ACC + INVITE.format("x", 1) + INVITE.format("y", 2) + BYE.format("y", 5)
    job = finish(begin(world, switch, first.encode(), "kamailio_acc"))
    assert counts(job) == (1, 0, 0, 1)
    assert OpenTransaction.objects.get().contents["call_id"] == "x"
    second = finish(begin(world, switch, (ACC + BYE.format("x", 9)).encode(), "kamailio_acc"))
    assert counts(second) == (1, 0, 0, 0)
    assert Call.objects.get(native_id="x").duration_ms == 68_000
    assert not OpenTransaction.objects.exists()


def test_transaction_files_of_a_switch_are_read_in_turn(
    world: World, switch: Switch, sent: list
) -> None:
    first = begin(world, switch, (ACC + INVITE.format("x", 1)).encode(), "kamailio_acc")
    second = begin(world, switch, (ACC + BYE.format("x", 9)).encode(), "kamailio_acc")
    assert finish(second).state == "waiting"
    finish(first)
    assert sent[-1] == ("calls.run_import", {"import_id": second.pk})
    assert counts(finish(second)) == (1, 0, 0, 0)


def import_cdrs(capsys: pytest.CaptureFixture, *arguments: str) -> str:
    call_command("import_cdrs", *arguments)
    return str(capsys.readouterr().out)


def test_the_command_imports_and_charges(
    world: World, switch: Switch, sent: list, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "today.csv"
    path.write_bytes(csv_file(3) + b"bad\n")
    out = import_cdrs(capsys, str(path), "--switch", "core-1", "--format", "generic_csv")
    assert "today.csv: 4 records, 1 lines without a call" in out
    assert "new 3, repeated 0, conflicting 0, rejected 1" in out
    assert "line 5: : 1 columns, expected 9" in out
    assert "charged 3, unrated 0" in out
    assert Charge.objects.count() == 9
    again = import_cdrs(capsys, str(path), "--switch", "core-1")
    assert "new 0, repeated 3, conflicting 0, rejected 1" in again
    assert "charged 0, unrated 0" in again
    assert (Charge.objects.count(), sent) == (9, [])


def test_the_command_reads_standard_input(
    world: World, switch: Switch, sent: list, capsys: pytest.CaptureFixture, monkeypatch
) -> None:
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": BytesIO(csv_file(2))}))
    out = import_cdrs(capsys, "-", "--switch", "core-1", "--no-charge")
    assert "stdin: 2 records" in out
    assert PendingCall.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["{folder}/none.csv", "--switch", "core-1"], "none.csv: No such file"),
        (["{folder}/bad.csv", "--switch", "nobody"], "There is no switch"),
        (["{folder}/bad.csv", "--switch", "core-1"], "no known format"),
        (
            ["{folder}/bad.csv", "--switch", "core-1", "--format", "generic_csv"],
            "unknown columns",
        ),
    ],
)
def test_the_command_fails_with_a_reason(
    world: World, switch: Switch, sent: list, tmp_path: Path, arguments: list, reason: str
) -> None:
    (tmp_path / "bad.csv").write_text("hello\nworld\n")
    with pytest.raises(CommandError, match=reason):
        call_command("import_cdrs", *(text.format(folder=tmp_path) for text in arguments))


def test_the_command_takes_up_transaction_files_left_before(
    world: World, switch: Switch, sent: list, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    begin(world, switch, (ACC + INVITE.format("x", 1)).encode(), "kamailio_acc", is_inline=True)
    path = tmp_path / "acc.csv"
    path.write_text(ACC + BYE.format("x", 9))
    out = import_cdrs(capsys, str(path), "--switch", "core-1", "--format", "kamailio_acc")
    assert "new 1, repeated 0, conflicting 0, rejected 0" in out


def test_samples_of_every_format_come_through(world: World, switch: Switch, sent: list) -> None:
    for path in sorted((Path(__file__).parent / "samples").iterdir()):
        jobs = [finish(begin(world, switch, path.read_bytes(), "")) for _delivery in range(2)]
        for job in jobs:
            assert job.state == "done", (path.name, job.failure)
            assert sum(counts(job)) == job.records_done, path.name
        assert jobs[1].calls_new == 0, path.name
