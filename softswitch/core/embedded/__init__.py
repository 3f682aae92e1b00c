"""Embedded servers for demo and tests: PostgreSQL and Valkey from wheels, as child processes.

Nothing here imports Django: the addresses must be known before the settings are read. Production
installs none of it and names its own servers in DATABASE_URL and REDIS_URL. See
``docs/adr/0001-embedded-servers.md``.
"""
