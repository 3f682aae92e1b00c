"""Files of records: nobody lets a job do, in another user's name, what its own role may not."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Account
from billing.services.records.applying import apply_import
from billing.services.records.uploads import request_apply
from customers.choices import ImportState, Role
from customers.selectors import actor_for
from customers.services.users import create_user
from tests.billing.records import checked
from tests.security.portal import signed_in
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def test_a_narrower_role_applies_no_file_of_a_wider_one(world: World) -> None:
    owner = world.actor("reseller")
    row = {"auth_name": "paid-1", "charging": "by_itself", "tariff": "Retail"}
    job = checked(owner, "account", [row | {"opening_balance": "500"}])
    assert job.state == ImportState.CHECKED, job.errors
    engineer = create_user(
        actor=owner, customer=world.reseller, login="engineer", password=PASSWORD, role=Role.NOC
    )
    with pytest.raises(PermissionDenied):
        request_apply(actor=actor_for(engineer), job=job)
    url = reverse("billing:record_import_apply", args=[job.pk])
    assert signed_in(engineer).post(url).status_code == 403
    apply_import(job.pk)
    assert not Account.objects.filter(auth_name="paid-1").exists()
    request_apply(actor=owner, job=job)
    apply_import(job.pk)
    assert Account.objects.get(auth_name="paid-1").balance.amount == 500
