import pytest

from labeld.drivers.opening import open_driver


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("socket://192.0.2.7", "socket://192.0.2.7:9100"),
        ("socket://printer.local:6101/", "socket://printer.local:6101"),
        ("socket://[fe80::1]:9100", "socket://[fe80::1]:9100"),
        ("cups://Zebra_1", "cups:///Zebra_1"),
        ("cups:///Zebra_1", "cups:///Zebra_1"),
        ("cups://print.example:631/Zebra%2D1", "cups://print.example:631/Zebra-1"),
        ("cups://[::1]/q", "cups://[::1]/q"),
    ],
)
def test_a_uri_opens_its_driver(uri: str, normal: str) -> None:
    assert open_driver(uri).uri == normal


@pytest.mark.parametrize("uri", ["ipp://host/ipp/print", "host:9100", "192.0.2.7", ""])
def test_an_unknown_scheme_names_the_known_ones(uri: str) -> None:
    with pytest.raises(ValueError, match="socket://"):
        open_driver(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "socket://",
        "socket://h:99999",
        "socket://h:0",
        "socket://u@h",
        "socket://h/queue",
        "cups://",
        "cups://h:x/q",
        "cups://h:0/q",
        "cups://u@h/q",
        "cups://h/a/b",
        "cups://q:631",
        "cups://q?copies=2",
    ],
)
def test_a_uri_that_says_too_much_or_too_little_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"[Pp]ort|form"):
        open_driver(uri)
