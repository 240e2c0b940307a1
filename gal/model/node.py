"""What every part of the model has in common: it knows where in the input it came from."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gal.reading import Node as SourceNode


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of the model was read.

    Attributes:
        node: the value in the source document.
        names: for fields whose name differs in the source, the path from `node` to them, such as
            `{"strip_prefix": "strip_path"}`. One table a class, shared by all of its objects.
    """

    node: SourceNode
    names: MappingABC[str, str]

    def locate(self, field_name: str = "") -> tuple[SourceNode, bool]:
        """The source node of one field, and whether the field itself stands in the source.

        A field that is not there (a default) is located at its object.
        """
        from gal.reading import Mapping, Sequence

        if not field_name:
            return self.node, True
        node: SourceNode = self.node
        for step in self.names.get(field_name, field_name).split("."):
            if isinstance(node, Mapping):
                below = node.peek(step)
            elif isinstance(node, Sequence) and step.isdigit() and int(step) < len(node.items):
                below = node.items[int(step)]
            else:
                below = None
            if below is None:
                return node, False
            node = below
        return node, True


Extensions = dict[str, dict[str, Any]]
"""What only one provider can say, by provider name, as plain data of that provider's format."""


@dataclass(slots=True, kw_only=True)
class ModelNode:
    """Base of the model's classes. The origin takes no part in comparisons and in GAL's YAML."""

    origin: Origin | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True, kw_only=True)
class Policy(ModelNode):
    """Base of the policies.

    Attributes:
        enabled: false switches off the policy of a wider scope.
        extensions: further settings that only one provider knows.
    """

    enabled: bool = True
    extensions: Extensions = field(default_factory=dict)
