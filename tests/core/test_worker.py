"""Jobs reach a real worker process through the session's Valkey."""

import pytest

from softswitch.celery import app
from softswitch.core.jobs import enqueue

NAME = "celery.backend_cleanup"  # every Celery worker has it, and it needs nothing of ours


@pytest.mark.usefixtures("celery_worker_process")
def test_a_job_is_done_by_a_real_worker():
    enqueue(NAME)
    assert any(has_done_it() for _attempt in range(40))


def has_done_it() -> bool:
    """Ask the worker, for half a second at most, whether it has done the job."""
    answers = app.control.inspect(timeout=0.5, limit=1).stats() or {}
    return any(stats["total"].get(NAME) == 1 for stats in answers.values())
