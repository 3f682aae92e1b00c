"""Mail is fair: a server that fails rests, and its letters keep no others waiting."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from customers.models import Customer
from notifications import channels
from notifications.channels import DeliveryError, Outcome
from notifications.choices import MailSecurity, MessageStatus
from notifications.models import MailRest, MailSettings, Message
from notifications.services import delivery
from notifications.services.delivery import deliver, hand_over, sweep, try_out
from notifications.services.letters import send_set_password
from notifications.services.turns import BACK_OFF, MOST_ATTEMPTS, begin_rest, have_turns
from softswitch.core.jobs import enqueue
from tests.concurrency.threads import at_once
from tests.notifications.conftest import letter_of, with_addresses
from tests.notifications.own import with_own_server
from tests.plugins.mail import SILENCE, Hanging, MailSink
from tests.plugins.workers import running_worker
from tests.world import World, build_world

SECOND = timedelta(seconds=1)
LOOKS = 300  # a fifth of a second each, until a test gives up on the worker


def hang(world: World, hanging: Hanging, who: str = "sub_reseller") -> MailSettings:
    """The letters of ``who`` leave through a server that hangs."""
    owner = getattr(world, who)
    return MailSettings.objects.create(
        owner=owner,
        sender_address="a@own.example",
        host="127.0.0.1",
        port=hanging.port,
        user="portal",
        security=MailSecurity.NONE,
    )


def of_reseller(world: World) -> Message:
    """A letter of the reseller, which has no server of its own."""
    return send_set_password(actor=world.actor("reseller"), user=world.user("sub_reseller"))


def tried(*letters: Message) -> list[Message]:
    """The letters after a worker had each of them once."""
    for letter in letters:
        deliver(message_id=letter.pk)
        letter.refresh_from_db()
    return list(letters)


def let_time_pass() -> None:
    """Rests and pauses are over, and nobody was asked for anything lately."""
    past = now() - SECOND
    MailRest.objects.update(until=past)
    Message.objects.unfinished().update(next_attempt_at=past, lease_until=past)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an answer."""
    monkeypatch.setattr(channels, "COMMAND_SECONDS", 0.2)


@pytest.mark.usefixtures("hasty")
def test_a_server_that_hangs_rests_and_all_its_letters_wait_together(
    addressed: World, hanging: Hanging, smtp_sink: MailSink
) -> None:
    hang(addressed, hanging)
    began = now()
    letters = tried(*[letter_of(addressed) for _ in range(4)])
    assert len(hanging.connections) == 1
    rest = MailRest.objects.get()
    assert (rest.owner, rest.failures) == (addressed.sub_reseller, 1)
    assert BACK_OFF[0] <= rest.until - began < BACK_OFF[0] + timedelta(seconds=20)
    for letter in letters:
        assert (letter.status, letter.attempts) == (MessageStatus.QUEUED, 1)
        assert letter.next_attempt_at == rest.until
        assert "There was no answer in time." in letter.last_error
    assert smtp_sink.letters == []
    assert tried(of_reseller(addressed))[0].status == MessageStatus.SENT
    (late,) = tried(letter_of(addressed))  # written while it rests
    assert (late.status, late.attempts) == (MessageStatus.QUEUED, 0)
    assert (late.next_attempt_at, late.last_error) == (rest.until, rest.reason)
    assert len(hanging.connections) == 1


@pytest.mark.usefixtures("hasty")
def test_it_rests_longer_and_longer_and_each_time_one_letter_tries_it(
    addressed: World, hanging: Hanging
) -> None:
    hang(addressed, hanging)
    letters = [letter_of(addressed) for _ in range(3)]
    for number, pause in enumerate((*BACK_OFF, BACK_OFF[-1]), start=1):
        let_time_pass()
        began = now()
        tried(*letters)
        assert len(hanging.connections) == number
        assert pause <= MailRest.objects.get().until - began < pause + timedelta(seconds=20)
        assert {letter.attempts for letter in letters} == {number}


def test_what_waits_too_often_fails_and_nothing_else_is_touched(addressed: World) -> None:
    """Neither what is on its way, nor what may have arrived, nor what is of another server."""
    last, fresh, waiting, sending, uncertain = (letter_of(addressed) for _ in range(5))
    other = of_reseller(addressed)
    MailSettings.objects.create(owner=addressed.sub_reseller, host="mail.example")
    later = now() + timedelta(hours=1)
    for letter, values in (
        (last, {"attempts": MOST_ATTEMPTS - 1}),
        (waiting, {"next_attempt_at": later}),
        (sending, {"status": "sending"}),
        (uncertain, {"status": "uncertain"}),
    ):
        Message.objects.filter(pk=letter.pk).update(**values)
    untouched = [waiting.pk, sending.pk, uncertain.pk, other.pk]
    before = list(Message.objects.filter(pk__in=untouched).order_by("pk").values())
    until = begin_rest(server=addressed.sub_reseller.pk, reason="gone", moment=now())
    assert list(Message.objects.filter(pk__in=untouched).order_by("pk").values()) == before
    last.refresh_from_db()
    fresh.refresh_from_db()
    assert (last.status, last.last_error) == (MessageStatus.FAILED, "gone")
    assert (fresh.status, fresh.attempts, fresh.next_attempt_at) == ("queued", 1, until)
    again = begin_rest(server=addressed.sub_reseller.pk, reason="gone", moment=now())
    fresh.refresh_from_db()
    assert (again, fresh.attempts) == (until, 1)  # the same failure, found by another worker


