"""Outgoing requests never reach an internal address, not even by way of a hostile name server or redirect."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from werkzeug import Response

from apps.kernel.outbound.errors import AddressRefused, CannotReach
from apps.kernel.outbound.networks import fault_of_address
from apps.kernel.outbound.posting import post
from apps.kernel.outbound.resolving import allowed_addresses
from apps.kernel.outbound.targets import target
from tests.support.receiver import Receiver

GOOD = "93.184.215.14"


@pytest.fixture
def strict(settings):
    """The checks of production."""
    settings.OUTBOUND_TO_LOOPBACK = False


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///path",
        "https://example.com:444/",
        "https://example.com:0/",
        "https://example.com:80/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com/\r\nX-Evil: 1",
        "https://exa\tmple.com/",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/ü",
        "https://exa..mple.com/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2000,
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://１２７.０.０.１/",
        "https://⑫7.0.0.1/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://168.63.129.16/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://192.88.99.1/",
        "https://198.18.0.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[100::1]/",
        "https://[2001:0:7f00:1::1]/",
        "https://[2001:db8::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a00:1::1]/",
        "https://[3fff::1]/",
        "https://[fc00::1]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[::1/",
    ],
)
def test_a_hostile_address_is_refused_before_its_name_is_resolved(strict, url):
    with pytest.raises(AddressRefused):
        target(url)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://example.com", "example.com", "/"),
        ("https://EXAMPLE.com:443/hook?a=1", "example.com", "/hook?a=1"),
        ("https://bücher.example/", "xn--bcher-kva.example", "/"),
        ("https://example.com./", "example.com", "/"),
        (f"https://{GOOD}/", GOOD, "/"),
        ("https://[2606:2800:21f:cb07::1]/", "2606:2800:21f:cb07::1", "/"),
    ],
)
def test_a_good_address_is_read(strict, url, host, path):
    to = target(url)

    assert (to.scheme, to.host, to.port, to.path) == ("https", host, 443, path)


def leads_to(*addresses):
    return lambda host, port: addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2002:808:808::1",
        "2001:0:1::1",
        "fe80::1%eth0",
        "fd12::1",
        "192.88.99.2",
    ],
)
def test_a_name_with_an_internal_address_is_refused(strict, address):
    to = target("https://innocent.example/")

    with pytest.raises(AddressRefused):
        allowed_addresses(to, leads_to(address))
    with pytest.raises(AddressRefused):
        allowed_addresses(to, leads_to(GOOD, address))


def test_a_name_with_a_public_address_is_allowed(strict):
    to = target("https://innocent.example/")

    assert allowed_addresses(to, leads_to(GOOD, "2606:4700::1")) == (GOOD, "2606:4700::1")


def test_a_name_without_an_address_cannot_be_reached(strict):
    def nothing(host, port):
        raise socket.gaierror

    with pytest.raises(CannotReach):
        allowed_addresses(target("https://nothing.example/"), nothing)


def test_the_validated_address_is_called(strict, monkeypatch):
    """The name is resolved only once, so a changed address between check and call has no effect."""
    resolved_addresses = [[GOOD], ["127.0.0.1"]]
    called = []

    def call(address, timeout):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", call)
    monkeypatch.setattr(socket, "getaddrinfo", None)

    with pytest.raises(CannotReach):
        post("https://rebinding.example/", {}, b"", resolve=lambda host, port: resolved_addresses.pop(0))

    assert called == [(GOOD, 443)]
    assert len(resolved_addresses) == 1


def test_loopback_over_http_is_allowed_in_development_only(settings, receiver):
    receiver.expect_request("/").respond_with_data("hello")
    settings.OUTBOUND_TO_LOOPBACK = True

    assert post(receiver.url_for("/"), {}, b"{}").body == "hello"
    for elsewhere in ("http://10.0.0.1/", "http://example.com/", "https://127.0.0.1/", "https://localhost/"):
        with pytest.raises(AddressRefused):
            target(elsewhere)

    settings.OUTBOUND_TO_LOOPBACK = False
    with pytest.raises(AddressRefused):
        post(receiver.url_for("/"), {}, b"{}")


def test_localhost_must_resolve_to_this_machine_in_development(settings):
    settings.OUTBOUND_TO_LOOPBACK = True

    with pytest.raises(AddressRefused):
        allowed_addresses(target("http://localhost:8123/"), leads_to("10.0.0.1"))


def test_a_redirect_is_not_followed(receiver):
    receiver.expect_request("/there").respond_with_data("never")
    receiver.expect_request("/").respond_with_data("", 302, {"Location": receiver.url_for("/there")})

    response = post(receiver.url_for("/"), {}, b"{}")

    assert response.status == 302
    assert [request.path for request, _ in receiver.log] == ["/"]


def test_a_proxy_of_the_environment_is_not_used(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    receiver.expect_request("/").respond_with_data("directly")

    assert post(receiver.url_for("/"), {}, b"{}").body == "directly"


def test_a_long_response_is_read_up_to_the_limit(receiver):
    receiver.expect_request("/").respond_with_data(b"x" * 10_000_000)

    assert post(receiver.url_for("/"), {}, b"{}").body == "x" * 2048


def test_a_compressed_response_is_not_decompressed(receiver):
    import gzip

    bomb = gzip.compress(b"0" * 5_000_000)
    receiver.expect_request("/").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})

    response = post(receiver.url_for("/"), {}, b"{}")

    assert response.status == 200
    assert "0" * 100 not in response.body
    request, _ = receiver.log[0]
    assert request.headers["Accept-Encoding"] == "identity"


def test_a_receiver_without_a_response_times_out(receiver):
    may_respond = threading.Event()
    receiver.expect_request("/").respond_with_handler(
        lambda request: may_respond.wait(30) and Response("late")
    )

    try:
        with pytest.raises(CannotReach, match="in time"):
            post(receiver.url_for("/"), {}, b"{}", timeout=0.5)
    finally:
        may_respond.set()


def test_a_receiver_with_a_slow_response_times_out():
    """Each byte renews the timeout of a socket, so a total time limit is needed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = threading.Event()
        threading.Thread(target=drip, args=(server, refused), daemon=True).start()

        with pytest.raises(CannotReach, match="in time"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", timeout=0.6)

        assert refused.wait(30), "the connection was held although its time was over"


def drip(server, refused):
    """Sends a byte each tenth of a second, without end."""
    line, _ = server.accept()
    with line:
        try:
            for byte in chain(b"HTTP/1.1 200 OK\r\nX-Slow: ", repeat(ord("a"))):
                line.sendall(bytes([byte]))
                time.sleep(0.1)
        except OSError:
            refused.set()


@pytest.mark.parametrize("response", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_a_malformed_response_is_an_error(response):
    def speak(server):
        line, _ = server.accept()
        with line:
            line.recv(10_000)
            line.sendall(response)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=speak, args=(server,), daemon=True).start()

        with pytest.raises(CannotReach):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """A self-signed certificate of hooks.example: (certificate file, key file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture
def secure(certificate) -> Iterator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Receiver(host="127.0.0.1", ssl_context=context) as server:
        server.expect_request("/hook").respond_with_data("securely")
        yield server


@pytest.fixture
def led_to(monkeypatch, secure):
    """Calls to the public address are redirected to the secure receiver."""
    real = socket.create_connection

    def call(address, timeout):
        assert address == (GOOD, 443)
        return real(("127.0.0.1", secure.port), timeout=timeout)

    monkeypatch.setattr(socket, "create_connection", call)


def test_the_certificate_is_checked_for_the_name_instead_of_the_address(strict, led_to, certificate):
    trust = ssl.create_default_context(cafile=certificate[0])

    response = post("https://hooks.example/hook", {}, b"{}", resolve=leads_to(GOOD), trust=trust)

    assert (response.status, response.body) == (200, "securely")


def test_a_certificate_of_another_name_is_refused(strict, led_to, certificate):
    trust = ssl.create_default_context(cafile=certificate[0])

    with pytest.raises(CannotReach, match="certificate"):
        post("https://other.example/hook", {}, b"{}", resolve=leads_to(GOOD), trust=trust)


def test_an_untrusted_certificate_is_refused(strict, led_to):
    with pytest.raises(CannotReach, match="certificate"):
        post("https://hooks.example/hook", {}, b"{}", resolve=leads_to(GOOD))


def test_special_ranges_considered_global_by_python_are_refused():
    for address in ("64:ff9b::808:808", "2002:808:808::1", "192.88.99.1", "224.0.1.1"):
        assert fault_of_address(ipaddress.ip_address(address))
    assert not fault_of_address(ipaddress.ip_address(GOOD))


REGISTRY = (
    *(
        "0.0.0.0/8",
        "0.0.0.0/32",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
    ),
    *("192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32"),
    *(
        "192.0.0.171/32",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.88.99.2/32",
    ),
    *(
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
    ),
    *(
        "255.255.255.255/32",
        "::1/128",
        "::/128",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
    ),
    *(
        "100:0:0:1::/64",
        "2001::/23",
        "2001::/32",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:2::/48",
    ),
    *(
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2002::/16",
    ),
    *("2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
)
"""Every block of IANA's two registries of special-purpose addresses."""
WITH_IPV4 = (
    *("::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}"),
    *("2002:{hex}::1", "2001:0:{hex}::1", "2001:0:4136:e378:8000:63bf:{inverted}"),
)
"""Mapped, compatible, NAT64 with the well-known and the local prefix, 6to4, Teredo by its server and by its client."""


def test_every_special_purpose_block_is_refused_from_its_first_to_its_last_address():
    for block in map(ipaddress.ip_network, REGISTRY):
        middle = block[block.num_addresses // 2]
        for address in (block[0], middle, block[-1]):
            assert fault_of_address(address) == "it is not a public address", (block, address)


def test_an_ipv4_address_inside_an_ipv6_address_is_refused_public_or_not():
    for text in ("127.0.0.1", "10.0.0.1", "169.254.169.254", GOOD):
        number = int(ipaddress.IPv4Address(text))
        words = {"hex": _words(number), "inverted": _words(number ^ 0xFFFFFFFF)}
        for form in WITH_IPV4:
            address = ipaddress.ip_address(form.format(text, **words))
            assert fault_of_address(address) == "it is not a public address", (text, form)


def test_addresses_beside_the_special_purpose_blocks_are_public():
    for text in (
        *(
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
        ),
        *("192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", GOOD),
        *("2001:200::", "2003::1", "2620:4f:8001::", "2606:4700:4700::1111", "2a00:1450::1"),
    ):
        assert fault_of_address(ipaddress.ip_address(text)) == "", text


def _words(number: int) -> str:
    return f"{number >> 16:x}:{number & 0xFFFF:x}"
