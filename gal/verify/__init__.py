"""Whether two gateways treat requests alike, found out by running them: `gal verify`."""

from __future__ import annotations
