"""GAL's YAML holds everything that the model holds, and says it in one way."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from gal import model as m
from gal.codec import decode, encode, json_schema
from gal.convert import convert
from gal.reading import read_documents
from gal.writing import render
from tests.laws.strategies import gateways

GENERATED = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(gateways())
@GENERATED
def test_what_is_written_is_read_back(gateway: m.Gateway) -> None:
    text = render(encode(gateway))
    assert decode(read_documents(text, "gal.yaml")[0].root, m.Gateway) == gateway


@given(gateways())
@GENERATED
def test_a_second_trip_changes_no_byte(gateway: m.Gateway) -> None:
    text = render(encode(gateway))
    again = convert(read_documents(text, "gal.yaml"), "gal", source="gal")
    assert render(again.files[0].data) == text
    assert len(again.ledger) == 0


@given(gateways())
@GENERATED
def test_json_says_the_same(gateway: m.Gateway) -> None:
    text = render(encode(gateway), "json")
    assert decode(read_documents(text, "gal.json")[0].root, m.Gateway) == gateway


@given(gateways())
@GENERATED
def test_what_is_written_fits_the_schema(gateway: m.Gateway) -> None:
    import jsonschema

    jsonschema.Draft202012Validator(json_schema()).validate(encode(gateway))
