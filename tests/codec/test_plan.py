"""Every class of the model has one key for every field, and every field says what it means."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter

import pytest

from gal import model
from gal.codec.decode import _known_keys
from gal.codec.plan import field_docs, plan_of
from gal.model import ModelNode

CLASSES = sorted(
    (
        cls
        for _, cls in inspect.getmembers(model, inspect.isclass)
        if issubclass(cls, ModelNode) and cls not in (ModelNode,)
    ),
    key=lambda cls: cls.__name__,
)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_no_two_fields_share_a_key(cls: type[ModelNode]) -> None:
    counts = Counter(_known_keys(plan_of(cls), ""))
    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_documented(cls: type[ModelNode]) -> None:
    docs = field_docs(cls)
    fields = {item.name for item in dataclasses.fields(cls)} - {"origin"}
    assert fields - set(docs) == set()
    assert set(docs) - fields == set()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_slots(cls: type[ModelNode]) -> None:
    assert "__slots__" in vars(cls)
