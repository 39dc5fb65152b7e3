"""The assistant over HTTP, without script: what a call's requests bring, and what stays of them."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from sqlalchemy import text

from nlu.understanding import Score
from tests.bot.console.desk import Desk, Person
from tests.bot.serving import KeywordClassifier

INTERVIEW = "长治我能领什么"
PATH = "/console/assistant"


class Operator:
    """A browser without script: what a page's form holds goes with the next request."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = self._read(person.get(PATH))

    def _read(self, response: httpx.Response) -> str:
        assert response.status_code == 200, response.text
        return response.text

    def fields(self) -> dict[str, str]:
        found = {}
        for tag in re.findall(r"<input [^>]*>", self.page):
            name, value = _of(tag, "name"), _of(tag, "value")
            kind = _of(tag, "type")
            if name and (kind not in ("radio", "checkbox") or " checked" in tag):
                found[name] = value
        for name, options in re.findall(
            r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', self.page, re.S
        ):
            chosen = re.search(r'value="([^"]*)" selected', options)
            found[name] = chosen[1] if chosen else ""
        return found

    def ask(self, question: str, **changed: str) -> str:
        sent = self.fields() | {"q": question, "accept": "1"} | changed
        self.page = self._read(self.person.post(PATH, data=sent))
        return self.page

    def tick(self, **facts: str) -> str:
        """Tick something under the question that stands there."""
        question = re.search(r"<textarea id=\"q\"[^>]*>(.*?)</textarea>", self.page, re.S)
        assert question
        changed = {f"f.{name}": value for name, value in facts.items()}
        sent = self.fields() | {"q": html.unescape(question[1])} | changed
        self.page = self._read(self.person.post(PATH, data=sent))
        return self.page

    @property
    def verdicts(self) -> list[str]:
        return re.findall(r'<span class="result">([^<]+)</span>', self.page)

    @property
    def lead(self) -> str:
        found = re.search(r'<div class="big"[^>]*>(.*?)</div>', self.page, re.S)
        return re.sub("<[^>]+>", "", found[1]) if found else ""

    @property
    def sms(self) -> str:
        found = re.search(r'<textarea id="sms"[^>]*>(.*?)</textarea>', self.page, re.S)
        return html.unescape(found[1]) if found else ""


