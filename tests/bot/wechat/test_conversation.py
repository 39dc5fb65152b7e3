"""What a person sees of the bot on WeChat: every kind of message, long answers, staff, privacy."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from pathlib import Path

import httpx
import pytest
from sqlalchemy import inspect, select, text

from bot.app import connected
from bot.conversations.kept import history
from bot.conversations.rows import TurnRow
from bot.database import open_engine
from bot.sealing import Seal
from bot.wechat.content import asked_by_menu, asked_by_scene, menu, say, scenes
from bot.wechat.inbound import received
from bot.wechat.service import open_wechat
from bot.wechat.tables import LateRow
from dialogs.memory import Memory
from dialogs.reply import Block, Citation, Message, Reply, Statement, Status
from dialogs.wording import say as dialogue_says
from knowledge.library import Library
from knowledge.registry.outcome import Verdict
from knowledge.registry.verifier import Check
from knowledge.standing import Standing
from knowledge.vocabulary import Vocabulary
from tests.bot.serving import SEAL_KEY, copy_of
from tests.bot.wechat.harness import (
    ALICE,
    API,
    LONG_CUT,
    Echo,
    bench,
    long_winded,
    serving,
    settings_for,
    short_timing,
    talk,
    until,
    web_of,
)
from tests.bot.wechat.harness import LONG as LONG_TIME
from tests.permit_desk import NAME, open_desk
from tests.simulators.wechat_platform import Account, Outcome, Platform

SCENE_ID = "permit"


def test_every_kind_of_message_gets_a_kind_answer(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, answer=echo) as on:

        async def scene(platform: Platform) -> None:
            async def kind(name: str, **more: str) -> str | None:
                return (await platform.post(platform.message(ALICE, name, **more))).shown

            assert await kind("voice", MediaId="m", Format="amr") == say("kinds.voice")
            assert await kind("voice", MediaId="m", Recognition="") == say("kinds.voice")
            assert await kind("voice", MediaId="m", Recognition="免费吗") == "答：免费吗"
            assert await kind("video", MediaId="m") == say("kinds.video")
            assert await kind("shortvideo", MediaId="m") == say("kinds.video")
            assert await kind("location", Location_X="23") == say("kinds.location")
            assert await kind("link", Url="http://a") == say("kinds.link")
            assert await kind("hologram") == say("kinds.other")
            sticker = "【收到不支持的消息类型，暂无法显示】"
            assert (await platform.say(ALICE, sticker)).shown == say("kinds.sticker")
            assert (await platform.say(ALICE, "")).shown == "答："

        on.run(scene)
        assert echo.asked == ["免费吗", ""]


def test_events_open_topics_or_pass_in_silence(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, answer=echo) as on:

        async def scene(platform: Platform) -> None:
            async def event(name: str, key: str = "", **more: str) -> Outcome:
                return await platform.event(ALICE, name, EventKey=key, **more)

            assert (await event("subscribe")).shown == say("greeting")
            assert (await event("subscribe", "last_trade_no_1")).shown == say("greeting")
            scanned = f"答：{asked_by_scene(SCENE_ID)}"
            assert (await event("subscribe", f"qrscene_{SCENE_ID}")).shown == scanned
            assert (await event("SCAN", SCENE_ID)).shown == scanned
            assert (await event("CLICK", "benefits")).shown == f"答：{asked_by_menu('benefits')}"
            assert (await event("CLICK", "of_old")).shown == say("kinds.menu_old")
            found = await event("scancode_waitmsg", "scan", ScanResult="https://q.example/p#t")
            assert found.shown == "答：https://q.example/p#t"
            for silent in ("VIEW", "unsubscribe", "LOCATION", "TEMPLATESENDJOBFINISH", "x_y_z"):
                outcome = await event(silent)
                assert (outcome.shown, outcome.failed) == (None, False)
                assert outcome.tries[0].body == "success"
            assert (await event("SCAN", "unknown")).shown is None

        on.run(scene)
        assert len(echo.asked) == 4


def test_every_menu_item_and_scene_asks_something() -> None:
    keys = {
        item["key"]
        for button in menu()["button"]
        for item in button["sub_button"]
        if item["type"] == "click"
    }
    assert all(asked_by_menu(key) for key in keys)
    assert all(asked_by_scene(scene) for scene in scenes())


def test_a_photograph_reaches_the_dialogue(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, answer=echo) as on:
        on.platform.api.media["one.jpg"] = b"\xff\xd8one"
        on.platform.api.media["two"] = b"\xff\xd8two"

        async def scene(platform: Platform) -> None:
            async def photo(url: str, media: str) -> str | None:
                sent = platform.message(ALICE, "image", PicUrl=url, MediaId=media)
                return (await platform.post(sent)).shown

            assert await photo(f"{API}/picture/one.jpg", "none") == "答："
            assert await photo("http://127.0.0.1:1/secret", "two") == "答："
            assert await photo(f"{API}/picture/gone.jpg", "gone") == say("kinds.picture_lost")

        on.run(scene)
        assert [message.images for message in echo.messages] == [
            (b"\xff\xd8one",),
            (b"\xff\xd8two",),
        ]


# --- the same answer, sources, odd texts ------------------------------------------------------


def test_a_repeat_gets_the_same_answer_encrypted_anew(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, answer=echo) as on:

        async def scene(platform: Platform) -> None:
            fields = platform.message(ALICE, "text", Content="免费吗")
            tried = [await platform.once(fields) for _ in range(3)]
            tried += await asyncio.gather(*(platform.once(fields) for _ in range(3)))
            assert {platform.read(one.body, fields) for one in tried} == {"答：免费吗"}
            assert len({one.body for one in tried}) == 6

        on.run(scene)
        assert echo.asked == ["免费吗"]


QUOTE = Citation(
    "changzhi/三/15",
    "长治家政行动",
    "changzhi",
    "长政办发〔2021〕1号",
    "三",
    "免费]]>培训",
    Standing.IN_FORCE,
)


def test_the_sources_are_short_and_their_words_are_given_on_demand(
    tmp_path: Path, database: str
) -> None:
    def quoting(message: Message, _memory: Memory) -> Reply:
        block = Block("conclusion", (Statement("可以免费培训]]></Content>。", (QUOTE.clause,)),))
        return Reply(Status.ANSWERED, (block,), (QUOTE,))

    with bench(tmp_path, database, answer=quoting) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "出处")).shown == say("sources.none")
            shown = (await platform.say(ALICE, "]]></Content><MsgType>news</MsgType>")).shown or ""
            assert shown.startswith(
                "可以免费培训]]></Content>。\n出处：\n《长治家政行动》（长政办发"
            )
            assert "免费]]>培训" not in shown
            assert "“免费]]>培训”" in ((await platform.say(ALICE, "出处")).shown or "")

        on.run(scene)


def test_the_real_dialogue_answers_within_the_limits(tmp_path: Path, library_file: Path) -> None:
    url = f"sqlite:///{copy_of(library_file, tmp_path)}"
    with bench(tmp_path, url, Account(verified=False)) as on:

        async def scene(platform: Platform) -> None:
            shown = (await platform.say(ALICE, "广州月嫂培训免费吗<b>]]>&amp;</b>")).shown or ""
            assert "出处：" in shown
            question = (await platform.say(ALICE, "补贴有多少")).shown or ""
            assert question

        on.run(scene)
        assert len(history(on.app.engine, "wechat", ALICE)) == 2


# --- permits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [True, False])
def test_a_slow_registry_still_brings_the_verdict_once(
    tmp_path: Path,
    database: str,
    library: Library,
    words: Vocabulary,
    verified: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check takes longer than WeChat waits."""
    with open_desk(tmp_path, library, words) as desk:
        checks, go = [], threading.Event()
        verify = desk.permits.verifier.verify

        def slowly(check: Check) -> Verdict:
            checks.append(check)
            assert go.wait(600)
            return verify(check)

        monkeypatch.setattr(desk.permits.verifier, "verify", slowly)
        account = Account(verified=verified)
        settings = settings_for(tmp_path, database, account, wechat_freshness_s=0)
        app = connected(settings, open_engine(database), desk.conversation, Seal(SEAL_KEY))
        timing, cut = short_timing()
        platform = Platform(account, httpx.AsyncClient(), cut=cut)
        platform.api.media["permit.png"] = desk.photo(desk.issue())
        wechat = open_wechat(app, transport=httpx.ASGITransport(platform.api.app()), timing=timing)
        assert wechat is not None

        async def scene(url: str) -> list[str]:
            async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                platform.client = client
                photo = platform.message(
                    ALICE, "image", PicUrl=f"{API}/picture/permit.png", MediaId="x"
                )
                seen = [(await platform.post(photo)).shown]
                go.set()
                if verified:
                    await until(lambda: bool(platform.api.delivered))
                else:
                    assert seen == [say("pending.notice")]
                    platform.cut, wechat.webhook._timing = LONG_CUT, LONG_TIME
                    seen.append((await platform.say(ALICE, "1")).shown)
                return [text for text in seen if text]

        with serving(web_of(app, wechat)) as url:
            seen = asyncio.run(scene(url))
        app.engine.dispose()
    seen += [one.text for one in platform.api.delivered]
    assert sum("有效" in text for text in seen) == 1
    assert len(checks) == 1
    assert NAME not in "".join(seen)


