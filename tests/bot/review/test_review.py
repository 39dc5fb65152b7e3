"""What needs a look is found, put together, labelled; labels train the engine behind a gate."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from sqlalchemy import Engine, insert, select
from typer.testing import CliRunner

from bot.app import App
from bot.commands.review import review_app
from bot.conversations.ratings import rate_turn
from bot.conversations.rows import ConversationRow, TurnRow
from bot.conversations.stored import left_out
from bot.handover.drafts import DraftRow
from bot.review import deciding, heard, labels
from bot.review.doubt import Doubts, contradicted, no_doubts
from bot.review.heard import Heard
from bot.review.labels import Decision, LabelError, LabelRow
from bot.review.likeness import grouped, key_of
from bot.review.places import KINDS, Kind, Wanted
from bot.review.retrain import Trainer
from bot.review.retrainings import RetrainingRow, State, newest
from bot.review.taught import export, training_rows
from bot.settings import settings
from dialogs.reply import Message
from nlu.engine import CONFIG, MODEL_NAME, load_or_train
from nlu.intents import intents
from nlu.labels import LABELS_NAME, as_training_file, with_labels
from nlu.report import apart_messages
from nlu.training_data import TrainingData, read_files, read_training_data
from nlu.trial import Reason
from nlu.understand import Understander
from nlu.understanding import Score
from tests.bot.review.teaching import MISSED, MISSED_INTENT, SPOILING, sources, teachable_app
from tests.bot.serving import NOW
from tests.nlu.conftest import SMALL

PERIOD = Wanted(NOW - dt.timedelta(days=30), NOW + dt.timedelta(days=1))
SAID = (
    '{"status": "answered", "blocks": [{"kind": "talk", "statements":'
    ' [{"text": "没有规定保额", "clauses": []}]}]}'
)
TEST_MESSAGE = "社保补贴什么时间到卡上"  # of tests/bot/review/teaching.py


def turn(engine: Engine, text: str, status: str = "not_covered", **more: object) -> int:
    """A turn in a conversation of its own (or in `conversation`); its number."""
    with engine.begin() as connection:
        conversation = more.pop("conversation", None)
        if conversation is None:
            count = len(connection.execute(select(ConversationRow.pk)).all())
            conversation = connection.execute(
                insert(ConversationRow)
                .values(
                    channel=more.pop("channel", "web"), id=f"c{count}", memory="{}", updated_at=NOW
                )
                .returning(ConversationRow.pk)
            ).scalar_one()
        number = len(connection.execute(select(TurnRow.pk)).all())
        values = {
            "conversation_pk": conversation,
            "message_id": f"m{number}",
            "speaker": "user",
            "text": text,
            "status": status,
            "intent": "refresher",
            "confidence": 0.9,
            "reply": '{"status": "answered", "blocks": []}',
            "asked_at": NOW,
            "answered_at": NOW,
        } | more
        made: int = connection.execute(
            insert(TurnRow).values(**values).returning(TurnRow.pk)
        ).scalar_one()
        return made


def look(engine: Engine, *kinds: Kind, **more: Any) -> list[Heard]:
    wanted = replace(PERIOD, kinds=frozenset(kinds or KINDS), **more)
    with engine.connect() as connection:
        return heard.messages(connection, wanted)


def conversation_of(engine: Engine, pk: int) -> int:
    with engine.connect() as connection:
        return connection.execute(
            select(TurnRow.conversation_pk).where(TurnRow.pk == pk)
        ).scalar_one()


# --- what needs a look ----------------------------------------------------------------------------


def test_each_kind_is_found_where_it_is(engine: Engine) -> None:
    turn(engine, "钟点工过年给红包吗")
    turn(engine, "月嫂证咋换", "answered", confidence=0.2)
    turn(engine, "那个东西怎么弄", "clarify")
    turn(engine, "月嫂用的吸奶器哪款好", "out_of_scope")
    turn(engine, "明天下雨吗", "out_of_scope")  # none of our words
    turn(engine, "回炉要多少钱", "answered")  # nothing wrong with it
    rated = turn(engine, "星级几年评一次", "answered")
    wrong = turn(engine, "昆区的券怎么领", "answered")
    turn(engine, "不对，不是这个券", "answered", conversation=conversation_of(engine, wrong))
    edited = turn(engine, "保险买多少的合适", "handed_off")
    said = turn(engine, "", speaker="staff", reply=SAID)
    with engine.begin() as connection:
        rate_turn(connection, rated, useful=False, reason="没说几年", now=NOW)
        connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation_of(engine, edited),
                question="保险买多少的合适",
                reply=SAID,
                state="edited",
                staff="me",
                made_at=NOW,
                due_at=NOW,
                turn_pk=said,
            )
        )
        connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation_of(engine, edited),
                question="保姆受伤谁管",
                reply=SAID,
                state="expired",
                made_at=NOW,
                due_at=NOW,
            )
        )
    heard.note_missing(engine, "来电人13812345678问工龄补贴", "140400", "me", NOW)
    assert {one.text: (one.kinds, one.remarks) for one in look(engine)} == {
        "钟点工过年给红包吗": (("unanswered",), ()),
        "月嫂证咋换": (("unsure",), ()),
        "那个东西怎么弄": (("clarified",), ()),
        "月嫂用的吸奶器哪款好": (("strayed",), ()),
        "星级几年评一次": (("low_rated",), ("没说几年",)),
        "昆区的券怎么领": (("corrected",), ("不对，不是这个券",)),
        "保姆受伤谁管": (("unanswered",), ()),
        "保险买多少的合适": (("edited",), ("没有规定保额",)),
        "来电人〔电话〕问工龄补贴": (("noted",), ()),
    }
    for kind in KINDS:
        assert {one.kinds for one in look(engine, kind)} == {(kind,)}


def test_a_message_counts_once_however_it_is_written_and_found(engine: Engine) -> None:
    first = turn(engine, "工龄补贴有没有", channel="wechat", region="140400")
    turn(engine, "工龄补贴有没有？", conversation=conversation_of(engine, first))
    turn(engine, " 工龄补贴，有没有", region="150203")
    with engine.begin() as connection:
        rate_turn(connection, first, useful=False, reason="", now=NOW)
    (one,) = look(engine)
    assert (one.times, one.conversations) == (3, 2)
    assert one.kinds == ("unanswered", "low_rated")
    assert one.regions == ("140400", "150203")
    assert one.channels == ("web", "wechat")


def test_what_is_looked_for(engine: Engine) -> None:
    turn(engine, "工龄补贴有没有", channel="wechat", region="140400")
    turn(engine, "钟点工过年给红包吗", region="150203")
    turn(engine, "去年的事了", asked_at=NOW - dt.timedelta(days=40))
    heard.note_missing(engine, "坐席记的", "150203", "me", NOW)

    def texts(**more: Any) -> set[str]:
        return {one.text for one in look(engine, **more)}

    assert texts() == {"工龄补贴有没有", "钟点工过年给红包吗", "坐席记的"}
    assert texts(channel="wechat") == {"工龄补贴有没有"}
    assert texts(regions=frozenset(("150203",))) == {"钟点工过年给红包吗", "坐席记的"}
    assert texts(since=NOW - dt.timedelta(days=50), until=NOW - dt.timedelta(days=35)) == {
        "去年的事了"
    }


def test_words_kept_out_of_the_record_are_not_shown(app: App) -> None:
    for words in left_out():
        turn(app.engine, words)
    assert look(app.engine) == []


def test_a_note_without_a_word_is_none(sqlite_engine: Engine) -> None:
    heard.note_missing(sqlite_engine, " ？！ ", None, "me")
    assert look(sqlite_engine) == []


def test_a_turn_remembers_where_it_was_asked_from(app: App) -> None:
    app.inbox.handle(Message("我在长治，星级怎么评", "c1", "m1", "web"))
    with app.engine.connect() as connection:
        assert connection.execute(select(TurnRow.region)).scalar_one() == "140400"


# --- put together ---------------------------------------------------------------------------------


def test_messages_that_are_alike_stand_together_whatever_they_name() -> None:
    texts = [
        "长治哪里能补证",
        "肇庆哪里能补证呀",
        "工资拖着不发找谁",
        "在广州哪里能补证",
        "拖着工资不发找谁管",
    ]
    together = grouped(texts, [1, 1, 1, 5, 1])
    assert sorted(sorted(group) for group in together) == [[0, 1, 3], [2, 4]]
    assert grouped([], []) == []


def test_the_most_asked_group_comes_first(engine: Engine) -> None:
    for text in ("补证去哪", "补证去哪里", "补证去哪儿", "红包给不给"):
        turn(engine, text)
    found = heard.groups(look(engine))
    assert [group.times for group in found] == [3, 1]
    assert found[0].typical.text == "补证去哪"


# --- labels ---------------------------------------------------------------------------------------


@pytest.fixture
def held(tmp_path: Path) -> tuple[object, ...]:
    """The small test set's messages."""
    return apart_messages(sources(tmp_path / "held").evaluation)


