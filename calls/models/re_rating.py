"""Re-ratings: which calls by which terms, what was previewed, and what they posted.

The charges themselves are rows of ``billing.Charge`` with higher revisions; ``ReRatingEntry`` tells
which usage entries, and so which charges, a re-rating has made.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from calls.choices import ReRatingReason, ReRatingState
from calls.querysets import ReRatingProblemQuerySet, ReRatingQuerySet, ReRatingSumQuerySet
from softswitch.core.fields import AmountField


class ReRating(models.Model):
    """Charged calls priced anew: found by the filter, at the levels that were paid to ``owner``.

    ``assigned`` narrows it to levels that had this tariff. Without ``tariff`` and ``terms_at`` by
    the terms of each call's start as they stand now; with ``tariff`` by that one where its owner
    sells; with ``terms_at`` by the terms of that moment. A job goes through the calls in batches:
    the preview makes them, ``batches_applied`` and ``batches_undone`` are the cursors of what was
    done to them since.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    since = models.DateTimeField(_("from"))
    till = models.DateTimeField(_("to"))
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey("accounts.Account", models.PROTECT, null=True, related_name="+")
    trunk = models.ForeignKey("accounts.Trunk", models.PROTECT, null=True, related_name="+")
    called = models.CharField(_("CLD"), max_length=40, blank=True)
    assigned = models.ForeignKey("tariffs.Tariff", models.PROTECT, null=True, related_name="+")
    tariff = models.ForeignKey(
        "tariffs.Tariff", models.PROTECT, null=True, related_name="re_ratings"
    )
    terms_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=10, choices=ReRatingState.choices, default=ReRatingState.WAITING
    )
    posts_to_open = models.BooleanField(default=False)
    batches_applied = models.PositiveIntegerField(default=0)
    batches_undone = models.PositiveIntegerField(default=0)
    calls_read = models.PositiveBigIntegerField(default=0)
    calls_changed = models.PositiveBigIntegerField(default=0)
    calls_failed = models.PositiveBigIntegerField(default=0)
    calls_closed = models.PositiveBigIntegerField(default=0)
    failure = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)

    objects: ClassVar = ReRatingQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="re_rating_forward", condition=Q(till__gt=F("since"))),
            models.CheckConstraint(
                name="re_rating_undone", condition=Q(batches_undone__lte=F("batches_applied"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ReRatingBatch(models.Model):
    """Calls looked at together: those after the batch before, up to this call by set-up and id.

    ``fingerprint`` is that of all differences found, so that applying does just what was shown.
    """

    re_rating = models.ForeignKey(ReRating, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    end_at = models.DateTimeField()
    end_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("re_rating", "number", name="re_rating_batch_once"),
        ]

    def __str__(self) -> str:
        return f"{self.re_rating_id}: {self.number}"


class ReRatingSum(models.Model):
    """The preview of one payer at one level: ``before`` and ``after`` in its balance's currency."""

    re_rating = models.ForeignKey(ReRating, models.CASCADE, related_name="sums")
    level = models.SmallIntegerField()
    balance = models.ForeignKey("billing.Balance", models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", models.PROTECT, null=True, related_name="+")
    calls = models.PositiveBigIntegerField()
    changed = models.PositiveBigIntegerField()
    closed = models.PositiveBigIntegerField()
    before = AmountField()
    after = AmountField()
    difference = models.GeneratedField(
        expression=F("after") - F("before"), output_field=AmountField(), db_persist=True
    )

    objects: ClassVar = ReRatingSumQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("re_rating", "balance", "level", name="re_rating_sum_once"),
        ]

    def __str__(self) -> str:
        return f"{self.re_rating_id}: {self.before} to {self.after}"


class ReRatingProblem(models.Model):
    """A call that the new terms cannot rate, and so leave as it is: at which level, and why."""

    re_rating = models.ForeignKey(ReRating, models.CASCADE, related_name="problems")
    call_id = models.BigIntegerField()
    setup_at = models.DateTimeField()
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    is_account_level = models.BooleanField(default=False)
    reason = models.CharField(max_length=16, choices=ReRatingReason.choices)

    objects: ClassVar = ReRatingProblemQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index("re_rating", "setup_at", name="re_rating_problem_by_time")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.reason}"


class ReRatingEntry(models.Model):
    """A usage entry that a re-rating, or its undo, has posted."""

    usage_entry_id = models.BigIntegerField(primary_key=True)
    re_rating = models.ForeignKey(ReRating, models.PROTECT, related_name="entries")
    is_undo = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.re_rating_id}: {self.usage_entry_id}"