def test_the_installations_server_rests_as_well(
    addressed: World, hanging: Hanging, own_sink: MailSink, settings: Any, hasty: None
) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", hanging.port
    with_own_server(addressed, own_sink)
    first, second = tried(of_reseller(addressed), of_reseller(addressed))
    assert {first.status, second.status} == {MessageStatus.QUEUED}
    assert (len(hanging.connections), MailRest.objects.get().owner) == (1, None)
    assert "127.0.0.1" not in second.last_error
    assert tried(letter_of(addressed))[0].status == MessageStatus.SENT  # through its own
    let_time_pass()
    Message.objects.filter(pk=first.pk).update(status="sending", lease_until=now() + 9 * SECOND)
    assert tried(second)[0].attempts == 1  # one tries it, whoever else would
    assert len(hanging.connections) == 1


def test_an_answer_ends_the_rest(addressed: World, smtp_sink: MailSink) -> None:
    """Also one that refuses: it is there again."""
    (letter,) = tried(of_reseller(addressed))
    assert letter.status == MessageStatus.SENT
    begin_rest(server=None, reason="gone", moment=now() - 2 * BACK_OFF[0])
    smtp_sink.to_recipient = "550 no such mailbox"
    assert tried(of_reseller(addressed))[0].status == MessageStatus.FAILED
    assert not MailRest.objects.exists()