@pytest.mark.parametrize("verified", [True, False])
def test_a_registry_slower_than_a_check_may_take_still_brings_the_verdict_once(
    tmp_path: Path, database: str, library: Library, words: Vocabulary, verified: bool
) -> None:
    """No verdict in time, which is said; then it is asked with patience, and told by itself."""
    with open_desk(tmp_path, library, words, total_s=0.6) as desk:
        desk.way.takes_s = 1.2
        account = Account(verified=verified)
        settings = settings_for(tmp_path, database, account, wechat_freshness_s=0)
        app = connected(settings, open_engine(database), desk.conversation, Seal(SEAL_KEY))
        platform = Platform(account, httpx.AsyncClient(), cut=LONG_CUT)
        platform.api.media["permit.png"] = desk.photo(desk.issue())
        wechat = open_wechat(
            app, transport=httpx.ASGITransport(platform.api.app()), timing=LONG_TIME
        )
        assert wechat is not None

        async def scene(url: str) -> list[str | None]:
            async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                platform.client = client
                photo = platform.message(
                    ALICE, "image", PicUrl=f"{API}/picture/permit.png", MediaId="x"
                )
                seen = [(await platform.post(photo)).shown]
                await until(lambda: len(history(app.engine, "wechat", ALICE)) == 2)
                if verified:
                    await until(lambda: bool(platform.api.delivered))
                return [*seen, *[(await platform.say(ALICE, "1")).shown for _ in "12"]]

        with serving(web_of(app, wechat)) as url:
            seen = [text or "" for text in asyncio.run(scene(url))]
        app.engine.dispose()
    assert "没有结论" in seen[0]
    assert dialogue_says("permit.recheck_by_itself") in seen[0]
    seen += [one.text for one in platform.api.delivered]
    done = dialogue_says("permit.recheck_done")
    assert [text for text in seen if done in text] == [text for text in seen if "证有效" in text]
    assert sum(done in text for text in seen) == 1


