import logging
import re
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from yarl import URL

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching import answers
from labeld.daemon.fetching.document import NoLabel
from labeld.daemon.fetching.links import _agreed, check, expiry, why_not_public
from labeld.daemon.fetching.redaction import Redacting, redacted

SETTINGS = LinksSettings()
SANDBOX = LinksSettings(sandbox="http://127.0.0.1:8899")
FILE = "https://open-fs-va.tiktokshop.com/wsos_v2/oec_fulfillment_doc_tts/object/wsos65a8"
LINK = f"{FILE}?expire=1795636800&skipCookie=true&timeStamp=1795550400&sign=deadbeefcafe"


@pytest.mark.parametrize(
    "url",
    [
        LINK,
        "https://seller-us.tiktok.com/wsos_v2/x",
        "https://tiktokshop.com",
        "https://tiktokshop.com:443/x",
        "HTTPS://Open-FS-SG.TikTokShop.com/x?a=%2F&b={c|d}",
        "https://tiktokshop.com?sign=1",
        "https://tiktokshop.com/x#page=1",
        "https://tiktokshop.com/x@127.0.0.1/",
    ],
)
def test_links_to_tiktoks_hosts_are_fetched(url: str) -> None:
    check(url, SETTINGS)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        # the allow-list
        ("https://eviltiktokshop.com/x", "not fetched from eviltiktokshop.com"),
        ("https://tiktokshop.com.evil.example/x", "not fetched from tiktokshop.com.evil.example"),
        ("https://tiktokshop.co/x", "not fetched from"),
        ("https://localhost/x", "no plain name"),
        ("https://metadata.google.internal/", "not fetched from"),
        ("https://127.0.0.1.nip.io/x", "not fetched from"),
        # schemes
        ("http://open-fs-va.tiktokshop.com/x", "not https"),
        ("file:///etc/passwd", "not https"),
        ("file://tiktokshop.com/etc/passwd", "not https"),
        ("ftp://tiktokshop.com/x", "not https"),
        ("gopher://tiktokshop.com/x", "not https"),
        ("data:application/pdf;base64,JVBERg==", "not https"),
        ("//tiktokshop.com/x", "not https"),
        ("tiktokshop.com/x", "not https"),
        ("https:tiktokshop.com/x", "not https"),
        ("https:/tiktokshop.com/x", "not https"),
        ("https:///tiktokshop.com/x", "not https"),
        ("https://", "not https"),
        ("", "not https"),
        # ports and credentials
        ("https://tiktokshop.com:8443/x", "port"),
        ("https://tiktokshop.com:22/x", "port"),
        ("https://tiktokshop.com:0443/x", "port"),
        ("https://tiktokshop.com:/x", "port"),
        ("https://tiktokshop.com:443:80/x", "port"),
        ("https://user:geheim@tiktokshop.com/x", "user name"),
        ("https://tiktokshop.com@evil.example/x", "user name"),
        ("https://tiktokshop.com:443@127.0.0.1/x", "user name"),
        ("https://@tiktokshop.com/x", "user name"),
        # addresses, however they are spelt
        ("https://127.0.0.1/x", "an address"),
        ("https://10.0.0.1/x", "an address"),
        ("https://127.1/x", "an address"),
        ("https://2130706433/x", "an address"),
        ("https://017700000001/x", "an address"),
        ("https://0177.0.0.1/x", "an address"),
        ("https://0x7f000001/x", "an address"),
        ("https://0x7f.0.0.1/x", "an address"),
        ("https://0x7F.1/x", "an address"),
        ("https://127.0.0.1./x", "an address"),
        ("https://0/x", "an address"),
        ("https://[::1]/x", "an address"),
        ("https://[::]/x", "an address"),
        ("https://[::ffff:127.0.0.1]/x", "an address"),
        ("https://[::ffff:7f00:1]/x", "an address"),
        ("https://[64:ff9b::10.0.0.1]/x", "an address"),
        ("https://[fe80::1%25lo]/x", "an address"),
        ("https://[fd00:ec2::254]/x", "an address"),
        ("https://[::1].tiktokshop.com/x", "an address"),
        ("https://tiktokshop.com.1/x", "an address"),
        ("https://::1/x", "no plain name"),
        # names that are none
        ("https://tiktokshop.com./x", "no plain name"),
        ("https://.tiktokshop.com/x", "no plain name"),
        ("https://a..tiktokshop.com/x", "no plain name"),
        ("https://-a.tiktokshop.com/x", "no plain name"),
        ("https://*.tiktokshop.com/x", "no plain name"),
        ("https://tiktokshop%2ecom/x", "no plain name"),
        ("https://evil.example%2f.tiktokshop.com/x", "no plain name"),
        ("https://evil.example%00.tiktokshop.com/x", "no plain name"),
        (f"https://{'a.' * 130}tiktokshop.com/x", "no plain name"),
        (f"https://{'a' * 64}.tiktokshop.com/x", "no plain name"),
        ("https://xn--tiktokshop-7l1f.tiktokshop.com/x", "international"),
        # letters that some parsers drop, fold or read as another
        ("https://evil.example\\.tiktokshop.com/x", "U+005C"),
        ("https:\\\\tiktokshop.com\\x", "U+005C"),
        ("https://evil.example\\@tiktokshop.com/x", "U+005C"),
        ("https://tiktokshop.com\t.evil.example/x", "U+0009"),
        ("https://tiktok\nshop.com/x", "U+000A"),
        ("https://tiktokshop.com/x\r\nHost: evil.example", "U+000D"),
        (" https://tiktokshop.com/x", "U+0020"),
        ("https://tiktokshop.com/x ", "U+0020"),
        ("https://tiktokshop.com/\x00", "U+0000"),
        ("https://tiktokshop.com/\x7f", "U+007F"),
        ("https://127\u30020\u30020\u30021/x", "U+3002"),
        ("https://\uff11\uff12\uff17.0.0.1/x", "U+FF11"),
        ("https://\uff54iktokshop.com/x", "U+FF54"),
        ("https://tikto\u0138shop.com/x", "U+0138"),
        ("https://evil.example\uff0f.tiktokshop.com/x", "U+FF0F"),
        ("https://tiktokshop.com\u200b/x", "U+200B"),
        ("https://tiktokshop.com/\ud800", "U+D800"),
        (f"https://tiktokshop.com/{'x' * 5000}", "characters"),
        # the sandbox is one origin, not its beginning
        ("http://127.0.0.1:88990/x", "not https"),
        ("http://127.0.0.1:8899@evil.example/x", "not https"),
        ("http://127.0.0.1:8898/x", "not https"),
        ("http://127.0.0.1/x", "not https"),
        ("http://localhost:8899/x", "not https"),
        ("https://127.0.0.1:8899/x", "an address"),
    ],
)
def test_a_link_elsewhere_is_refused_with_its_reason(url: str, why: str) -> None:
    with pytest.raises(NoLabel, match=re.escape(why)) as refused:
        check(url, SANDBOX)
    assert "geheim" not in str(refused.value)
    assert str(refused.value).isprintable()


