"""What core needs to know of whoever acts: the shape of customers.tenancy.Actor."""

from typing import Protocol


class ActorLike(Protocol):
    """Who acts and for which customer; the concrete class is ``customers.tenancy.Actor``."""

    @property
    def customer_id(self) -> int: ...

    @property
    def account_id(self) -> int | None: ...

    @property
    def is_root(self) -> bool: ...

    def can(self, right: str) -> bool: ...
