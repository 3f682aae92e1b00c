"""Forms of tariffs, rates, rate sheets, exchange rates and the simulator."""

from tariffs.forms.copies import CopyTariffForm
from tariffs.forms.exchange import ConversionForm, ExchangeRateForm, ExchangeUploadForm
from tariffs.forms.fields import MINUTE, moment_field, seconds_field
from tariffs.forms.groups import DestinationGroupForm
from tariffs.forms.imports import ImportColumnsForm, RateImportForm, columns_initial
from tariffs.forms.profiles import ProfileForm
from tariffs.forms.rates import PricingForm, RateChangeForm, RateCloseForm, RateForm
from tariffs.forms.simulator import SimulatorForm
from tariffs.forms.tariffs import TariffEditForm, TariffForm

__all__ = [
    "MINUTE",
    "ConversionForm",
    "CopyTariffForm",
    "DestinationGroupForm",
    "ExchangeRateForm",
    "ExchangeUploadForm",
    "ImportColumnsForm",
    "PricingForm",
    "ProfileForm",
    "RateChangeForm",
    "RateCloseForm",
    "RateForm",
    "RateImportForm",
    "SimulatorForm",
    "TariffEditForm",
    "TariffForm",
    "columns_initial",
    "moment_field",
    "seconds_field",
]
