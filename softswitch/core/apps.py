"""Application configuration of the framework."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "softswitch.core"
    label = "core"
