"""Start the servers that the environment does not name, together."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from softswitch.core.embedded.folders import is_alive, throw_away_folder
from softswitch.core.embedded.postgres import EmbeddedPostgres
from softswitch.core.embedded.valkey import EmbeddedValkey

_ADDRESSES = "addresses.json"


@contextmanager
def missing_servers(folder: Path | None, *, durable: bool) -> Iterator[dict[str, str]]:
    """Run what DATABASE_URL and REDIS_URL leave open and give both addresses by these names.

    The data lies in ``folder``, or, without one, in a folder removed at the end. Valkey is
    stopped before PostgreSQL. While they run, ``running_servers`` finds them by the folder.
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
        if folder is not None:
            _write_addresses(folder / _ADDRESSES, urls)
        try:
            yield urls
        finally:
            if folder is not None:
                (folder / _ADDRESSES).unlink()


def running_servers(folder: Path) -> dict[str, str]:
    """Return DATABASE_URL and REDIS_URL of those who use ``folder`` now; empty if nobody does."""
    path = folder / _ADDRESSES
    if not path.exists():
        return {}
    known = json.loads(path.read_text())
    urls: dict[str, str] = known["urls"]
    return urls if is_alive(known["starter"]) else {}


def _write_addresses(path: Path, urls: dict[str, str]) -> None:
    """Write them whole, for the owner's eyes only: they hold passwords."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"starter": os.getpid(), "urls": urls}))
    draft.rename(path)