def decide(
    engine: Engine,
    text: str,
    decision: Decision,
    tests: object = (),
    doubts: Doubts = no_doubts,
) -> tuple[int, int]:
    with engine.begin() as connection:
        (pk,), secret = deciding.decide(
            connection,
            [(text, None)],
            decision,
            "me",
            NOW,
            tests,  # type: ignore[arg-type]
            doubts,
        )
        return pk, secret


def code_of(engine: Engine, text: str, decision: Decision, tests: object = ()) -> str:
    with pytest.raises(LabelError) as caught:
        decide(engine, text, decision, tests)
    return caught.value.code


def test_a_decision_counts_for_all_who_ask_so_and_can_be_changed(engine: Engine) -> None:
    pk, _ = decide(engine, "工龄补贴有没有？", Decision("intent", "living_subsidy"))
    again, _ = decide(engine, "工龄补贴 有没有", Decision("library", note="没有工龄补贴的条文"))
    assert again == pk
    with engine.begin() as connection:
        assert labels.decided(connection) == {key_of("工龄补贴有没有")}
        found = labels.find(connection, pk)
        assert found is not None
        assert (found.kind, found.intent, found.staff) == ("library", None, "me")
        later = NOW + dt.timedelta(hours=1)
        deciding.change(connection, found, Decision("intent", "refresher"), "another", later, ())
        found = labels.find(connection, pk)
        assert found is not None
        assert (found.intent, found.note, found.staff, found.at) == (
            "refresher", "", "another", later
        )  # fmt: skip


