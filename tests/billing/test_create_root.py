"""The first run of an installation: ``manage.py create_root``."""

import io

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer, User

PASSWORD = "gadfly-4411-harbour"

pytestmark = pytest.mark.django_db


def create_root():
    call_command("create_root", name="Your Company", login="you", stdout=io.StringIO())


def test_root_and_its_administrator_are_created_once(monkeypatch):
    monkeypatch.setenv("ROOT_PASSWORD", PASSWORD)
    create_root()
    assert User.objects.get(login="you").check_password(PASSWORD)
    with pytest.raises(CommandError, match="exists already"):
        create_root()
    assert Customer.objects.get().is_root


def test_a_script_is_told_where_the_password_is_read(monkeypatch):
    monkeypatch.delenv("ROOT_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="ROOT_PASSWORD"):
        create_root()
    assert not Customer.objects.exists()
