"""Short ways to ask a server that a test runs."""

from __future__ import annotations

from contextlib import closing

import pytest

from gal import pull
from gal.pull import Pulled
from gal.pull.address import parse_address
from gal.pull.client import Client, PullError


def pulled(provider: str, url: str, workspace: str | None = None) -> Pulled:
    """What a gateway tells."""
    how = pull.puller(provider)
    with closing(Client(parse_address(url), how.API)) as client:
        return how.pull(client, workspace)


def refusal(provider: str, url: str) -> str:
    """Why nothing is pulled."""
    with pytest.raises(PullError) as caught:
        pulled(provider, url)
    return caught.value.render()
