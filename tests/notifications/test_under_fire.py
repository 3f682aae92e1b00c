"""Workers are killed and mail servers break off: no letter is lost, none is accepted twice."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
from django.utils.timezone import now

from notifications.choices import MessageStatus
from notifications.models import Message
from notifications.services.letters import send_set_password
from softswitch.core.jobs import enqueue
from tests.notifications.conftest import letter_of, with_addresses
from tests.notifications.own import with_own_server
from tests.plugins.mail import BREAK_OFF, KEEP_AND_BREAK_OFF, SILENCE, MailSink
from tests.plugins.workers import Worker, kill, running_worker
from tests.world import build_world

LETTERS = 40
KILLS = 4
LOOKS = 300  # at what came in, a fifth of a second each, until the test gives up


def fickle() -> Callable[[str], str]:
    """A server that drops every other connection or so, at every step that it can."""
    answers = {
        "recipient": cycle(["", "", BREAK_OFF, "", "451 4.3.2 later"]),
        "letter": cycle(["", BREAK_OFF, "", KEEP_AND_BREAK_OFF, "451 4.3.0 later", "", SILENCE]),
    }
    return lambda step: next(answers[step])


def kill_and_free(worker: Worker) -> None:
    """End a worker at once; whatever it held is free from now on."""
    kill(worker)
    past = now() - timedelta(seconds=1)
    Message.objects.unfinished().update(lease_until=past, next_attempt_at=past)


def wait_for(count: int, sinks: tuple[MailSink, ...]) -> None:
    """Until ``count`` more letters came in, or none is left."""
    enough = sum(len(sink.letters) for sink in sinks) + count
    for _ in range(LOOKS):
        if sum(len(sink.letters) for sink in sinks) >= enough:
            return
        if not Message.objects.unfinished().exists():
            return
        ask_again()
        sinks[0].got_letter.clear()
        sinks[0].got_letter.wait(0.2)
    pytest.fail("The worker does nothing")


def ask_again() -> None:
    """Time passes: those that wait are due. What a worker holds is left to it."""
    past = now() - timedelta(seconds=1)
    waiting = Message.objects.filter(status=MessageStatus.QUEUED)
    waiting.update(lease_until=past, next_attempt_at=past)
    enqueue("notifications.sweep")


@pytest.mark.usefixtures("transactional_db", "redis_url")
def test_each_letter_is_accepted_once_or_uncertain(
    smtp_sink: MailSink, own_sink: MailSink, tmp_path: Path
) -> None:
    """Half of them through an owner's own server, half through the installation's."""
    world, dice = with_addresses(build_world()), random.Random(6)
    with_own_server(world, own_sink)
    for _ in range(LETTERS // 2):
        letter_of(world)
        send_set_password(actor=world.actor("reseller"), user=world.user("sub_reseller"))
    sinks = (smtp_sink, own_sink)
    smtp_sink.mood, own_sink.mood = fickle(), fickle()
    for _ in range(KILLS):
        with running_worker(tmp_path / "worker.log", concurrency=3) as worker:
            wait_for(dice.randint(1, 5), sinks)
            kill_and_free(worker)
    smtp_sink.mood = own_sink.mood = None
    with running_worker(tmp_path / "worker.log", concurrency=3):
        wait_for(LETTERS, sinks)

    accepted = Counter(smtp_sink.kept + own_sink.kept)
    states = dict(Message.objects.values_list("message_id", "status"))
    assert len(states) == LETTERS
    assert accepted.keys() <= states.keys()
    assert max(accepted.values()) == 1
    assert set(states.values()) == {MessageStatus.SENT, MessageStatus.UNCERTAIN}
    missing = {name for name, status in states.items() if status == "sent"} - accepted.keys()
    assert missing == set()
    assert len(own_sink.kept) > 0
