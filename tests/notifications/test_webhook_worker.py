"""Real workers that are killed while a real receiver refuses one in three: nothing is lost."""

import random
import threading
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from notifications.choices import DeliveryStatus
from notifications.models import WebhookDelivery
from notifications.services.webhook_delivery import sweep
from tests.notifications.hooks import hook_of, paid
from tests.plugins.hooks import Receiver
from tests.plugins.workers import Worker, kill, running_worker
from tests.world import World, build_world

WAIT = 30  # seconds until a test gives up on the worker
EVENTS = 30
KILLS = 4
FEWEST_BETWEEN = 8  # requests that a worker lives for at least


class Storm:
    """Decides what the receiver answers, and kills the worker while it waits for the answer."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.worker: Worker | None = None
        self.kills = 0
        self.since = 0
        self.refused = 0
        self.moved = threading.Event()

    def decide(self, _number: int) -> int | None:
        self.since += 1
        self.moved.set()
        if self.kills < KILLS and self.since > FEWEST_BETWEEN and self.random.random() < 0.4:
            assert self.worker is not None
            self.kills += 1
            self.since = 0
            kill(self.worker)  # it has posted the event and will never hear what we say
            return 200
        if self.random.random() < 1 / 3:
            self.refused += 1
            return self.random.choice([500, 503, None])
        return 200


def let_time_pass(*, is_worker_dead: bool) -> None:
    """What waits is due; what a dead worker held, or was asked for, is free."""
    past = now() - timedelta(seconds=1)
    waiting = WebhookDelivery.objects.filter(status=DeliveryStatus.QUEUED)
    waiting.update(next_attempt_at=past)
    if is_worker_dead:
        WebhookDelivery.objects.unfinished().update(lease_until=past)


def unfinished() -> bool:
    return bool(WebhookDelivery.objects.unfinished().exists())


def test_an_event_is_delivered_when_its_cause_is_committed(
    celery_worker_process: Worker, receiver: Receiver
) -> None:
    world = build_world()
    hook_of(world, receiver)
    paid(world)
    assert receiver.got_one.wait(WAIT)


@pytest.mark.parametrize("seed", [20261129])
def test_every_event_arrives_and_repeats_have_its_id(
    transactional_db: None, redis_url: str, receiver: Receiver, tmp_path: Path, seed: int
) -> None:
    storm = Storm(seed)
    receiver.decide = storm.decide
    world = build_world()
    for who in ("sub_reseller", "shop"):
        hook_of(world, receiver, who=who, url=receiver.url(f"/{who}"))
    for number in range(EVENTS):
        paid(world, key=f"p-{number}")
    log = tmp_path / "worker.log"
    while unfinished():
        with running_worker(log) as storm.worker:
            run_until_killed(storm)
        let_time_pass(is_worker_dead=True)
    check(world, receiver)
    assert storm.kills == KILLS
    assert storm.refused > EVENTS / 3


def run_until_killed(storm: Storm) -> None:
    """Until the worker is dead, or nothing waits any more."""
    assert storm.worker is not None
    while storm.worker.poll() is None and unfinished():
        let_time_pass(is_worker_dead=False)
        sweep()
        storm.moved.clear()
        storm.moved.wait(0.5)


def check(world: World, receiver: Receiver) -> None:
    """Each event is delivered; what came twice is the same event, byte by byte."""
    rows = WebhookDelivery.objects.select_related("webhook__owner")
    assert rows.count() == 2 * EVENTS
    assert not rows.exclude(status=DeliveryStatus.DELIVERED).exists()
    bodies: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for request in receiver.requests:
        bodies[request.path, request.headers["Softswitch-Event-Id"]].add(request.body)
    wanted: dict[tuple[str, str], set[bytes]] = {}
    for row in rows:
        who = "shop" if row.webhook.owner == world.shop else "sub_reseller"
        wanted[f"/{who}", str(row.event_id)] = {row.payload.encode()}
    assert bodies == wanted
    assert len(receiver.requests) > len(wanted)
