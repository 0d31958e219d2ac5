"""S41: an address that a person typed in leads to public hosts only, and the call goes where the check looked."""

import socket

import pytest

from supportdesk.lib import outbound
from tests.webhooks.receiver import Receiver

PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",  # noqa: S104
    "10.0.0.1", "10.255.255.255", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[2001:db8::1]",
    "[2001:10::1]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[fec0::1]", "[100::1]", "[3fff::1]",
    "localhost", "localhost.",
]  # fmt: skip
CLOSED = [
    "http://example.com/", "https://example.com:22/", "https://example.com:6379/", "https://example.com:80/",
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "",
    "https://", "https:///path", "https://user@example.com/", "https://user:pw@example.com/", "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/", "https://example.com/\r\nX: y", "https://example.com/\x00",
    "https://example.com:99999/", "https://example.com:abc/", "https://[::1", "https://ex_ample!.com/",
    "https://" + "a" * 2000 + ".com/", "https://example.com/é",
]  # fmt: skip


def test_S41_every_spelling_of_a_private_address_is_refused_before_anything_is_sent():
    reached = []
    for host in PRIVATE:
        for port in ("", ":8443"):
            try:
                outbound.post(f"https://{host}{port}/", body=b"{}", headers={})
                reached.append(host)
            except outbound.CannotCall as refusal:
                assert "private network" in str(refusal), host
            except outbound.NoAnswer as answer:
                # A spelling that this machine's resolver does not know is no host at all.
                assert "There is no host" in str(answer), (host, str(answer))

    assert reached == []


@pytest.mark.parametrize("url", CLOSED)
def test_S41_an_address_of_another_kind_is_refused_in_words(url):
    with pytest.raises(outbound.CannotCall) as refusal:
        outbound.read_address(url)

    assert str(refusal.value).endswith(".")


def test_S41_a_name_is_looked_up_once_and_all_of_its_addresses_are_checked(monkeypatch):
    """Rebinding, and a name with one public and one private address."""
    asked = []

    def rebinding(host, port, **_):
        asked.append(host)
        private = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]
        return public + private if host == "both.example" else (public if asked.count(host) == 1 else private)

    target = outbound.Target("https", "rebind.example", 443, "/")
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    assert outbound.addresses_of(target) == ["93.184.216.34"]
    with pytest.raises(outbound.CannotCall, match="private network"):
        outbound.addresses_of(outbound.Target("https", "both.example", 443, "/"))


def test_S41_a_redirect_is_an_answer_and_is_not_followed():
    with Receiver() as front, Receiver() as canary:
        front.script = [(302, {"Location": canary.url}, b"")]
        answer = outbound.post(front.url, body=b"{}", headers={}, internal_hosts=[front.host])

    assert (answer.status, canary.calls) == (302, [])


def test_only_the_host_and_port_that_the_operator_named_may_be_internal():
    with Receiver() as receiver, Receiver() as other:
        assert outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=[receiver.host]).status == 200
        with pytest.raises(outbound.CannotCall):
            outbound.post(other.url, body=b"{}", headers={}, internal_hosts=[receiver.host])
        assert other.calls == []


def test_a_slow_a_broken_and_a_talkative_receiver_end_in_time_and_in_words():
    with Receiver() as receiver:
        receiver.script = ["drip", "cut", (200, {}, b"x" * 1_000_000), (200, {}, b"\x00\xff<script>")]
        hosts = [receiver.host]
        with pytest.raises(outbound.NoAnswer, match="did not answer in time"):
            outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=hosts, deadline=0.4)
        with pytest.raises(outbound.NoAnswer, match=r"did not answer in HTTP|could not be reached"):
            outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=hosts)
        long = outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=hosts)
        odd = outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=hosts)

    assert (len(long.body), odd.body) == (outbound.KEPT_BYTES, "�<script>")
    with pytest.raises(outbound.NoAnswer, match="refuses connections"):
        outbound.post(receiver.url, body=b"{}", headers={}, internal_hosts=hosts)