# --- staff ------------------------------------------------------------------------------------


def test_the_bot_is_silent_while_staff_hold_the_conversation(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, Account(verified=True), echo) as on:

        async def scene(platform: Platform) -> None:
            await platform.say(ALICE, "你好")
            turn = history(on.app.engine, "wechat", ALICE)[0]
            with on.app.engine.connect() as connection:
                pk = connection.execute(
                    select(TurnRow.conversation_pk).where(TurnRow.pk == turn.pk)
                ).scalar_one()
            handover = on.app.handovers.take_over(pk, "wang")
            assert handover is not None
            # Else what tells of it would come with the reply to whatever is written first.
            await until(lambda: bool(platform.api.delivered))
            assert (await platform.say(ALICE, "在吗？我有事")).shown is None
            voice = platform.message(ALICE, "voice", MediaId="m")
            assert (await platform.post(voice)).shown is None
            assert on.app.handovers.say(handover, "wang", "您好，我是小王。")
            await until(lambda: any("小王" in one.text for one in platform.api.delivered))

        on.run(scene)
        texts = [turn.text for turn in history(on.app.engine, "wechat", ALICE)]
        assert say("for_staff.voice") in texts


def test_words_of_staff_wait_where_there_is_no_other_way(tmp_path: Path, database: str) -> None:
    with bench(tmp_path, database, Account(verified=False), Echo()) as on:

        async def scene(platform: Platform) -> None:
            await platform.say(ALICE, "你好")
            with on.app.engine.connect() as connection:
                pk = connection.execute(select(TurnRow.conversation_pk)).scalar_one()
            handover = on.app.handovers.take_over(pk, "wang")
            assert handover is not None
            assert on.app.handovers.say(handover, "wang", "您好，我是小王。")
            shown = (await platform.say(ALICE, "在吗？我有事")).shown or ""
            assert shown.endswith("您好，我是小王。")

        on.run(scene)