def test_what_cannot_be_decided(sqlite_engine: Engine) -> None:
    def said(decision: Decision) -> str:
        return code_of(sqlite_engine, "工龄补贴有没有", decision)

    assert said(Decision("nonsense")) == "label_kind"  # type: ignore[arg-type]
    assert said(Decision("intent")) == "label_intent"
    assert said(Decision("intent", "no_such_intent")) == "label_intent"
    assert said(Decision("library", note="  ")) == "label_note"
    assert said(Decision("intent", "refresher", word="嘎啦")) == "label_word"
    assert said(Decision("intent", "refresher", word="嘎啦", meaning="x:y")) == "label_word"
    assert said(Decision("intent", "refresher", example="？！")) == "label_example"
    with sqlite_engine.begin() as connection, pytest.raises(LabelError, match="label_gone"):
        deciding.decide(connection, [], Decision("dismissed"), "me", NOW, ())


def test_a_test_message_is_never_taught(sqlite_engine: Engine, held: tuple[object, ...]) -> None:
    near = f"{TEST_MESSAGE}呀"
    taught = Decision("intent", "social_insurance_subsidy")
    assert code_of(sqlite_engine, near, taught, held) == "label_test"
    hidden = replace(taught, example=TEST_MESSAGE)
    assert code_of(sqlite_engine, "完全另一句话", hidden, held) == "label_test"
    decide(sqlite_engine, near, Decision("dismissed"), held)  # that teaches nothing
    with sqlite_engine.begin() as connection:
        both = [(near + "呀", None), ("社保补贴到账要不要短信", None)]
        kept, secret = deciding.decide(connection, both, taught, "me", NOW, held)  # type: ignore[arg-type]
        assert (len(kept), secret) == (1, 1)


def test_the_words_of_an_example_may_be_ones_own_and_are_redacted(sqlite_engine: Engine) -> None:
    given = Decision("intent", "refresher", example="回炉 找13812345678")
    pk, _ = decide(sqlite_engine, "我叫王秀英，回炉找谁", given)
    with sqlite_engine.begin() as connection:
        found = labels.find(connection, pk)
        assert found is not None
        assert found.text == "回炉 找〔电话〕"
        assert labels.decided(connection) == {key_of("我叫王秀英，回炉找谁")}


