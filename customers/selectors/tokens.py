"""Reads of API tokens."""

from django.db.models import Q, QuerySet
from django.utils.timezone import now

from customers.models import ApiToken


def live_tokens() -> QuerySet[ApiToken]:
    """Tokens that are neither revoked nor expired, with their users."""
    in_time = Q(expires_at=None) | Q(expires_at__gt=now())
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(in_time, revoked_at=None)
    return tokens.select_related("user__customer")
