"""What an authenticator reads when a second factor is set up: a key as picture, text and link."""

import base64
from dataclasses import dataclass

import segno
from django_otp.plugins.otp_totp.models import TOTPDevice

from customers.models import User


@dataclass(frozen=True, slots=True)
class SetUp:
    """``picture`` is a data: address of an SVG, ``text`` the key in groups of four."""

    picture: str
    text: str


def set_up_of(user: User, key: str) -> SetUp:
    """How ``key`` (hexadecimal digits) is shown to ``user``, whom the authenticator will name."""
    device = TOTPDevice(user=user, key=key)
    url = str(device.config_url)
    picture = segno.make(url, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    shown = base64.b32encode(bytes.fromhex(key)).decode()
    groups = [shown[place : place + 4] for place in range(0, len(shown), 4)]
    return SetUp(picture=picture, text=" ".join(groups))
