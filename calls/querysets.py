"""Named filters of calls, unrated calls and CDR imports."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from calls.choices import REPORT_RIGHTS
from customers.choices import Recipients
from customers.querysets import OwnedQuerySet
from customers.tenancy import Actor, DatedQuerySet, M_co, TenantQuerySet, TwoPartyQuerySet

if TYPE_CHECKING:
    from calls.models import (  # noqa: F401
        Call,
        CallConflict,
        CdrImport,
        DailyReport,
        ReRating,
        ReRatingProblem,
        ReRatingSum,
        Switch,
        UnratedCall,
        WhatIf,
    )


class CallQuerySet(DatedQuerySet["Call"]):
    """Calls by the customer they came from; those of an unknown one are seen by Root only."""

    account = "account"
    moment = "setup_at"


class UnratedQuerySet(DatedQuerySet["UnratedCall"]):
    """Calls that could not be charged, by the customer they came from."""

    account = "account"
    moment = "setup_at"


class RootOnlyQuerySet(TenantQuerySet[M_co]):
    """What belongs to Root alone."""

    def visible_to(self, actor: Actor) -> Self:
        return self if actor.is_root and actor.account_id is None else self.none()


class SwitchQuerySet(RootOnlyQuerySet["Switch"]):
    """Switches."""


class ConflictQuerySet(RootOnlyQuerySet["CallConflict"]):
    """Deliveries that contradict a stored call."""


class CdrImportQuerySet(RootOnlyQuerySet["CdrImport"]):
    """Delivered CDR files."""


class ReRatingQuerySet(OwnedQuerySet["ReRating"]):
    """Re-ratings, seen by who made them and those above."""


class ReRatingSumQuerySet(TenantQuerySet["ReRatingSum"]):
    """What re-ratings change, seen with them."""

    tenant = "re_rating__owner"


class ReRatingProblemQuerySet(TenantQuerySet["ReRatingProblem"]):
    """What re-ratings cannot rate, seen with them."""

    tenant = "re_rating__owner"


class WhatIfQuerySet(OwnedQuerySet["WhatIf"]):
    """Saved what-ifs: each customer its own, since one may tell what another owner charged it."""

    def below(self, actor: Actor) -> Self:
        return self.of(actor)


class DailyReportQuerySet(TwoPartyQuerySet["DailyReport"]):
    """Automatic reports between an owner and its customer, of the kinds that a viewer may see.

    What only the owner is sent stays its own.
    """

    right = "reports.view"
    hidden = Q(told=Recipients.OWNER)

    def visible_to(self, actor: Actor) -> Self:
        seen = [kind for kind, right in REPORT_RIGHTS.items() if actor.can(right)]
        return super().visible_to(actor).filter(kind__in=seen)