def test_an_exported_label_is_good_rasa_data_and_stays_as_it_is(sqlite_engine: Engine) -> None:
    word = Decision("intent", "refresher", word="回锅", meaning="occupation:maternity_care")
    pk, _ = decide(sqlite_engine, "回锅：要\n不要 # 钱", word)
    decide(sqlite_engine, "随便说说", Decision("dismissed"))
    with sqlite_engine.begin() as connection:
        patch = export(connection, NOW)
    assert yaml.safe_load(patch) == {
        "version": "3.1",
        "nlu": [
            {"intent": "refresher", "examples": "- 回锅：要 不要 # 钱\n"},
            {"synonym": "occupation:maternity_care", "examples": "- 回锅\n"},
        ],
    }
    with sqlite_engine.begin() as connection:
        assert export(connection, NOW) == ""
        assert export(connection, NOW, everything=True) == patch
        found = labels.find(connection, pk)
        assert found is not None
        assert found.exported_at == NOW
        with pytest.raises(LabelError, match="label_exported"):
            deciding.change(connection, found, Decision("dismissed"), "me", NOW, ())


def test_a_label_that_is_doubted_leaves_when_it_is_confirmed(engine: Engine) -> None:
    sure = {"星级几年评一次": "star_rating", "补证去哪": "permit"}

    def doubts(text: str, intent: str) -> str | None:
        return sure[text] if sure[text] != intent else None

    def decided_on(text: str, intent: str) -> labels.Label:
        pk, _ = decide(engine, text, Decision("intent", intent), doubts=doubts)
        with engine.begin() as connection:
            found = labels.find(connection, pk)
            assert found is not None
            return found

    doubted = decided_on("星级几年评一次", "refresher")
    agreed = decided_on("补证去哪", "permit")
    assert (doubted.unconfirmed, agreed.unconfirmed) == (True, False)
    with engine.begin() as connection:
        assert training_rows(connection) == [("补证去哪", "permit")]
        assert "星级" not in export(connection, NOW, everything=True)
        for label, staff in ((doubted, "me"), (agreed, "you")):
            with pytest.raises(LabelError, match="label_own"):
                deciding.confirm(connection, label, staff, NOW)
        deciding.confirm(connection, doubted, "you", NOW)
        assert ("星级几年评一次", "refresher") in training_rows(connection)
        assert "星级" in export(connection, NOW, everything=True)


def _star_rating(_text: str, intent: str) -> str | None:
    return None if intent == "star_rating" else "star_rating"


def test_what_is_decided_anew_is_doubted_anew(engine: Engine) -> None:
    first = Decision("intent", "refresher")
    pk, _ = decide(engine, "星级几年评一次", first, doubts=_star_rating)
    with engine.begin() as connection:
        looked_at = labels.find(connection, pk)
        assert looked_at is not None
        later = NOW + dt.timedelta(minutes=1)
        another = Decision("intent", "permit")
        deciding.change(connection, looked_at, another, "me", later, (), _star_rating)
        with pytest.raises(LabelError, match="label_own"):  # not what was looked at
            deciding.confirm(connection, looked_at, "you", later)
        right = Decision("intent", "star_rating")
        deciding.change(connection, looked_at, right, "me", later, (), _star_rating)
        assert training_rows(connection) == [("星级几年评一次", "star_rating")]


@pytest.mark.parametrize(
    ("ranking", "doubted"),
    [
        ({"permit": 0.85, "star_rating": 0.1}, True),  # sure
        ({"permit": 0.45, "refresher": 0.4, "star_rating": 0.02}, True),  # unsure, but not of this
        ({"permit": 0.45, "star_rating": 0.1, "refresher": 0.05}, False),  # it may well be
        ({"star_rating": 0.3, "permit": 0.01}, False),  # the engine says so too
        ({"permit": 0.4}, False),  # an engine that tells the likeliest alone
        ({"permit": 0.4, "refresher": 0.01}, True),
    ],
)
def test_a_label_is_doubted_that_the_engine_is_sure_against_or_holds_for_impossible(
    ranking: dict[str, float], doubted: bool
) -> None:
    scores = [Score(intent, confidence) for intent, confidence in ranking.items()]
    assert contradicted(scores, "star_rating") == ("permit" if doubted else None)


def test_a_task_for_the_library_is_done_and_opened_again(sqlite_engine: Engine) -> None:
    task, _ = decide(sqlite_engine, "工龄补贴有没有", Decision("library", note="缺"))
    other, _ = decide(sqlite_engine, "别的事情", Decision("dismissed"))
    with sqlite_engine.begin() as connection:
        assert labels.set_done(connection, task, "you", NOW)
        assert labels.listed(connection, ("library",), only_open=True) == []
        assert labels.set_done(connection, task, "you", None)
        assert [one.pk for one in labels.listed(connection, ("library",), only_open=True)] == [task]
        assert not labels.set_done(connection, other, "you", NOW)


