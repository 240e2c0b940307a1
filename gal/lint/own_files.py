"""Files that set up a gateway itself, and that hold no routes: APISIX's `config.yaml`.

Importers refuse them, rules look at them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.reading import Document

_APISIX = frozenset({"apisix", "deployment", "nginx_config", "plugin_attr", "ext-plugin"})


def own_file(document: Document) -> str | None:
    """Whose setup a file is; None for everything else."""
    from gal.reading import Mapping

    root = document.root
    if not isinstance(root, Mapping):
        return None
    keys = set(root.keys())
    if "deployment" in keys or ("apisix" in keys and keys & {"nginx_config", "plugin_attr"}):
        return "apisix"
    return "apisix" if "apisix" in keys and keys <= _APISIX else None
