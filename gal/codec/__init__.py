"""GAL's YAML and the model, both ways, and the JSON Schema of it: all from the dataclasses."""

from gal.codec.decode import decode
from gal.codec.encode import encode
from gal.codec.schema import json_schema

__all__ = ["decode", "encode", "json_schema"]
