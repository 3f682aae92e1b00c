"""pytest plugins that must load before pytest-django reads the settings."""
