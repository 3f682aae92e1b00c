"""The commands around the demo: where they refuse, and what an interrupted load leaves."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from calls.services.demo import build
from calls.services.demo.cdr_files import write_weeks
from calls.services.demo.destinations import world_destinations
from calls.services.demo.sheets import write_sheet
from calls.services.demo.sources import Source
from calls.services.demo.traffic import make_traffic
from calls.services.demo.tree import ROOT, all_firms
from customers.models import Customer
from tests.calls.test_demo import ANCHOR
from tests.world import World


def test_a_real_installation_is_no_place_for_the_demo(world: World) -> None:
    with pytest.raises(CommandError, match="installation of Root"):
        call_command("load_demo", "--calls", "100")


def test_logins_need_the_demo(world: World) -> None:
    with pytest.raises(CommandError, match="installation of Root"):
        call_command("demo_logins", stdout=StringIO())


@pytest.mark.django_db
def test_logins_need_any_data() -> None:
    with pytest.raises(CommandError, match="not loaded"):
        call_command("demo_logins", stdout=StringIO())


@pytest.mark.django_db
def test_the_anchor_does_not_lie_in_the_future() -> None:
    with pytest.raises(CommandError, match="future"):
        call_command("load_demo", "--anchor", (now() + timedelta(hours=2)).isoformat())


@pytest.mark.django_db
def test_an_interrupted_load_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "Opening", stop)
    with pytest.raises(KeyboardInterrupt):
        call_command("load_demo", stdout=StringIO())
    assert not Customer.objects.exists()


def a_source(number: int) -> Source:
    firm = all_firms()[number]
    return Source(f"a-{number}", "100.64.0.1", "", firm.home, "4420794601", firm.offer, 10)


def written(seed: int) -> list[bytes]:
    sources = [a_source(number) for number in range(1, len(all_firms()))]
    calls = make_traffic(sources, anchor=ANCHOR, seed=seed, calls=300)
    weeks = write_weeks(calls, anchor=ANCHOR, seed=seed)
    sheet = write_sheet(ROOT.sells[0], world_destinations(seed), anchor=ANCHOR, seed=seed)
    return [sheet, *(file.contents for week in weeks for file in week.files)]


def test_files_depend_on_the_seed_alone() -> None:
    assert written(1) == written(1)
    assert all(one != other for one, other in zip(written(1), written(2), strict=True))
