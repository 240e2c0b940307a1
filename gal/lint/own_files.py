"""Files that set up a gateway itself, and that hold no routes: APISIX's `config.yaml` and Kong's
`kong.conf`.

Importers refuse them, rules look at them.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.reading import Document, Mapping

_APISIX = frozenset({"apisix", "deployment", "nginx_config", "plugin_attr", "ext-plugin"})
_DEPLOYMENT = frozenset(
    {"role", "role_traditional", "role_control_plane", "role_data_plane", "etcd", "admin"}
)
_CONF = (".conf", ".default")


def own_file(document: Document) -> str | None:
    """Whose setup a file is; None for everything else."""
    from gal.reading import Mapping

    root = document.root
    if not isinstance(root, Mapping):
        return None
    if _is_kong(document.source.name, root):
        return "kong"
    keys = set(root.keys())
    deployment = root.peek("deployment")
    # Helm charts have a key of that name, too.
    if isinstance(deployment, Mapping) and _DEPLOYMENT & set(deployment.keys()):
        return "apisix"
    if "apisix" in keys and keys & {"nginx_config", "plugin_attr"}:
        return "apisix"
    return "apisix" if "apisix" in keys and keys <= _APISIX else None


def read_own(path: str) -> list[Document]:
    """The documents of a file that is linted; `-` is standard input.

    Raises:
        InputError: it cannot be read, or not be understood; see `gal.reading.read_documents`.
    """
    from gal.reading import read_file
    from gal.reading.decode import MAX_BYTES

    if path == "-":
        return read_own_text(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")
    if os.path.splitext(path)[1].lower() not in _CONF or not os.path.isfile(path):
        return read_file(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return read_file(path)  # says why
    return read_own_text(data, path)


def read_own_text(data: str | bytes, name: str) -> list[Document]:
    """The documents of a text that is linted: `kong.conf`, or what `gal.reading` reads.

    Raises:
        InputError: it cannot be understood.
    """
    from gal.lint.kong_conf import is_kong_conf, read_kong_conf
    from gal.reading import read_documents
    from gal.reading.decode import decode

    if os.path.splitext(name)[1].lower() in (*_CONF, ""):
        source = decode(data, name)
        if is_kong_conf(source):
            return [read_kong_conf(source)]
    return read_documents(data, name)


def _is_kong(name: str, root: Mapping) -> bool:
    """A `kong.conf`: texts only, and a name of Kong's among the keys, or in the file's name."""
    from gal.lint.kong_conf import NAMES, is_kong_conf_name
    from gal.reading import Scalar

    if not (NAMES & root.keys() or is_kong_conf_name(name)):
        return False
    return all(isinstance(node, Scalar) and node.quoted for node in root.entries.values())
