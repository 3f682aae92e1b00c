"""Background work: tasks are declared here and sent by name once the transaction has committed."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from celery import current_app, current_task, shared_task
from django.db import transaction
from django.utils.translation import get_language, override

P = ParamSpec("P")
R = TypeVar("R")


def task(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a task called ``name`` (``"app.verb_noun"``); it loads by id and calls one service.

    A task may run twice (late acknowledgement), so what it calls must be safe to repeat. It speaks
    the language of whoever enqueued it: what it leaves to be read is mostly read by them.
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def speak(*args: P.args, **kwargs: P.kwargs) -> R:
            language = (current_task.request.headers or {}).get("language")
            with override(language) if language else nullcontext():
                return function(*args, **kwargs)

        return cast("Callable[P, R]", shared_task(name=name)(speak))

    return register


def enqueue(name: str, **kwargs: Any) -> None:
    """Send task ``name`` when the current transaction commits; at once if there is none.

    The message may be lost with the broker: work that must not be lost is a row with a state,
    which a sweep picks up. So a broker that is down is logged, and what was committed stays done.
    """
    headers = {"language": get_language()}

    def send() -> None:
        current_app.send_task(name, kwargs=kwargs, headers=headers)

    transaction.on_commit(send, robust=True)