# --- the labels' file -----------------------------------------------------------------------------


def test_what_the_training_data_holds_already_is_left_out_of_the_labels(tmp_path: Path) -> None:
    file = tmp_path / LABELS_NAME
    rows = [("回炉要钱吗", "handoff"), ("上户烫了谁管", "accident_insurance"), ("没了", "gone")]
    file.write_text(as_training_file(rows), encoding="utf-8")
    assert [(e.text, e.intent) for e in read_files([file]).examples] == [
        ("上户烫了谁管", "accident_insurance"), ("回炉要钱吗", "handoff")
    ]  # fmt: skip
    data = read_training_data(SMALL)
    more = with_labels(data, file).examples[len(data.examples) :]
    assert [one.text for one in more] == ["上户烫了谁管"]
    assert with_labels(data, tmp_path / "none.yml") is data
    file.write_text("nlu: [", encoding="utf-8")
    assert with_labels(data, file) is data
    assert as_training_file([]) == ""


def test_labels_of_an_intent_that_is_no_more_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / LABELS_NAME
    text = as_training_file([("上户烫了谁管", "accident_insurance")])
    file.write_text(text + "- intent: retired\n  examples: |\n    - 什么\n", encoding="utf-8")
    known = with_labels(TrainingData(()), file).examples
    assert [one.intent for one in known] == ["accident_insurance"]
    assert "retired" not in intents()


# --- training behind the gate ---------------------------------------------------------------------


@pytest.fixture
def taught(library_file: Path, tmp_path: Path) -> Iterator[App]:
    with teachable_app(library_file, tmp_path) as app:
        yield app


def teach(app: App, texts: tuple[str, ...], intent: str) -> None:
    with app.engine.begin() as connection:
        rows = [(text, None) for text in texts]
        kept, _ = deciding.decide(connection, rows, Decision("intent", intent), "me", NOW)
    assert len(kept) == len(texts)


def ask(app: App, text: str, number: int) -> str:
    return app.inbox.handle(Message(text, f"c{number}", f"m{number}", "web")).intent


def another(app: App, folder: Path, understander: Understander | None = None) -> Trainer:
    """The trainer of another process, with its models in another folder."""
    return Trainer(
        app.engine, folder, lambda: NOW, understander, sources(folder.parent / "evaluation")
    )


def test_a_missed_question_labelled_and_trained_is_answered(taught: App, tmp_path: Path) -> None:
    assert ask(taught, MISSED[0], 1) == "out_of_scope"
    (group,) = heard.groups(look(taught.engine))
    assert group.typical.text == MISSED[0]
    teach(taught, MISSED, MISSED_INTENT)
    assert taught.trainer.untaught() == len(MISSED)
    done = taught.trainer.run("me")
    assert done is not None
    assert done.figures is not None
    assert (done.state, done.labels, done.staff) == ("promoted", 3, "me")
    assert (done.figures.old.right, done.figures.new.right, done.figures.new.in_scope) == (7, 7, 7)
    assert taught.trainer.untaught() == 0
    # This process answers with it at once, without a restart.
    assert ask(taught, MISSED[0], 2) == MISSED_INTENT

    # A second machine hears of it and trains for itself; to hear it again is no news.
    theirs = Understander(load_or_train(tmp_path / "second", SMALL, CONFIG))
    second = another(taught, tmp_path / "second", theirs)
    assert theirs.understand_whole(MISSED[0]).intent == "out_of_scope"
    assert second.follow()
    assert theirs.understand_whole(MISSED[0]).intent == MISSED_INTENT
    assert not second.follow()

    # A start from nothing but the database knows it, and asks nobody to train twice.
    third = another(taught, tmp_path / "third")
    third.prepare()
    written = (tmp_path / "third" / LABELS_NAME).read_text(encoding="utf-8")
    assert written == (tmp_path / "models" / LABELS_NAME).read_text(encoding="utf-8")
    assert not third.follow()

    again = taught.trainer.run("me")
    assert again is not None
    assert (again.state, again.progress) == ("idle", "nothing_new")


