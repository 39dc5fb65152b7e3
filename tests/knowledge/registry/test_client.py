"""The client against a real server on this machine that misbehaves, and against spoiled answers."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from knowledge.registry import qr
from knowledge.registry.adapters import ContractAdapter
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.contract import Factor, Purpose, Status, Verification, VerifyRequest
from knowledge.registry.faults import NETWORK_FAULTS, RAW_FAULTS, SIGNED_FAULTS, FaultyTransport
from knowledge.registry.permit_number import PermitNumber, generate
from knowledge.registry.server.app import create_app
from knowledge.registry.server.registry import Registry
from knowledge.registry.signing import BadToken, KeySet
from knowledge.registry.status_list import Bits
from knowledge.registry.wire import Timing, Unavailable
from tests.knowledge.registry.conftest import FakeTime, Issue, served

# The client ends at 3 s; what misbehaves would go on for longer than this.
MOST_S = 12
Handler = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def timing() -> Timing:
    """Short: what never answers is waited for here."""
    return Timing(total=2.0, first=1.0, pause=0.001)


def ask(client: RegistryClient, number: PermitNumber, name: str = "测试李梅") -> Verification:
    request = VerifyRequest(
        permit_no=number.value,
        factor=Factor(full_name=name),
        purpose=Purpose.PRE_HIRE,
        asker_ref="a" * 64,
    )
    return client.ask(request, number.value, uuid.uuid4())


@dataclass
class Misbehaving:
    """A server that does to each connection what the test says."""

    address: str
    seen: list[str] = field(default_factory=list)


@contextmanager
def misbehaving(behave: Handler) -> Iterator[Misbehaving]:
    seen: list[str] = []

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._handle()

        def do_GET(self) -> None:
            self._handle()

        def _handle(self) -> None:
            seen.append(self.path)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                behave(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Misbehaving(f"http://127.0.0.1:{server.server_address[1]}", seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(
    status: int = 200, body: bytes = b"{}", kind: str = "application/json", **headers: str
) -> Handler:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("content-type", kind)
        request.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return behave


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(MOST_S + 1)


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", "1000")
    request.end_headers()
    for _ in range(10 * MOST_S + 10):
        request.wfile.write(b" ")
        time.sleep(0.1)


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(10 * MOST_S + 10):
        request.wfile.write(b"x-%d: 1\r\n" % n)
        time.sleep(0.1)


def cut(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", "1000")
    request.end_headers()
    request.wfile.write(b'{"status":"VALID"')
    request.close_connection = True


def slam(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def flood(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("content-type", "application/json")
    request.send_header("transfer-encoding", "chunked")
    request.end_headers()
    for _ in range(800):
        request.wfile.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")


def remote(address: str, keys: KeySet | None = None) -> RegistryClient:
    return RegistryClient(address, ContractAdapter("test", "token"), pinned=keys or KeySet({}))


@pytest.mark.parametrize("behave", [hang, drip_body, drip_headers], ids=lambda b: b.__name__)
def test_slowness_ends_at_the_deadline(behave: Handler) -> None:
    with misbehaving(behave) as server:
        client = remote(server.address)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            ask(client, generate("GZ"))
        assert time.monotonic() - started < MOST_S
        assert len(server.seen) == 2, "one attempt and one retry"
        client.close()


@pytest.mark.parametrize(
    "behave",
    [
        cut,
        slam,
        flood,
        reply(body=b""),
        reply(body=b"<html>VALID</html>", kind="text/html"),
        reply(body=b"<html>VALID</html>"),
        reply(body=b'{"result":0,"msg":"ok"}'),
        reply(body=b'{"status":"VALID"}'),
        reply(body='{"status":"有效"}'.encode("gbk"), kind="application/json; charset=gbk"),
        reply(body=b"[" * 60000),
        reply(content_encoding="gzip"),
        reply(301, location="http://169.254.169.254/"),
        reply(500),
        reply(401),
        reply(404),
        reply(418),
    ],
)
def test_nonsense_is_no_answer(behave: Handler) -> None:
    with misbehaving(behave) as server:
        client = remote(server.address)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            ask(client, generate("GZ"))
        assert time.monotonic() - started < MOST_S
        assert set(server.seen) == {"/permits:verify"}, "nothing else was asked for"
        client.close()


@pytest.mark.parametrize(
    ("behave", "attempts"),
    [
        (reply(503), 2),
        (reply(502), 2),
        (reply(504), 2),
        (slam, 2),
        (reply(500), 1),
        (reply(400), 1),
    ],
)
def test_only_passing_failures_are_tried_again_and_once(behave: Handler, attempts: int) -> None:
    with misbehaving(behave) as server:
        client = remote(server.address)
        with pytest.raises(Unavailable):
            ask(client, generate("GZ"))
        assert len(server.seen) == attempts
        client.close()


def test_a_long_wait_that_is_asked_for_is_capped(time_: FakeTime) -> None:
    with misbehaving(reply(429, retry_after="86400")) as server:
        client = RegistryClient(
            server.address, ContractAdapter("t", "t"), pinned=KeySet({}), clock=time_.clock
        )
        for _ in range(3):
            with pytest.raises(Unavailable):
                ask(client, generate("GZ"))
        assert len(server.seen) == 1, "left alone"
        time_.move(61)
        with pytest.raises(Unavailable):
            ask(client, generate("GZ"))
        assert len(server.seen) == 2, "but not for a day"
        client.close()


def test_an_outage_opens_the_circuit_and_recovery_closes_it_unaided(
    client: RegistryClient, transport: FaultyTransport, issue: Issue, time_: FakeTime
) -> None:
    number = issue().number
    assert ask(client, number).status is Status.VALID
    transport.faults = ["refused"] * 100
    for _ in range(8):
        with pytest.raises(Unavailable):
            ask(client, number)
    calls = transport.calls
    with pytest.raises(Unavailable):
        ask(client, number)
    assert transport.calls == calls, "nobody is asked while it is open"
    transport.faults = []
    time_.move(11)
    assert ask(client, number).status is Status.VALID
    assert ask(client, number).status is Status.VALID


@pytest.mark.parametrize("fault", [*RAW_FAULTS, *SIGNED_FAULTS, *NETWORK_FAULTS])
def test_a_spoiled_answer_is_refused(
    client: RegistryClient, transport: FaultyTransport, issue: Issue, fault: str
) -> None:
    number = issue().number
    ask(client, generate("GZ"))  # something to replay, and the keys
    transport.faults = [fault, fault]
    if fault in ("field_changed", "valid_not_checked"):
        # Nothing is changed by the first; the second is refused by the judgement that follows.
        assert ask(client, number).status is Status.VALID
        return
    with pytest.raises(Unavailable):
        ask(client, number)


def test_a_status_changed_outside_the_signature_is_refused(
    client: RegistryClient, transport: FaultyTransport, registry: Registry, issue: Issue
) -> None:
    number = issue().number
    registry.issuing.change(number, "revoke")
    transport.faults = ["field_changed"]
    with pytest.raises(Unavailable):
        ask(client, number)


@pytest.mark.parametrize("skew", [300, -300, 86400, -86400])
def test_clocks_far_apart_give_no_answer(
    registry: Registry, client: RegistryClient, issue: Issue, time_: FakeTime, skew: int
) -> None:
    number = issue().number
    object.__setattr__(registry.core, "now", lambda: time_.at + skew)
    with pytest.raises(Unavailable):
        ask(client, number)


def test_clocks_a_little_apart_do_no_harm(
    registry: Registry, client: RegistryClient, issue: Issue, time_: FakeTime
) -> None:
    number = issue().number
    object.__setattr__(registry.core, "now", lambda: time_.at + 50)
    assert ask(client, number).status is Status.VALID


def test_keys_rotated_between_two_questions(
    registry: Registry, client: RegistryClient, issue: Issue
) -> None:
    number = issue().number
    assert ask(client, number).status is Status.VALID
    registry.keys.rotate()
    assert ask(client, number).status is Status.VALID


def test_a_revoked_key_is_not_believed_after_its_time(
    registry: Registry, client: RegistryClient, issue: Issue, time_: FakeTime
) -> None:
    token = issue().qr_token
    old = registry.keys.current().signing.kid
    assert qr.check(token, client.keys(), time_.at)
    registry.keys.rotate()
    registry.keys.revoke(str(old))
    time_.move(601)
    with pytest.raises(BadToken):
        qr.check(token, client.keys(), time_.at)


def test_unknown_keys_make_one_request_a_minute(time_: FakeTime) -> None:
    with misbehaving(reply(body=b'{"keys":[]}')) as server:
        client = RegistryClient(server.address, ContractAdapter("t", "t"), clock=time_.clock)
        client.keys()
        for _ in range(50):
            client.keys(unknown_key=True)
        assert len(server.seen) == 2
        time_.move(61)
        client.keys(unknown_key=True)
        assert len(server.seen) == 3
        client.close()


def test_stale_keys_are_not_used_when_new_ones_cannot_be_had(
    registry: Registry, time_: FakeTime
) -> None:
    good = [True]
    document = json.dumps(registry.keys.current().jwks).encode()

    def behave(request: BaseHTTPRequestHandler) -> None:
        (reply(body=document) if good[0] else reply(500))(request)

    with misbehaving(behave) as server:
        client = RegistryClient(server.address, ContractAdapter("t", "t"), clock=time_.clock)
        client.keys()
        good[0] = False
        client.keys()
        time_.move(601)
        with pytest.raises(Unavailable):
            client.keys()
        client.close()


def test_the_status_list_over_the_wire(
    registry: Registry, client: RegistryClient, issue: Issue, time_: FakeTime
) -> None:
    issued = issue()
    card = qr.check(issued.qr_token, client.keys(), time_.at)
    assert client.status_list().status(card.index) is Bits.VALID
    registry.issuing.change(issued.number, "revoke")
    time_.move(11)
    assert client.status_list().status(card.index) is Bits.INVALID


def test_over_a_real_socket_with_a_healthy_registry(
    registry: Registry, token: str, issue: Issue
) -> None:
    number = issue().number
    object.__setattr__(registry.core, "now", time.time)
    with served(create_app(registry)) as address:
        client = RegistryClient(address, ContractAdapter("test", token), token=token)
        ask(client, number)
        for _ in range(40):
            assert ask(client, number).status is not Status.UNVERIFIED
        client.close()


def test_many_threads_share_a_client(client: RegistryClient, issue: Issue) -> None:
    numbers = [issue().number for _ in range(8)]
    seen: list[str] = []

    def look(number: PermitNumber) -> None:
        for _ in range(5):
            permit = ask(client, number).permit
            assert permit is not None
            seen.append(permit.no_masked)

    threads = [threading.Thread(target=look, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(number.masked for number in numbers for _ in range(5))


def test_plain_http_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="https"):
        RegistryClient("http://registry.example/v1", ContractAdapter("a", "b"))


def test_the_deadline_holds_when_the_event_loop_is_asked_twice() -> None:
    with misbehaving(hang) as server:
        client = RegistryClient(
            server.address, ContractAdapter("t", "t"), timing=Timing(0.3, 0.1, 0.01),
            pinned=KeySet({}), clock=Clock(),
        )  # fmt: skip

        def in_vain() -> None:
            with pytest.raises(Unavailable):
                ask(client, generate("GZ"))

        threads = [threading.Thread(target=in_vain) for _ in range(5)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < MOST_S
        client.close()
