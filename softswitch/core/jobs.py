"""Background work: tasks are declared here and sent by name once the transaction has committed."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from celery import current_app, shared_task
from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


def task(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a task called ``name`` (``"app.verb_noun"``); it loads by id and calls one service.

    A task may run twice (late acknowledgement), so what it calls must be safe to repeat.
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        return cast("Callable[P, R]", shared_task(name=name)(function))

    return register


def enqueue(name: str, **kwargs: Any) -> None:
    """Send task ``name`` when the current transaction commits; at once if there is none.

    The message may be lost with the broker: work that must not be lost is a row with a state,
    which a sweep picks up. So a broker that is down is logged, and what was committed stays done.
    """
    transaction.on_commit(lambda: current_app.send_task(name, kwargs=kwargs), robust=True)
