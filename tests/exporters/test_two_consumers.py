"""Two consumers in one request, where several kinds of credentials have to let in."""

from __future__ import annotations

import pytest

from gal.convert import convert
from gal.reading import read_documents
from gal.two_consumers import MESSAGE

FILE = """version: "1.0"
services:
- name: s
  upstream: {{host: h.test}}
  routes:
  - name: r
    path_prefix: /
    authentication: {{require: {require}, basic: {{}}, api_key: {{}}}}
    acl: {{deny: [g]}}
consumers:
- {{name: a, groups: [g], credentials: {{api_keys: [{{key: k}}]}}}}
"""


@pytest.mark.parametrize("target", ["kong", "envoy"])
@pytest.mark.parametrize(("require", "told"), [("all", 1), ("any", 0)])
def test_who_counts(target: str, require: str, told: int) -> None:
    documents = read_documents(FILE.format(require=require), "gal.yaml", "yaml")
    ledger = convert(documents, target).ledger
    assert sum(entry.message == MESSAGE for entry in ledger) == told