def test_labels_that_make_it_worse_are_refused_with_the_figures(
    taught: App, tmp_path: Path
) -> None:
    before = (tmp_path / "models" / MODEL_NAME).read_bytes()
    teach(taught, SPOILING, "out_of_scope")
    done = taught.trainer.run("me")
    assert done is not None
    assert done.state == "refused"
    assert done.figures is not None
    assert done.figures.new.right < done.figures.old.right
    assert TEST_MESSAGE in [slip.text for slip in done.figures.slips]
    assert (tmp_path / "models" / MODEL_NAME).read_bytes() == before
    assert not (tmp_path / "models" / LABELS_NAME).exists()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [MODEL_NAME]
    assert not taught.trainer.follow()
    assert ask(taught, "社保补贴怎么领", 1) == "social_insurance_subsidy"
    assert taught.trainer.untaught() == len(SPOILING)  # they are still there to be put right


def test_a_label_that_has_become_a_test_message_is_left_out(taught: App) -> None:
    teach(taught, MISSED[:1], MISSED_INTENT)
    with taught.engine.begin() as connection:
        connection.execute(
            insert(LabelRow).values(
                key="k", text=TEST_MESSAGE, kind="intent", intent="refresher", note="", staff="me",
                at=NOW,
            )
        )  # fmt: skip
        rows = training_rows(connection)
    assert rows == [(MISSED[0], MISSED_INTENT)]


def test_one_retraining_at_a_time_and_a_lost_one_blocks_nobody(engine: Engine) -> None:
    clock = [NOW]
    trainer = Trainer(engine, Path("unused"), lambda: clock[0])
    with engine.begin() as connection:
        connection.execute(
            insert(RetrainingRow).values(
                staff="other", state="running", progress="training", labels=1, began_at=NOW,
                seen_at=NOW,
            )
        )  # fmt: skip
    assert trainer.run("me") is None
    assert not trainer.start("me")
    clock[0] += dt.timedelta(minutes=16)
    done = trainer.run("me")
    assert done is not None
    assert done.state == "idle"
    with engine.connect() as connection:
        ended = [(one.staff, one.state, one.progress) for one in newest(connection)]
    assert ended == [("me", "idle", "nothing_new"), ("other", "failed", "lost")]


def test_a_training_that_breaks_says_so_and_changes_nothing(taught: App, tmp_path: Path) -> None:
    teach(taught, MISSED, MISSED_INTENT)
    (tmp_path / "evaluation" / "in_scope.yml").write_text("nlu: [", encoding="utf-8")
    done = taught.trainer.run("me")
    assert done is not None
    assert (done.state, done.progress, done.figures) == ("failed", "trial", None)
    assert ask(taught, MISSED[0], 1) == "out_of_scope"


def test_a_retraining_in_a_thread_ends(taught: App) -> None:
    assert taught.trainer.start("me")
    for thread in threading.enumerate():
        if thread.name == "retrain":
            thread.join(60)
    with taught.engine.connect() as connection:
        assert newest(connection)[0].state == "idle"


# --- the command line -----------------------------------------------------------------------------


def test_the_commands(taught: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANXIN_DATABASE_URL", str(taught.engine.url))
    monkeypatch.setenv("ANXIN_MODEL_DIR", str(tmp_path / "models"))
    settings.cache_clear()
    monkeypatch.setattr(
        "bot.commands.review.Trainer",
        lambda engine, folder, now: Trainer(
            engine, folder, now, sources=sources(tmp_path / "evaluation")
        ),
    )
    run = CliRunner()
    assert run.invoke(review_app, ["export"]).exit_code == 1
    teach(taught, SPOILING, "out_of_scope")
    refused = run.invoke(review_app, ["retrain"])
    assert refused.exit_code == 1
    assert "refused: 4 labels, in_scope" in refused.output
    assert "old: in scope right 7/7, far answered as ours 0/2" in refused.output
    assert "no longer: 社保补贴" in refused.output
    exported = run.invoke(review_app, ["export"])
    assert exported.exit_code == 0
    assert "- intent: out_of_scope" in exported.output
    assert run.invoke(review_app, ["export"]).exit_code == 1
    assert run.invoke(review_app, ["export", "--all"]).output == exported.output
    settings.cache_clear()


def test_nothing_of_retraining_is_left_unsaid() -> None:
    """Every step and end has its words for staff."""
    from bot.console.wording import table

    assert set(table("retrain_state")) == set(get_args(State))
    assert set(table("retrain_reason")) == set(get_args(Reason))
    assert set(table("review_kind")) == set(KINDS)
    assert set(table("label_kind")) == set(labels.LABEL_KINDS)
    assert {"begun", "old", "training", "testing"} <= set(table("retrain_progress"))
    assert {kind.partition(":")[0] for kind in deciding.meanings()} == set(table("meaning_kind"))
    assert {one.kind for one in intents().values()} == set(table("intent_kind"))
