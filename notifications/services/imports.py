"""Tells who started an import how it has ended."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import override

from customers.models import User
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.selectors import provider_of
from notifications.services.events import News, tell
from notifications.values import Link


@dataclass(frozen=True, slots=True)
class Ended:
    """An import that has ended: what it holds and how it ended, as lazily translated words.

    ``path`` is its page. With a ``key`` it is told once, however often it is said.
    """

    file: str
    kind: Any
    state: Any
    rows: int
    errors: int
    path: str
    key: str


def tell_import(*, user: User | None, ended: Ended) -> None:
    """Tell ``user`` by letter and bell, in the transaction that ends the import.

    Nobody where a command of the operator started it. The words are in the language of ``user``,
    who alone is told.
    """
    if user is None:
        return
    owner = provider_of(user)
    with override(user.language or user.customer.language):
        kind, state = str(ended.kind), str(ended.state)
    news = News(
        event=Event.IMPORT_FINISHED,
        owner=owner,
        customer=user.customer,
        account_id=user.account_id,
        user=user,
        values={
            "import.file": ended.file,
            "import.kind": kind,
            "import.state": state,
            "import.rows": ended.rows,
            "import.errors": ended.errors,
            "page_link": Link(settings.PORTAL_URL + ended.path),
        },
        key=ended.key,
        path=ended.path,
    )
    tell(actor=Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True), news=news)
