"""Web users, what is known of their sessions and sign-ins, and their API tokens."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Trim, Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from customers.choices import Role, SignInOutcome, Theme
from customers.models.tree import Customer
from customers.querysets import (
    ApiTokenQuerySet,
    SignInQuerySet,
    UserQuerySet,
    UserSessionQuerySet,
)
from softswitch.core.fields import ZoneColumn


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds users by login, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(login=(username or "").strip().lower())
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A web login of a customer, or of one of its accounts."""

    login = models.CharField(_("login"), max_length=150, unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="users")
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(max_length=13, choices=Role.choices, default=Role.ADMINISTRATOR)
    language = models.CharField(_("language"), max_length=10, blank=True)
    timezone = ZoneColumn(verbose_name=_("time zone"), blank=True)
    display_currency = models.CharField(_("display currency"), max_length=3, blank=True)
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    allowed_networks = ArrayField(
        models.CharField(max_length=49),
        verbose_name=_("allowed addresses"),
        default=list,
        blank=True,
    )
    preferences = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    objects: ClassVar = UserManager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="user_login_lower_case", condition=Q(login=Lower(Trim("login")))
            )
        ]
        indexes = [
            GinIndex(OpClass(Upper("login"), name="gin_trgm_ops"), name="user_login_part"),
            models.Index(Upper("login"), "id", name="user_login_start"),
        ]

    def __str__(self) -> str:
        return self.name or self.login


class UserSession(models.Model):
    """A session in which a user is signed in, so that it can be seen and ended."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    ip = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(default=now)

    objects: ClassVar = UserSessionQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} from {self.ip}"


class SignIn(models.Model):
    """One try to sign in, right or wrong; ``user`` is empty where nobody has that login."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sign_ins")
    login = models.CharField(max_length=150)
    at = models.DateTimeField(default=now)
    ip = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=10, choices=SignInOutcome.choices)

    objects: ClassVar = SignInQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["user", "-at"], name="sign_in_by_user")]

    def __str__(self) -> str:
        return f"{self.login}: {self.outcome}"


class ApiToken(models.Model):
    """A key to the API that acts as its user, within ``scopes``; only its hash is stored."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    scopes = ArrayField(models.CharField(max_length=30), verbose_name=_("scopes"))
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = ApiTokenQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ApiRequest(models.Model):
    """An answered API request with an idempotency key: asked again, it is answered the same."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="requests")
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer: models.JSONField[Any, Any] = models.JSONField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("token", "key", name="api_request_once")]

    def __str__(self) -> str:
        return f"{self.token_id} {self.key}"
