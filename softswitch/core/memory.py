"""What a user chose about how pages look to it: kept with the user, so any browser shows it again.

Choices stand in ``User.preferences`` as ``{topic: {name: value}}``, a topic being a page such as
``list:customers:customer_list``. They decide nothing but looks, so they are written without audit.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction


def recall(user: Any, topic: str) -> dict[str, Any]:
    """What ``user`` chose about ``topic``; empty for the system and where nothing was chosen."""
    preferences = getattr(user, "preferences", None)
    chosen = preferences.get(topic) if isinstance(preferences, dict) else None
    return dict(chosen) if isinstance(chosen, dict) else {}


def remember(user: Any, topic: str, name: str, value: Any) -> None:
    """Keep ``name`` = ``value`` (as JSON holds it) for ``topic``; other choices stay as they are.

    The row is read again under its lock, so that two pages choosing at once both count.
    """
    _keep(user, topic, lambda chosen: {**chosen, name: value})


def forget(user: Any, topic: str, name: str) -> None:
    """Keep nothing as ``name`` for ``topic`` any more."""
    _keep(user, topic, lambda chosen: {key: chosen[key] for key in chosen if key != name})


def _keep(user: Any, topic: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    users: Any = get_user_model()
    with transaction.atomic():
        row = users.objects.select_for_update(no_key=True).get(pk=user.pk)
        row.preferences[topic] = change(recall(row, topic))
        row.save(update_fields=["preferences"])
    user.preferences = row.preferences