def test_a_test_mail_that_arrives_makes_all_that_waits_due(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    letter = letter_of(addressed)
    until = begin_rest(server=addressed.sub_reseller.pk, reason="gone", moment=now())
    assert tried(letter)[0].next_attempt_at == until
    assert try_out(actor=addressed.actor("sub_reseller")).failed_at is None
    assert not MailRest.objects.exists()
    assert tried(letter)[0].status == MessageStatus.SENT


def test_another_server_is_tried_at_once(addressed: World, own_sink: MailSink) -> None:
    with_own_server(addressed, own_sink)
    letter = letter_of(addressed)
    begin_rest(server=addressed.sub_reseller.pk, reason="gone", moment=now())
    begin_rest(server=None, reason="gone", moment=now())
    with_own_server(addressed, own_sink, port=own_sink.port)
    assert tried(letter)[0].status == MessageStatus.SENT
    assert MailRest.objects.get().owner is None  # nobody ends the rest of others


@pytest.mark.parametrize(
    ("setting", "answer", "rests"),
    [
        ("password", "changed", True),
        ("to_sender", "550 not yours", True),
        ("to_recipient", "451 later", False),
        ("to_recipient", "550 no such mailbox", False),
        ("to_letter", "451 later", False),
    ],
)
def test_what_is_the_servers_fault_and_what_the_letters(
    addressed: World, own_sink: MailSink, setting: str, answer: str, rests: bool
) -> None:
    with_own_server(addressed, own_sink)
    setattr(own_sink, setting, answer)
    tried(letter_of(addressed))
    assert MailRest.objects.exists() is rests


def test_silence_behind_the_letter_is_uncertain_and_lets_the_server_rest(
    addressed: World, own_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.2)
    with_own_server(addressed, own_sink)
    own_sink.to_letter = SILENCE
    first, second = tried(letter_of(addressed), letter_of(addressed))
    assert (first.status, second.status) == (MessageStatus.UNCERTAIN, MessageStatus.QUEUED)
    own_sink.to_letter = ""
    let_time_pass()
    assert [row.status for row in tried(first, second)] == ["uncertain", "sent"]
    assert len(own_sink.letters) == 2


def test_the_time_for_all_of_it_ends_though_no_answer_is_late(
    addressed: World, own_sink: MailSink
) -> None:
    with_own_server(addressed, own_sink)
    own_sink.to_letter = SILENCE
    message = delivery._take(letter_of(addressed).pk)
    assert message is not None
    with pytest.raises(DeliveryError) as failed:
        hand_over(message, 0.5)
    assert failed.value.outcome is Outcome.UNCERTAIN
    assert failed.value.is_of_server


def test_of_own_servers_one_letter_is_on_its_way_and_others_mail_goes_out(
    addressed: World, own_sink: MailSink, smtp_sink: MailSink, settings: Any
) -> None:
    settings.MAIL_AT_OWN_SERVERS = 1
    with_own_server(addressed, own_sink)
    busy, waits = letter_of(addressed), letter_of(addressed)
    Message.objects.filter(pk=busy.pk).update(status="sending", lease_until=now() + 60 * SECOND)
    assert tried(waits)[0].status == MessageStatus.QUEUED
    assert waits.attempts == 0
    assert waits.next_attempt_at <= now()
    assert tried(of_reseller(addressed))[0].status == MessageStatus.SENT
    settings.MAIL_AT_OWN_SERVERS, settings.MAIL_AT_ONE_SERVER = 2, 2
    assert tried(waits)[0].status == MessageStatus.SENT


def test_all_own_servers_together_leave_workers_to_the_installations(
    addressed: World, own_sink: MailSink, hanging: Hanging, smtp_sink: MailSink, settings: Any
) -> None:
    settings.MAIL_AT_OWN_SERVERS = 1
    with_own_server(addressed, own_sink)
    hang(addressed, hanging, who="reseller")
    busy, waits = of_reseller(addressed), letter_of(addressed)
    Message.objects.filter(pk=busy.pk).update(status="sending", lease_until=now() + 60 * SECOND)
    assert tried(waits)[0].status == MessageStatus.QUEUED
    MailSettings.objects.filter(owner=addressed.reseller).update(host="", sender_address="")
    assert tried(of_reseller(addressed))[0].status == MessageStatus.SENT
    assert tried(waits)[0].status == MessageStatus.SENT


def test_the_sweep_asks_for_one_of_each_own_server_and_all_of_the_installations(
    addressed: World, own_sink: MailSink, hanging: Hanging
) -> None:
    with_own_server(addressed, own_sink)
    hang(addressed, hanging, who="shop")
    for _ in range(3):
        letter_of(addressed)
        of_reseller(addressed)
    let_time_pass()
    assert have_turns(now()).count() == 4
    assert sweep() == 4
    assert sweep() == 0
    let_time_pass()
    begin_rest(server=None, reason="gone", moment=now())
    let_time_pass()
    assert sweep() == 2  # one tries the installation's


def test_who_has_used_an_own_server_asks_for_the_next_letter(
    addressed: World, own_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_own_server(addressed, own_sink)
    letters = [letter_of(addressed) for _ in range(3)]
    of_reseller(addressed)
    let_time_pass()
    asked: list[int] = []
    monkeypatch.setattr(
        "notifications.services.delivery.enqueue",
        lambda _name, message_id: asked.append(message_id),
    )
    for letter in letters:
        tried(letter)
    assert asked == [letters[1].pk, letters[2].pk]  # it knows of no other one
    assert len(own_sink.letters) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("hasty")
def test_two_workers_at_once_connect_once(hanging: Hanging, settings: Any) -> None:
    settings.MAIL_AT_OWN_SERVERS = 2
    world = with_addresses(build_world())
    hang(world, hanging)
    letters = [letter_of(world) for _ in range(4)]
    at_once(*[partial(deliver, message_id=letter.pk) for letter in letters])
    assert len(hanging.connections) == 1
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.QUEUED}
    assert MailRest.objects.get().failures == 1


@pytest.mark.usefixtures("transactional_db", "redis_url")
def test_real_workers_send_others_mail_while_one_server_hangs(
    hanging: Hanging, smtp_sink: MailSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many letters for the server that hangs as there are workers, and more, come first."""
    monkeypatch.setenv("MAIL_AT_OWN_SERVERS", "1")
    world = with_addresses(build_world())
    Customer.objects.filter(pk=world.reseller.pk).update(main_email="r@r.example")
    hang(world, hanging)
    hung = [letter_of(world) for _ in range(6)]
    others = [of_reseller(world) for _ in range(6)]
    with running_worker(tmp_path / "worker.log", concurrency=2):
        Message.objects.update(lease_until=now() - SECOND)
        for letter in (*hung, *others):
            enqueue("notifications.deliver", message_id=letter.pk)
        for _ in range(LOOKS):
            if len(smtp_sink.letters) == len(others) and hanging.connections:
                break
            smtp_sink.got_letter.clear()
            smtp_sink.got_letter.wait(0.2)
        assert {mail["Message-ID"] for mail in smtp_sink.letters} == {
            letter.message_id for letter in others
        }
        states = list(
            Message.objects.filter(pk__in=[letter.pk for letter in hung]).values_list(
                "status", flat=True
            )
        )
        assert set(states) <= {MessageStatus.SENDING, MessageStatus.QUEUED}
        assert len(hanging.connections) == 1
