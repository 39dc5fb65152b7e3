"""Parcels: at least once, in order, given up visibly; on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt

import anyio
import pytest
from sqlalchemy import Engine, text

from bot.delivery.courier import Courier
from bot.delivery.outbox import LEASE, Outbox
from bot.delivery.parcels import Announce, Delivery, Parcel
from bot.delivery.retrying import MOST_ATTEMPTS
from bot.sealing import Seal
from dialogs.reply import Block, Reply, Statement, Status

AT = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(engine: Engine, clock: Clock) -> Outbox:
    made = Outbox(engine, Seal(b"k" * 32), clock)
    made.channels = frozenset(("post",))
    return made


def words(parcel: Parcel) -> str:
    return parcel.reply.blocks[0].statements[0].text


def put(engine: Engine, outbox: Outbox, text: str, to: str = "p", **more: object) -> None:
    reply = Reply(Status.ANSWERED, (Block("talk", (Statement(text),)),))
    with engine.begin() as connection:
        outbox.put(connection, "post", to, reply, f"key-{hash(text)}", **more)  # type: ignore[arg-type]


def test_in_order_one_at_a_time_for_each_person(engine: Engine, outbox: Outbox) -> None:
    for one in ("a1", "a2"):
        put(engine, outbox, one, "a")
    put(engine, outbox, "b1", "b")
    first = outbox.claim()
    assert sorted(words(parcel) for parcel in first) == ["a1", "b1"]
    assert outbox.claim() == []  # leased, and a2 waits for a1
    for parcel in first:
        outbox.settle(parcel, Delivery("sent", 1))
    assert [words(parcel) for parcel in outbox.claim()] == ["a2"]


def test_a_key_is_put_once(engine: Engine, outbox: Outbox) -> None:
    put(engine, outbox, "once")
    put(engine, outbox, "once")
    assert outbox.counts() == {"waiting": 1}


def test_what_a_dead_process_had_is_sent_by_another(
    engine: Engine, outbox: Outbox, clock: Clock
) -> None:
    put(engine, outbox, "hello")
    assert outbox.claim()
    clock.at += LEASE + dt.timedelta(seconds=1)
    assert [words(parcel) for parcel in outbox.claim()] == ["hello"]


def test_failures_are_bounded_and_dead_parcels_can_be_sent_again(
    engine: Engine, outbox: Outbox, clock: Clock
) -> None:
    put(engine, outbox, "hello")
    put(engine, outbox, "next")
    for _ in range(MOST_ATTEMPTS):
        (parcel,) = outbox.claim()
        outbox.settle(parcel, Delivery("later", reason="45011"))
        assert outbox.claim() == [] or outbox.counts().get("dead")
        clock.at += dt.timedelta(minutes=6)
    (dead,) = outbox.listed("dead")
    assert (dead.reason, dead.attempts) == ("45011", MOST_ATTEMPTS)
    assert [words(parcel) for parcel in outbox.claim()] == ["next"]  # it does not block the rest
    assert outbox.replay(dead.key) == 1
    assert "hello" in [words(parcel) for parcel in outbox.claim()]


def test_progress_is_kept_and_does_not_count_as_failing(
    engine: Engine, outbox: Outbox, clock: Clock
) -> None:
    put(engine, outbox, "long")
    for sent in range(1, MOST_ATTEMPTS + 3):
        (parcel,) = outbox.claim()
        assert parcel.parts_sent == sent - 1
        outbox.settle(parcel, Delivery("later", parts_sent=sent, after_s=1))
        clock.at += dt.timedelta(seconds=2)


def test_what_is_held_goes_when_the_person_writes(engine: Engine, outbox: Outbox) -> None:
    put(engine, outbox, "first")
    put(engine, outbox, "second")
    (parcel,) = outbox.claim()
    outbox.settle(parcel, Delivery("held", reason="45047"))
    assert outbox.claim() == []
    with engine.begin() as connection:
        outbox.release(connection, "post", "p")
    assert [words(parcel) for parcel in outbox.claim()] == ["first"]


def test_the_person_collects_what_waits_once(engine: Engine, outbox: Outbox) -> None:
    put(engine, outbox, "late", state="held")
    put(engine, outbox, "later")
    assert [words(parcel) for parcel in outbox.collect("post", "p")] == ["late", "later"]
    assert outbox.collect("post", "p") == []
    assert outbox.counts() == {"sent": 2}


def test_what_a_process_did_not_begin_to_send_is_taken_from_it(
    engine: Engine, outbox: Outbox
) -> None:
    """The person writes while the parcel is on its way to the platform: it is told there."""
    put(engine, outbox, "late")
    (parcel,) = outbox.claim()
    assert [words(one) for one in outbox.collect("post", "p")] == ["late"]
    assert not outbox.announce(parcel, 0), "it must not be sent any more"
    outbox.settle(parcel, Delivery("later"))
    assert outbox.counts() == {"sent": 1}


def test_what_is_being_sent_is_left_or_taken_as_perhaps_sent(
    engine: Engine, outbox: Outbox
) -> None:
    put(engine, outbox, "late")
    (parcel,) = outbox.claim()
    assert outbox.announce(parcel, 0)
    assert outbox.collect("post", "p") == []
    assert [one.maybe_sent for one in outbox.collect("post", "p", sending=True)] == [True]
    outbox.settle(parcel, Delivery("sent", 1))
    assert outbox.counts() == {"sent": 1}


@pytest.mark.parametrize("begun", [False, True])
def test_only_what_a_dead_process_was_sending_is_in_doubt(
    engine: Engine, outbox: Outbox, clock: Clock, begun: bool
) -> None:
    put(engine, outbox, "long")
    (parcel,) = outbox.claim()
    for part in (0, 1, 2) if begun else ():
        assert outbox.announce(parcel, part)
    clock.at += LEASE + dt.timedelta(seconds=1)
    (again,) = outbox.claim()
    assert (again.parts_sent, again.maybe_sent) == ((2, True) if begun else (0, False))
    assert not outbox.announce(parcel, 0), "the parcel is another's now"
    outbox.settle(parcel, Delivery("sent", 3))
    assert outbox.counts() == {"waiting": 1}
    outbox.settle(again, Delivery("later", 3, after_s=0))
    (last,) = outbox.claim()
    assert (last.parts_sent, last.maybe_sent) == (3, False)


def test_a_doubt_outlasts_an_attempt_that_came_to_nothing(
    engine: Engine, outbox: Outbox, clock: Clock
) -> None:
    put(engine, outbox, "late")
    (parcel,) = outbox.claim()
    outbox.settle(parcel, Delivery("later", maybe_sent=True))
    clock.at += dt.timedelta(minutes=1)
    (again,) = outbox.claim()
    assert again.maybe_sent
    outbox.settle(again, Delivery("held", maybe_sent=True))
    assert [one.maybe_sent for one in outbox.collect("post", "p")] == [True]


@pytest.mark.parametrize("by", ["courier", "person"])
def test_what_was_sealed_with_a_lost_key_is_given_up_and_stops_nobody(
    engine: Engine, outbox: Outbox, clock: Clock, by: str
) -> None:
    lost = Outbox(engine, Seal(b"l" * 32), clock)
    put(engine, lost, "old")
    put(engine, outbox, "other", "q")
    taken = outbox.claim() if by == "courier" else outbox.collect("post", "p")
    assert [words(parcel) for parcel in taken] == (["other"] if by == "courier" else [])
    (dead,) = outbox.listed("dead")
    assert dead.reason == "sealed_with_another_key"
    assert outbox.replay() == 0
    put(engine, outbox, "new")
    assert "new" in [words(parcel) for parcel in outbox.claim()]


def test_nothing_readable_is_kept(engine: Engine, outbox: Outbox) -> None:
    put(engine, outbox, "王阿姨13812345678")
    with engine.connect() as connection:
        assert "1381234" not in str(connection.execute(text("SELECT * FROM outbox")).all())
    outbox.settle(outbox.claim()[0], Delivery("sent", 1))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT payload FROM outbox")).scalar() is None


class Post:
    channel = "post"

    def __init__(self, failing: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.sent: list[str] = []
        self.failing = failing

    async def send(self, parcel: Parcel, announce: Announce) -> Delivery:
        if words(parcel) in self.failing:
            raise RuntimeError("王阿姨")
        self.sent.append(words(parcel))
        return Delivery("sent", 1)


def test_the_courier_sends_at_once_and_survives_a_sender_that_breaks(
    engine: Engine, outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    post = Post({"bad"})

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Courier(outbox, [post]).run_for_ever)
            put(engine, outbox, "bad", "a")
            for one in ("1", "2", "3"):
                put(engine, outbox, one, "b")
            outbox.wake()
            with anyio.fail_after(10):
                while len(post.sent) < 3:
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    anyio.run(scenario)
    assert post.sent == ["1", "2", "3"]
    assert "王阿姨" not in "".join(capsys.readouterr())


def test_what_is_being_sent_when_the_process_is_stopped_is_ended_and_written_down(
    engine: Engine, outbox: Outbox
) -> None:
    class Slow:
        channel = "post"
        begun, sent = anyio.Event(), 0

        async def send(self, parcel: Parcel, announce: Announce) -> Delivery:
            assert await announce(parcel.parts_sent)
            self.begun.set()
            await anyio.sleep(0.2)
            self.sent += 1
            return Delivery("sent", 1)

    async def scenario() -> int:
        slow = Slow()
        put(engine, outbox, "hello")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Courier(outbox, [slow]).run_for_ever)
            with anyio.fail_after(10):
                await slow.begun.wait()
            tasks.cancel_scope.cancel()
        return slow.sent

    assert anyio.run(scenario) == 1
    assert outbox.counts() == {"sent": 1}
