"""A real worker process sends real mail, and dies at the worst moment."""

import os
import signal
import subprocess
from datetime import timedelta

import pytest
from django.utils.timezone import now

from notifications.choices import MessageStatus
from notifications.models import Message
from notifications.services.delivery import sweep
from softswitch.core.jobs import enqueue
from tests.notifications.conftest import letter_of, with_addresses
from tests.plugins.mail import SILENCE, MailSink
from tests.world import build_world

WAIT = 30  # seconds until a test gives up on the worker


@pytest.fixture
def sink_of_worker(smtp_sink: MailSink, celery_worker_process: subprocess.Popen[bytes]) -> MailSink:
    """The sink, and a worker started with its address."""
    return smtp_sink


def test_a_letter_goes_out_when_its_cause_is_committed(sink_of_worker: MailSink) -> None:
    letter = letter_of(with_addresses(build_world()))
    assert sink_of_worker.got_letter.wait(WAIT)
    assert sink_of_worker.letters[0]["Message-ID"] == letter.message_id


def test_a_letter_that_no_worker_heard_of_goes_out_with_the_sweep(
    stored_letter: Message, sink_of_worker: MailSink
) -> None:
    """It was queued before there was a worker, and the broker was emptied."""
    Message.objects.filter(pk=stored_letter.pk).update(lease_until=now() - timedelta(seconds=1))
    enqueue("notifications.sweep")
    assert sink_of_worker.got_letter.wait(WAIT)


def test_a_worker_killed_after_the_letter_leaves_it_uncertain_and_unrepeated(
    sink_of_worker: MailSink, celery_worker_process: subprocess.Popen[bytes]
) -> None:
    sink_of_worker.to_letter = SILENCE
    letter = letter_of(with_addresses(build_world()))
    assert sink_of_worker.got_letter.wait(WAIT)
    os.killpg(celery_worker_process.pid, signal.SIGKILL)
    celery_worker_process.wait()
    letter.refresh_from_db()
    assert letter.status == MessageStatus.SENDING
    assert letter.data_started_at is not None
    Message.objects.filter(pk=letter.pk).update(lease_until=now() - timedelta(seconds=1))
    assert sweep() == 0
    letter.refresh_from_db()
    assert letter.status == MessageStatus.UNCERTAIN
    assert len(sink_of_worker.letters) == 1
