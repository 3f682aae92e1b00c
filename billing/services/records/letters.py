"""Mails each login that an import made the link to set its password, in chunks."""

import logging

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now

from billing.services.records.leases import LEASE
from customers.choices import ImportState
from customers.models import RecordImport, User
from customers.tenancy import Actor
from notifications.services.letters import send_set_password
from softswitch.core.errors import DomainError

CHUNK = 100
logger = logging.getLogger(__name__)


def mail_links(import_id: int) -> int:
    """Mail what is left to mail of an applied import; how many letters were queued.

    A chunk is one transaction with the place it has come to, under the lock of the import's row:
    a worker that dies neither loses a letter nor sends one twice, and two never do the same chunk.
    """
    queued = 0
    while True:
        with transaction.atomic():
            rows = RecordImport.objects.select_related("owner", "user")
            locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
            job = locked.filter(pk=import_id, state=ImportState.APPLIED).first()
            if job is None or job.mailed >= job.letters:
                return queued
            queued += _mail_chunk(job)


def _mail_chunk(job: RecordImport) -> int:
    ids = job.new_users[job.mailed : job.mailed + CHUNK]
    users = User.objects.select_related("customer__owner").in_bulk(ids)
    # It follows from the import, whatever rights its uploader has lost by now.
    rights = frozenset({"customers.edit", "users.manage"})
    actor = Actor(job.user, job.owner, rights, (job.owner_id,), ip=job.ip)
    queued = sum(_mail(job, actor, users[key]) for key in ids)
    job.mailed += len(ids)
    job.leased_till = now() + LEASE
    if job.mailed >= job.letters:
        job.new_users = []
    job.save(update_fields=["mailed", "leased_till", "new_users"])
    return queued


def _mail(job: RecordImport, actor: Actor, user: User) -> int:
    """Queue one letter; a login that was closed, or whose customer has left, gets none."""
    try:
        with transaction.atomic():
            send_set_password(actor=actor, user=user, key=f"record-import:{job.pk}:{user.pk}")
    except (DomainError, PermissionDenied) as error:
        logger.warning("No letter to %s of import %s: %r", user.login, job.pk, error)
        return 0
    return 1
