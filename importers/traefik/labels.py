"""Labels of containers, and the command line that Traefik itself is started with
(https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/).
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gal.importers.traefik.nodes import mapping_at, put_path, steps_of
from gal.importers.traefik.recognition import label_pairs
from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

_PREFIX = "traefik."
_OWN = ("traefik.http.", "traefik.tcp.", "traefik.udp.", "traefik.tls.")
_DOCKER = ("traefik.enable", "traefik.docker.", "traefik.swarm.", "traefik.constraint")
_OFF = frozenset(("false", "0", "f"))
_DOLLAR = re.compile(r"\$(?:\$|([A-Za-z_]\w*))")


def interpolated(text: str) -> str:
    """A text of a compose file: `$$` stands for a dollar sign, and `$NAME` for the same variable as
    `${NAME}` (https://docs.docker.com/reference/compose-file/interpolation/).
    """
    return _DOLLAR.sub(lambda found: f"${{{found[1]}}}" if found[1] else "$", text)


def read_labels(
    labels: Node, report: Reporter, *, compose: bool, exposed: bool = True
) -> Mapping | None:
    """The dynamic configuration that labels say; None when Traefik is told to leave them alone.

    `compose`: they stand in a compose file. `exposed`: whether Traefik takes what does not
    say `traefik.enable`.
    """
    pairs = [
        (name, interpolated(value) if compose else value, node)
        for name, value, node in label_pairs(labels)
        if name.lower().startswith(_PREFIX)
    ]
    _mark(labels)
    enabled = [value for name, value, _ in pairs if name.lower() == "traefik.enable"]
    if any(value.lower() in _OFF for value in enabled):
        message = "traefik.enable is false: Traefik leaves this container alone"
        report.at(labels, Fate.DROPPED, Level.INFO, "labels", message)
        return None
    if not enabled and not exposed:
        message = "without traefik.enable Traefik leaves this container alone (exposedByDefault)"
        level = Level.WARNING if pairs else Level.INFO
        report.at(labels, Fate.DROPPED, level, "labels", message)
        return None
    root = mapping_at(labels)
    for name, value, node in pairs:
        lower = name.lower()
        if lower.startswith(_OWN):
            put_path(root, steps_of(name[len(_PREFIX) :]), value.strip(), node)
        elif not lower.startswith(_DOCKER):
            message = "Traefik has no such label"
            report.at(node, Fate.DROPPED, Level.WARNING, "labels", message)
        elif lower != "traefik.enable":
            message = "it tells Traefik how to find the container"
            report.at(node, Fate.DROPPED, Level.INFO, "labels", message)
    return root


def _mark(labels: Node) -> None:
    if isinstance(labels, (Mapping, Sequence)):
        labels.take_all()


def read_command(command: Node) -> Mapping | None:
    """The static configuration of a command line such as `--entrypoints.web.address=:80`; None
    where it has no such options.
    """
    if isinstance(command, Sequence):
        words = [(item.text, item) for item in command.items if isinstance(item, Scalar)]
    elif isinstance(command, Scalar):
        try:
            words = [(word, command) for word in shlex.split(command.text)]
        except ValueError:
            return None
    else:
        return None
    options = [(word, node) for word, node in words if word.startswith("--")]
    if not options:
        return None
    root = mapping_at(command)
    for word, node in options:
        name, equals, value = interpolated(word[2:]).partition("=")
        put_path(root, steps_of(name), value if equals else "true", node)
    command.take_all()
    return root