def test_plain_http_is_fetched_from_the_sandbox_only_where_there_is_one() -> None:
    for url in ("http://127.0.0.1:8899/doc?sign=1", "http://127.0.0.1:8899", "http://127.0.0.1:8899?x"):
        check(url, SANDBOX)
        with pytest.raises(NoLabel):
            check(url, SETTINGS)
    check("http://[::1]:8899/doc", LinksSettings(sandbox="http://[::1]:8899"))


_PIECES = st.sampled_from(
    re.findall(
        r"\S+|[\t\n ]",
        "https: http: // / \\ @ : :443 ? # . .. %2e % [ ] ::1 127.0.0.1 0x7f tiktokshop.com eviltiktokshop.com "
        "open-fs-va. evil.example localhost xn-- a ; & | * _ - user:password \u3002 \uff11 \uff14\uff14\uff13 \u00df "
        "\u200b \u00ad \x00 \t \n",
    )
)


@given(st.one_of(st.lists(_PIECES).map("".join), st.text().map(lambda text: f"https://{text}tiktokshop.com/{text}")))
@example("https://tiktokshop.com/\\@evil.example")
@example("https://tiktokshop.com:443/")
def test_no_parser_sees_another_host_in_a_link_that_is_fetched(url: str) -> None:
    try:
        check(url, SETTINGS)
    except NoLabel:
        return
    for read in (URL(url), URL(url, encoded=True)):
        host = (read.raw_host or "").lower()
        assert (read.scheme, read.port, read.user, read.password) == ("https", 443, None, None)
        assert host == urlsplit(url).hostname
        assert any(host == name or host.endswith(f".{name}") for name in SETTINGS.hosts)
        assert urlsplit(url).port in (None, 443)


@pytest.mark.parametrize(
    "url", ["https://tiktokshop.com\\@evil.example/", "https://evil.example/", "https://[/", "https:"]
)
def test_a_link_that_parsers_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(NoLabel, match="more than one way"):
        _agreed(url, "tiktokshop.com")


@pytest.mark.parametrize("name", ["com", "*.tiktok.com", ".tiktok.com", "https://tiktok.com", "10.0.0.1", "a/b", "::1"])
def test_an_allowed_host_is_a_name_with_a_domain(name: str) -> None:
    with pytest.raises(ValidationError, match="host's name"):
        LinksSettings(hosts=(name,))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.251",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%2",
        "2606::1%eth0",
        "fec0::1",
        "ff02::1",
        "4000::1",
        "localhost",
        "0x7f000001",
        "2130706433",
    ],
)
def test_an_address_inside_of_a_network_is_not_public(address: str) -> None:
    assert why_not_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "2606:2800:220:1::1",
        "64:ff9b::8.8.8.8",
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert why_not_public(address) is None


