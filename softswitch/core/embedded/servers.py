"""Start the servers that the environment does not name, together."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from softswitch.core.embedded.folders import throw_away_folder
from softswitch.core.embedded.postgres import EmbeddedPostgres
from softswitch.core.embedded.valkey import EmbeddedValkey


@contextmanager
def missing_servers(folder: Path | None, *, durable: bool) -> Iterator[dict[str, str]]:
    """Run what DATABASE_URL and REDIS_URL leave open and give both addresses by these names.

    The data lies in ``folder``, or, without one, in a folder removed at the end. Valkey is
    stopped before PostgreSQL.
    """
    with ExitStack() as stack:
        urls = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
        if not all(urls.values()) and folder is None:
            folder = stack.enter_context(throw_away_folder())
        if folder is not None and not urls["DATABASE_URL"]:
            postgres = EmbeddedPostgres(folder / "postgres", durable=durable)
            urls["DATABASE_URL"] = stack.enter_context(postgres).url
        if folder is not None and not urls["REDIS_URL"]:
            valkey = EmbeddedValkey(folder / "valkey", durable=durable)
            urls["REDIS_URL"] = stack.enter_context(valkey).url
        yield urls
