"""URLs of APIs: their parts, and what may not be seen of them."""

from __future__ import annotations

import pytest

from gal.errors import UsageError
from gal.pull.address import Address, authorization, parse_address

SECRET = "do-not-show-this-7"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://kong.test", Address("http", "kong.test", 80)),
        ("https://kong.test", Address("https", "kong.test", 443)),
        ("http://kong.test:8001/", Address("http", "kong.test", 8001)),
        ("http://KONG.test:8001", Address("http", "kong.test", 8001)),
        ("http://[::1]:8001", Address("http", "::1", 8001)),
        ("http://kong.test/a/b/", Address("http", "kong.test", 80, "/a/b")),
        ("http://kong.test/ä", Address("http", "kong.test", 80, "/%C3%A4")),
        ("http://kong.test/a%2Fb", Address("http", "kong.test", 80, "/a%2Fb")),
        ("http://käse.test", Address("http", "xn--kse-qla.test", 80)),
        ("http://u:p@kong.test", Address("http", "kong.test", 80, user="u:p")),
        ("http://u:p%40%3A@kong.test", Address("http", "kong.test", 80, user="u:p@:")),
        ("http://u@kong.test", Address("http", "kong.test", 80, user="u:")),
    ],
)
def test_parts(url: str, address: Address) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("kong.test", '"kong.test" is no URL such as http://127.0.0.1:8001'),
        ("127.0.0.1:8001", '"127.0.0.1:8001" is no URL such as http://127.0.0.1:8001'),
        ("ftp://kong.test", '"ftp://kong.test" is no URL such as http://127.0.0.1:8001'),
        ("http://", '"http://" is no URL such as http://127.0.0.1:8001'),
        ("http://h:99999", '"http://h:99999" is no URL such as http://127.0.0.1:8001'),
        ("http://h:port", '"http://h:port" is no URL such as http://127.0.0.1:8001'),
        ("http://[::1", '"http://[::1" is no URL such as http://127.0.0.1:8001'),
        ("http://h/a b", '"http://h/a b" is no URL such as http://127.0.0.1:8001'),
        ("http://h/a\r\nX: y", '"..." is no URL such as http://127.0.0.1:8001'),
        (f"u:{SECRET}@h", '"..." is no URL such as http://127.0.0.1:8001'),
        (f"http://u:{SECRET}@h:port", '"..." is no URL such as http://127.0.0.1:8001'),
        (f"http://h?t={SECRET}", "the URL is the base of an API: it has no query and no fragment"),
        (f"http://h#{SECRET}", "the URL is the base of an API: it has no query and no fragment"),
    ],
)
def test_no_address(url: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    assert caught.value.render() == message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"http://u:{SECRET}@kong.test:8001/a", "http://kong.test:8001"),
        (f"https://u:{SECRET}@kong.test/a", "https://kong.test"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    address = parse_address(url)
    assert address.origin == shown
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("http://kong.test", False),
    ],
)
def test_whether_it_is_this_machine(url: str, local: bool) -> None:
    assert parse_address(url).is_local is local


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("abc", "Bearer abc"),
        ("Bearer abc", "Bearer abc"),
        ("basic YTpi", "basic YTpi"),
        ("u:p", "Basic dTpw"),
        ("u:p:q", "Basic dTpwOnE="),
    ],
)
def test_authorization(token: str, value: str) -> None:
    assert authorization(token) == value