@pytest.mark.parametrize(
    ("query", "until"),
    [
        ("expire=1795636800&skipCookie=true&timeStamp=1795550400&sign=ab", 1795636800.0),
        ("timeStamp=1795550400&sign=ab", 1795636800.0),
        ("expire=1795636800123", 1795636800.123),
        ("x-expires=1795636800&x-signature=ab", 1795636800.0),
        ("AWSAccessKeyId=a&Expires=1795636800&Signature=ab", 1795636800.0),
        ("X-Amz-Date=20261124T120000Z&X-Amz-Expires=3600", 1795525200.0),
        ("X-Tos-Date=20261124T120000Z&X-Tos-Expires=60", 1795521660.0),
        ("expire=soon&timeStamp=", None),
        ("expire=-1", None),
        ("expire=99999999999999999999", None),
        ("expire=\uff11\uff17\uff19\uff15\uff16\uff13\uff16\uff18\uff10\uff10", None),
        ("X-Amz-Date=20261341T120000Z&X-Amz-Expires=3600", None),
        ("X-Amz-Date=20261124T120000Z", None),
        ("&".join(f"a{number}=1" for number in range(200)), None),
        ("", None),
    ],
)
def test_a_link_says_when_it_ends(query: str, until: float | None) -> None:
    assert expiry(f"https://tiktokshop.com/x?{query}") == until


@given(st.text())
def test_any_text_has_an_expiry_or_none(text: str) -> None:
    for url in (text, f"https://tiktokshop.com/?expire={text}&x-amz-date={text}&x-amz-expires={text}"):
        assert expiry(url) is None or expiry(url)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (f"fetching {LINK} failed", f"fetching {FILE}?… failed"),
        (f"('{LINK}')", f"('{FILE}?…')"),
        ("https://me:geheim@host/x", "https://…@host/x"),
        ('{"url":"https:\\/\\/host\\/x?expire=1&sign=geheim"}', '{"url":"https:\\/\\/host\\/x?…"}'),
        ("a=1\\u0026sign=geheim\\u0026b=2", "a=1\\u0026sign=…\\u0026b=2"),
        ('"{\\"access_token\\": \\"geheim\\"}"', '"{\\"access_token\\": \\"…\\"}"'),
        ("http://host/x? http://host/#", "http://host/x http://host/"),
        ("/api/v2/token?app_key=k&app_secret=geheim&a=b", "/api/v2/token?app_key=k&app_secret=…&a=b"),
        ('{"access_token": "geheim", "refresh_token":"geheim"}', '{"access_token": "…", "refresh_token":"…"}'),
        ("{'x-tts-access-token': 'geheim'}", "{'x-tts-access-token': '…'}"),
        ("x-tts-access-token: geheim", "x-tts-access-token: …"),
        ("Authorization: Bearer geheim", "Authorization: …"),
        ("token ROW_xkMbgAAAeVAQra0eZWebFQq5aIK here", "token ROW_… here"),
        ("design=4x6in, signed; the password: see the file", "design=4x6in, signed; the password: see the file"),
        ("ROW_1 of mqtt://broker:1883", "ROW_1 of mqtt://broker:1883"),
    ],
)
def test_text_is_kept_but_for_what_is_secret(text: str, without: str) -> None:
    assert redacted(text) == without


@given(st.text(), st.text("abcdef0123456789", min_size=8), st.text())
def test_no_signature_survives(before: str, signature: str, after: str) -> None:
    text = f"{before} https://tiktokshop.com/object?expire=1&sign={signature} {after}"
    assert f"sign={signature}" not in redacted(text)


def test_a_log_shows_no_link_even_in_a_traceback() -> None:
    formatter = Redacting(logging.Formatter("%(levelname)s %(message)s"))
    try:
        int(LINK)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "bad link %s", (LINK,), sys.exc_info())
    text = formatter.format(record)
    assert text.startswith("ERROR bad link https://open-fs-va.tiktokshop.com/")
    assert "ValueError: invalid literal for int() with base 10: 'https://open-fs-va" in text
    assert "deadbeefcafe" not in text


@given(
    st.one_of(
        st.text(), st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} (Jan|Feb|Foo) [0-9]{1,6} [0-9:]{1,9} [+-][0-9]{1,12}")
    ),
    st.binary(),
    st.one_of(st.none(), st.integers(0, 10**10)),
)
@example("Tue, 24 Nov 2026 20:00:30 +99999999999", b"{" * 5000, 0)
@example("Mon, 1 Jan 0001 00:00:00 +2359", b'{"message": "\\ud800"}', 10**10)
def test_any_answer_is_judged(told: str, body: bytes, until: int | None) -> None:
    after = answers.retry_after(told, 1.8e9)
    assert after is None or 0 <= after <= 3600
    for status in (302, 403, 404, 418, 429, 503):
        error = answers.refusal("host", status, {"Retry-After": told}, body, expiry=until, now=1.8e9)
        assert str(error).isprintable()
    assert str(answers.not_a_label("host", body, expiry=until, now=1.8e9)).isprintable()
    answers.is_whole(told)
    answers.unpacked(body, 100)
