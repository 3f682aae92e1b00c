"""Named filters of calls, unrated calls and CDR imports."""

from typing import TYPE_CHECKING, Self

from customers.tenancy import Actor, TenantQuerySet

if TYPE_CHECKING:
    from calls.models import Call, CdrImport, Switch, UnratedCall  # noqa: F401


class CallQuerySet(TenantQuerySet["Call"]):
    """Calls by the customer they came from; those of an unknown one are seen by Root only."""

    account = "account"


class UnratedQuerySet(TenantQuerySet["UnratedCall"]):
    """Calls that could not be charged, by the customer they came from."""

    account = "account"


class RootOnlyQuerySet(TenantQuerySet["Switch"]):
    """What belongs to Root alone: switches, deliveries."""

    def visible_to(self, actor: Actor) -> Self:
        return self if actor.is_root and actor.account_id is None else self.none()
