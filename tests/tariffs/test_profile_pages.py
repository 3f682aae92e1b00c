"""The pages of profiles, and where a rate shows its own."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tariffs.models import Rate, RateImport, RateProfile, Tariff
from tariffs.services.imports.applying import apply_import
from tests.tariffs.test_pages import confirmed, get, login, post
from tests.world import World

pytestmark = pytest.mark.django_db
PEAK = {
    "name": "Peak",
    "windows": "Mon-Fri 08:00-20:00\r\nFri 22:00-02:00",
    "holidays": "2030-12-25, 2030-12-26",
}
RATE = {"price_1": "0.05", "price_n": "0.05", "interval_1": "60", "interval_n": "6"}


@pytest.fixture
def retail(world: World) -> Tariff:
    """The reseller's tariff, by which the sub-reseller and the sub-customer pay."""
    found: Tariff = Tariff.objects.get(name="Retail")
    return found


def test_a_profile_is_created_listed_edited_copied_and_deleted(world):
    client = login(world, "reseller")
    answer = post(client, "profile_create", **PEAK, save_and_close="1")
    peak = RateProfile.objects.get()
    assert answer["Location"] == reverse("tariffs:profile_list")
    assert (peak.owner, len(peak.holidays)) == (world.reseller, 2)
    text = get(client, "profile_list").content.decode()
    for line in ("Mon-Fri 08:00-20:00", "Fri 22:00-24:00", "Sat 00:00-02:00"):
        assert f"<div>{line}</div>" in text
    export = b"".join(get(client, "profile_list", export="csv")).decode()
    assert "Mon-Fri 08:00-20:00; " in export
    assert "2030-12-25, 2030-12-26" in export
    post(client, "profile_edit", peak.pk, **PEAK | {"windows": "Mon 08:00-09:00"})
    peak.refresh_from_db()
    assert peak.windows == [[1, 480, 540]]
    assert 'value="Peak (copy)"' in get(client, "profile_copy", peak.pk).content.decode()
    post(client, "profile_copy", peak.pk, **PEAK | {"name": "Peak two"})
    assert RateProfile.objects.get(name="Peak two").pk != peak.pk
    assert post(client, "profile_delete", peak.pk).status_code == 302
    assert get(client, "profile_edit", peak.pk).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"windows": "Mon 25:00-26:00"}, "windows", "Line 1: “25:00” is no time of day."),
        ({"windows": ""}, "windows", "required"),
        ({"holidays": "25.12.2030"}, "holidays", "“25.12.2030” is no date"),
        ({"name": "peak"}, "name", "You have a profile of this name."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(world, changes, field, said):
    client = login(world, "reseller")
    post(client, "profile_create", **PEAK)
    answer = post(client, "profile_create", **PEAK | {"name": "Other"} | changes)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    assert RateProfile.objects.count() == 1


def test_strangers_owners_above_and_those_without_the_right(world):
    post(login(world, "reseller"), "profile_create", **PEAK)
    peak = RateProfile.objects.get()
    for who in ("operator", "other_reseller", "sub_reseller"):
        client = login(world, who)
        assert "Peak" not in get(client, "profile_list").content.decode()
        for page in ("profile_edit", "profile_copy", "profile_delete"):
            assert get(client, page, peak.pk).status_code == 404
            assert post(client, page, peak.pk, **PEAK).status_code == 404
    assert get(login(world, "sub_customer"), "profile_list").status_code == 403
    assert RateProfile.objects.get().archived_at is None


def test_a_rate_takes_a_profile_and_shows_it(world, retail):
    client = login(world, "reseller")
    post(client, "profile_create", **PEAK)
    peak = RateProfile.objects.get()
    assert "Peak" in get(client, "rate_create", retail.pk).content.decode()
    assert post(client, "rate_create", retail.pk, prefix="44", **RATE, profile=peak.pk).status_code
    row = Rate.objects.get(profile=peak)
    assert 'title="Mon-Fri 08:00-20:00' in get(client, "tariff_detail", retail.pk).content.decode()
    assert (
        'title="Mon-Fri 08:00-20:00'
        in get(login(world, "sub_customer"), "own_rates").content.decode()
    )
    sheet = b"".join(get(client, "tariff_detail", retail.pk, export="csv")).decode("utf-8-sig")
    assert sheet.splitlines()[0].endswith("Profile,Valid from,Valid till")
    assert sum("Peak" in line for line in sheet.splitlines()) == 1
    used = get(client, "profile_edit", peak.pk).content.decode()
    assert "its times are fixed" in used
    assert "disabled" in used
    post(client, "rate_change", row.pk, **RATE | {"price_1": "0.07"})
    new = Rate.objects.get(profile=peak, valid_till=None)
    assert new.price_1 == Decimal("0.07")
    assert Rate.objects.get(tariff=retail, prefix="44", profile=None).valid_till is None
    refused = client.post(reverse("tariffs:profile_delete", args=[peak.pk]), follow=True)
    assert "in use: 1 rate." in refused.content.decode()


def test_a_sheet_leaves_rates_with_a_profile_alone(world, retail):
    client = login(world, "reseller")
    post(client, "profile_create", **PEAK)
    post(
        client, "rate_create", retail.pk, prefix="447", **RATE, profile=RateProfile.objects.get().pk
    )
    data = b"".join(get(client, "tariff_detail", retail.pk, export="csv"))
    post(client, "import_create", retail.pk, file=SimpleUploadedFile("own.csv", data))
    rate_import = RateImport.objects.get()
    confirmed(client, rate_import)
    rate_import.refresh_from_db()
    assert (rate_import.counts["unchanged"], rate_import.counts["rejected"]) == (6, 1)
    assert rate_import.errors.get().field == "profile"
    sheet = SimpleUploadedFile("new.csv", b"Prefix,Price\n44,0.09\n")
    post(client, "import_create", retail.pk, file=sheet, is_full_replacement="on")
    full = RateImport.objects.latest("pk")
    confirmed(client, full)
    post(client, "import_apply", full.pk)
    apply_import(full.pk)
    open_rows = Rate.objects.filter(tariff=retail, valid_till=None)
    assert sorted(open_rows.values_list("prefix", "profile__name")) == [
        ("44", None),
        ("447", "Peak"),
    ]
