"""Forms of tariffs, rates, rate sheets, exchange rates and the simulator."""

from tariffs.forms.exchange import ExchangeRateForm, ExchangeUploadForm
from tariffs.forms.fields import MINUTE, moment_field, seconds_field
from tariffs.forms.imports import RateImportForm
from tariffs.forms.profiles import ProfileForm
from tariffs.forms.rates import RateChangeForm, RateCloseForm, RateForm
from tariffs.forms.simulator import SimulatorForm
from tariffs.forms.tariffs import TariffEditForm, TariffForm

__all__ = [
    "MINUTE",
    "ExchangeRateForm",
    "ExchangeUploadForm",
    "ProfileForm",
    "RateChangeForm",
    "RateCloseForm",
    "RateForm",
    "RateImportForm",
    "SimulatorForm",
    "TariffEditForm",
    "TariffForm",
    "moment_field",
    "seconds_field",
]