def _of(tag: str, attribute: str) -> str:
    found = re.search(rf'\b{attribute}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


@pytest.fixture
def operator(shared_desk: Desk) -> Operator:
    return Operator(shared_desk.logged_in("operator"))


def test_an_answer_has_all_its_parts(operator: Operator) -> None:
    page = operator.ask("广州培训补贴什么条件")
    assert "员工制" in operator.lead
    for part in ("照着念", "短信草稿", "对条件", "依据", "怎么得出的", "下一句问"):
        assert part in page
    assert 'class="chip target_period_ended"' in page
    assert "计划年份已过" in page
    assert re.search(r"<mark>[^<]*免费[^<]*</mark>", page)
    link = re.search(r'href="(/console/library/documents/[^"]+)"', page)
    assert link
    clause = operator.person.get(html.unescape(link[1]))
    assert clause.status_code == 200
    assert "<mark>" in clause.text
    assert "已" not in operator.fields().get("f.region", "")
    assert operator.fields()["f.region"] == "440100"


def test_ticking_finishes_the_determination(operator: Operator) -> None:
    operator.ask("广州培训补贴什么条件", meant="social_insurance_subsidy")
    operator.ask("长治社保怎么办", meant="social_insurance_subsidy")
    assert operator.verdicts == ["还需确认"]
    operator.tick(employer_type="employee_model")
    assert operator.verdicts == ["还需确认"]
    operator.tick(labour_contract="yes")
    operator.tick(employee_social_insurance="yes")
    assert operator.verdicts == ["符合"]
    assert "下一句问" not in operator.page
    operator.tick(employee_social_insurance="no")
    assert operator.verdicts[0] == "不符合"  # behind it: what is open to them nonetheless
    operator.tick(employee_social_insurance="")
    assert operator.verdicts == ["还需确认"]


def test_a_tick_stands_above_the_words_of_the_question(operator: Operator) -> None:
    operator.ask("我签了劳动合同，长治社保补贴", meant="social_insurance_subsidy")
    assert operator.fields()["f.labour_contract"] == "yes"
    operator.tick(labour_contract="no")
    assert operator.fields()["f.labour_contract"] == "no"
    assert operator.verdicts[0] == "不符合"  # behind it: what is open to them nonetheless
    operator.tick(labour_contract="")
    assert operator.fields()["f.labour_contract"] == ""
    assert operator.verdicts == ["还需确认"]


def test_the_place_keeps_through_the_call_and_can_be_changed(operator: Operator) -> None:
    operator.ask("长治培训免费吗")
    assert operator.fields()["f.region"] == "140400"
    operator.ask("有什么保险")
    assert operator.fields()["f.region"] == "140400"
    page = operator.tick(region="440100")
    assert operator.fields()["f.region"] == "440100"
    assert "广州市</span>" in page
    operator.ask("那长治呢")
    assert operator.fields()["f.region"] == "140400"


def test_a_question_follows_the_one_before(operator: Operator) -> None:
    operator.ask("广州培训免费吗")
    page = operator.ask("那长治呢")
    assert "长治市</span>" in page
    assert "培训补贴 ·" in page
    assert page.index(">那长治呢</button>") < page.index(">广州培训免费吗</button>")


def test_what_is_only_being_typed_is_not_taken_for_told(operator: Operator) -> None:
    sent = operator.fields() | {"q": "我在长治签了劳动合同，培训补贴"}
    page = operator.person.post(PATH, data=sent).text
    operator.page = page
    assert "长治市</span>" in page
    assert "这通电话问过的" not in page
    operator.ask("培训免费吗")
    assert operator.fields()["f.region"] == ""
    assert "f.labour_contract" not in operator.fields()


def test_the_interview_shows_every_benefit_at_once(operator: Operator) -> None:
    page = operator.ask(INTERVIEW)
    assert len(operator.verdicts) > 1
    assert "下一句问" in page
    before = operator.verdicts.count("还需确认")
    operator.tick(employer_type="independent")
    assert operator.verdicts.count("还需确认") < before


def test_another_day_gets_its_own_answer(operator: Operator) -> None:
    page = operator.ask("长治培训免费吗", as_of="2022-06-01")
    assert "按2022-06-01答" in page
    assert 'class="chip in_force"' in page
    page = operator.ask("长治培训免费吗", as_of="2001-01-01")
    assert "太早" in operator.lead
    assert operator.ask("长治培训免费吗", as_of="明天").count("日期不对") == 1


def test_other_areas_side_by_side(operator: Operator) -> None:
    page = operator.ask("长治培训免费吗", compare="1")
    shown = re.findall(r'name="f.region" value="(\d+)"', page)
    assert "440100" in shown
    assert "140400" not in shown
    assert 'class="chip repealed"' in page  # one of them holds no longer, and it is said
    operator.ask("长治培训免费吗", **{"f.region": "440100"})
    assert operator.fields()["f.region"] == "440100"


@pytest.mark.parametrize(
    "question", ["广州培训免费吗", "昆区培训补贴多少钱", "长治培训补贴什么条件", "肇庆星级"]
)
def test_a_text_message_is_short_and_says_what_the_document_is_worth(
    operator: Operator, question: str
) -> None:
    operator.ask(question)
    assert 0 < len(operator.sms) <= 300
    assert "《" in operator.sms
    assert re.search("（(计划年份已过|已废止|新闻报道，不是政策|没查到废止)）", operator.sms)
    assert operator.sms.endswith("以当地部门答复为准，可打12333。")


def test_a_text_message_about_several_places_is_whole_sentences_and_asks_nothing(
    operator: Operator,
) -> None:
    page = operator.ask("培训补贴多少钱")
    assert "您在哪个城市" in page
    assert "您在哪个城市" not in operator.sms
    assert re.search("(长治|广州|辽宁)：", operator.sms)
    assert not re.search("）(长治|广州|辽宁|昆区|肇庆)：", operator.sms)


def test_in_doubt_other_subjects_are_one_click_away(operator: Operator) -> None:
    page = operator.ask("嗯那个啥")
    assert "没听准" in page or "不归这里管" in page
    assert "记下来给政策编辑" in page


def test_what_may_have_been_meant_is_offered_once(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    likely = [("affirm", 0.26), ("training_subsidy", 0.25), ("accident_insurance", 0.25)]
    likely += [("deny", 0.12), ("greet", 0.12)]
    torn = tuple(Score(*one) for one in likely)
    monkeypatch.setattr(KeywordClassifier, "classify", lambda _self, _text: torn)
    page = operator.ask("那个钱啥时候到")
    offered = re.findall(r'<button [^>]*name="(?:meant|pick)"[^>]*>.*?</button>', page, re.S)
    words = [re.sub(r"<span.*?</span>|<[^>]+>| [0-9]+%", "", one) for one in offered]
    assert len(words) > 2  # with the question itself
    assert len(set(words)) == len(words)


def test_a_miss_is_written_down_without_personal_numbers(desk: Desk) -> None:
    operator = Operator(desk.logged_in("operator"))
    operator.ask("嗯那个啥13812345678")
    page = operator.ask("嗯那个啥13812345678", note="1")
    assert "记下了" in page
    with desk.app.engine.connect() as connection:
        row = connection.execute(text("SELECT text, staff FROM review_note")).one()
    assert "13812345678" not in row.text
    assert (row.text, row.staff) == ("嗯那个啥〔电话〕", "operator")


def test_nothing_typed_is_stored(desk: Desk) -> None:
    operator = Operator(desk.logged_in("operator"))
    with desk.app.engine.connect() as connection:
        tables = [
            name
            for (name,) in connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
            )
            if "fts" not in name
        ]

        def counted() -> dict[str, int]:
            return {
                name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
                for name in tables
            }

        before = counted()
        operator.ask("广州培训免费吗")
        operator.tick(employer_type="employee_model")
        operator.ask("转人工")
        connection.rollback()
        assert counted() == before


def test_a_permit_number_is_not_checked_here(operator: Operator) -> None:
    page = operator.ask("查一下GZ0123456789A")
    assert 'href="/console/permits"' in page
    assert "证有效" not in page


@pytest.mark.parametrize(
    "sent",
    [
        {"call": "x" * 5000, "q": "广州培训免费吗"},
        {"call": "abcdefgh", "q": "广州培训免费吗", "f.age": "1e999", "f.region": "999999"},
        {"q": "广州培训免费吗", "f.groups.nobody": "yes", "f.nothing": "1", "f.employer_type": "x"},
        {"q": "x" * 5000},
        {"q": "\0<script>alert(1)</script>", "meant": "nothing", "pick": ""},
        {"q": ""},
        {},
    ],
)
def test_bad_input_is_no_trouble_of_ours(shared_desk: Desk, sent: dict[str, str]) -> None:
    person = shared_desk.logged_in("operator")
    response = person.submit(PATH, **sent)
    assert response.status_code == 200
    assert "<script>alert" not in response.text


def test_anothers_call_does_not_open(shared_desk: Desk) -> None:
    first = Operator(shared_desk.logged_in("operator"))
    first.ask("长治培训免费吗")
    second = shared_desk.logged_in("supervisor")
    page = second.submit(PATH, q="培训免费吗", accept="1", call=first.fields()["call"]).text
    assert "长治培训免费吗</button>" not in page


def test_a_body_of_another_kind_is_refused_or_empty(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    headers = {"x-csrf-token": person.csrf}
    assert person.post(PATH, json={"q": "x"}, headers=headers).status_code == 200
    boundary = {"content-type": "multipart/form-data; boundary=x"}
    broken = person.post(PATH, content=b"--x\r\nno", headers=headers | boundary)
    assert broken.status_code in (200, 400)
