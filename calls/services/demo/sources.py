"""What sends calls in the demo: accounts and trunks as the switches see them, and the switches."""

from dataclasses import dataclass
from typing import NamedTuple

from calls.services.demo.plan import Home


class SwitchPlan(NamedTuple):
    """A switch of the demo: its CDR format, its zone, and how it writes numbers."""

    name: str
    format: str
    zone: str
    country_code: str = ""
    national_prefix: str = ""


SWITCHES = (
    SwitchPlan("fs-lon1", "freeswitch_csv", "Europe/London", "44", "0"),
    SwitchPlan("fs-lim1", "freeswitch_json", "America/Lima"),
    SwitchPlan("ast-bah1", "asterisk_csv", "Asia/Bahrain"),
    SwitchPlan("kam-tll1", "kamailio_acc", "Europe/Tallinn"),
    SwitchPlan("sbc-par1", "generic_csv", "Europe/Paris"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An account (``auth_name``) or a trunk (``address``, ``tech_prefix``) and its traffic.

    ``offer`` names the tariff that its customer pays by; ``is_home``: busy in the evening.
    """

    auth_name: str
    address: str
    tech_prefix: str
    home: Home
    caller: str
    offer: str
    weight: int
    is_home: bool = False

    @property
    def switch(self) -> str:
        """The name of the switch that takes its calls."""
        return self.home.switch if self.auth_name else self.home.trunk_switch