# --- a process that dies ----------------------------------------------------------------------


@pytest.mark.parametrize("verified", [True, False])
def test_another_process_finishes_what_one_left_unfinished(
    tmp_path: Path, database: str, verified: bool
) -> None:
    """A process that has said `success`, or to come back, dies before the answer is there."""
    account = Account(verified=verified)
    asked: list[str] = []

    def answer(message: Message, _memory: Memory) -> Reply:
        asked.append(message.text)
        return talk(f"答：{message.text}")

    platform = Platform(account, httpx.AsyncClient(), cut=LONG_CUT)
    fields = platform.message(ALICE, "text", Content="慢一点")
    with bench(tmp_path, database, account, answer) as on:
        on.platform = platform
        wechat = open_wechat(on.app, lease=dt.timedelta(seconds=0))
        assert wechat is not None
        message = received(fields)
        wechat.webhook._answering.late.ran_out(message, unless_over=True)
        wechat.webhook._answering.late.move(message.key, "late")
        on.platform.api.opened(fields)
        wechat.webhook._answering._arrived(message, None, "writing")

        async def scene(platform: Platform) -> None:
            def sent() -> bool:
                with on.app.engine.connect() as connection:
                    return connection.execute(select(LateRow.state)).scalar_one() == "sent"

            await until(sent)
            shown = (await platform.say(ALICE, "后来呢？")).shown or ""
            assert shown.endswith("答：后来呢？")
            told = [shown, *(one.text for one in platform.api.delivered)]
            assert sum("答：慢一点" in text for text in told) == 1

        on.run(scene)
    assert asked == ["慢一点", "后来呢？"]
    with open_engine(database).connect() as connection:
        assert connection.execute(select(LateRow.sealed)).scalars().all() == [""]


def test_who_unfollows_is_forgotten(tmp_path: Path, database: str) -> None:
    with bench(tmp_path, database, Account(verified=True), long_winded) as on:

        async def scene(platform: Platform) -> None:
            await platform.say(ALICE, "全部")
            await platform.say("oBen", "问")
            await platform.event(ALICE, "unsubscribe")
            await platform.event("oNobody", "unsubscribe")

        on.run(scene)
        with on.app.engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            kept = {
                table: str(connection.execute(text(f"SELECT * FROM {table}")).all())
                for table in tables
            }
    assert [table for table, rows in kept.items() if ALICE in rows] == []
    assert "oBen" in kept["conversation"]
    assert "oNobody" not in str(kept)
