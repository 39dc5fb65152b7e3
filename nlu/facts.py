"""What people tell of themselves, as facts (knowledge/vocabulary/facts.yaml): 没交社保.

Heard by the cues of nlu/cues.yaml, and only where it is said: what is asked, supposed, wished for,
over or of another tells nothing. Of two cues of one fact the longer counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from knowledge.words import one_of
from nlu.shapes import number
from nlu.sieve import Sieve
from nlu.understanding import Entity

# A yes that stands in a question or a condition says nothing: 签了合同吗, 要交了社保才行.
_IN_QUESTION = re.compile(
    r"(是不是|有没有|是否|要不要|必须|得|需要|如果|要是|只要|只有|等|才能|怎么|如何|怎样|能不能|应该|"
    r"会不会)(要|得|先|我|公司|都|已经|也|让|给)*$"
)
# 我想把证办下来: not yet.
_WISHED = re.compile(r"(想|打算|准备)(先|早点|赶紧|快点|去|把|让|给|我)*$")
_QUESTIONED = re.compile(
    r"^(了|过|的)?(没有?(?=[，。？！呢啊]|$)|吗|么|不(?=[，。？！呢啊]|$)|才|的话|再|之后才|以后才)"
)
# 还能自己接活吗, 是不是在校的: asked, whatever the value.
_WHETHER = re.compile(
    r"(能不能|还能|可不可以|可以|是不是|是否|一定得|必须|算不算|要不要|需要|要求|什么|得是)(要|得|是|自己|去)*$"
)
# 如果考核没通过, 以后要是失业了: nothing is told, not even a no.
_SUPPOSED = re.compile(
    r"(如果|要是|假如|万一|假设|倘若|若是|以为|没说)[^，。？！]{0,14}$|(怎样才|怎么才|什么样)[^，。？！]{0,6}$"
)
# 马上要下岗了: not yet.
NOT_YET = re.compile(r"(马上|快|快要|就要|即将|眼看|可能|怕|担心)(就|要|会|被)*$")
# 有没有证, 交没交社保: asked, though what follows 有 or 交 alone would be a no.
_YES_OR_NO = re.compile(r"([有是交签考办给上买缴愿肯])(?:没|不)\1")
# 以前在厂里上班: what was is no longer so.
_ONCE = re.compile(
    r"(上家|上一家|前一家|以前|原来|原先|过去|曾经|从前|年轻时|年轻的时候|当年)[^，。？！]{0,8}$"
)
# 没证的保姆能请吗: of others. (Who asks for 失业人员 is one: those cues tell no yes or no.)
_OF_OTHERS = re.compile(r"^的(阿姨|保姆|月嫂|护工|钟点工|育儿嫂|保洁|中介|差)")
_OF_ONESELF = re.compile(r"(我|本人|妈|爸|姐|她|他|老婆|老公)[^，。？！]{0,10}$")
# 听说公司都给交社保, 有证和没证差多少: nobody's own.
_HEARSAY = re.compile(r"(听说|听讲|据说|网上说|新闻)[^，。？！]{0,12}$|[证保同](和|跟|与|比)$")
# 隔壁公司都给交社保: others'.
_OTHERS = re.compile(
    r"(隔壁|别的|其他|别人|别家|有的|有些|哪[家个些])(的)?(公司|单位|老板|厂|店|人)?[都也]?$"
)
# 考核不通过会怎样: not so yet.
_THEN = re.compile(
    r"^(了|过)?(的话|会怎|会不会|[及或]?以上|就(能|可以|行|给|算)[^，。？！]{0,10}([吗不么]|$))"
)
# 只有签了合同的才能去: a condition.
_ONLY = re.compile(r"只$|(只有|只要|必须|得|要)[^，。？！]{0,4}$")
_ONLY_THEN = re.compile(r"^[^，。？！]{0,5}(才(?=[能可给算行有是让发])|就能)")
# 给她办个什么社会保险, 交上五险得跑几趟: asked.
_ASKING = re.compile(r"什么(?![都也])|哪[个种家些里儿]|怎么|怎样|几[个种趟]")
# 没证不让上楼: what nobody may do without.
_WITHOUT = re.compile(r"^[就都也]?(不能|不让|不给|不许|不可以|不准)")
# 做职工还是散做: a choice.
_OR = re.compile(r"^(的)?(好)?还是")
_EITHER = re.compile(r"[^，。？！]{2,}还是(算)?$")
# 没有跟公司签合同, 我不是大学生: what follows is denied.
_DENIED = re.compile(r"(没有|没|未|不|不是|从没|没能|别)(在|跟|和|给|去|有)?$")


_FRAGMENT = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class _Cue:
    pattern: re.Pattern[str]
    fact: str
    value: str | None  # None: the group `n` is the value

    def says(self, match: re.Match[str]) -> str:
        """The value that `match` gives the fact."""
        if self.value is None:
            return f"{number(match['n']):g}"
        return "False" if match.groupdict().get("no") else self.value


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("cues.yaml")).data
    return data


@cache
def _cues() -> tuple[_Cue, ...]:
    data = _data()
    occupations = vocabulary().occupations.values()
    called = one_of(name for term in occupations for name in term.called)
    words = {**data["words"], "occupation": called}
    return tuple(
        _Cue(
            re.compile(_bounded(_spelt_out(cue, words))),
            row["fact"],
            None if row.get("number") else str(row["value"]),
        )
        for row in data["cues"]
        for cue in row["cues"]
    )


@cache
def _of(whom: str) -> frozenset[str]:
    """The facts that are said of now, of a plan, or of a worker: lists of nlu/cues.yaml."""
    return frozenset(_data()["of"][whom])


def cue_patterns() -> tuple[re.Pattern[str], ...]:
    """What the cues look for, in their order."""
    return tuple(cue.pattern for cue in _cues())


@cache
def _sieve() -> Sieve:
    return Sieve(cue_patterns())


def _spelt_out(cue: str, words: Mapping[str, str]) -> str:
    return _FRAGMENT.sub(lambda name: f"(?:{_spelt_out(words[name[1]], words)})", cue)


# 我们公司做家政五年了: no worker.
_A_FIRM = re.compile(r"(公司|企业|单位|门?店|机构)(一直|主要|就|是)*$")


# What stands between two words of a cue must hold none of some characters, for with them it would
# be a question or a plan (我能有, 想交). Within these words they are neither.
_WITHIN = {
    "能": "(?<=[技智职功])能|能(?=力)",
    "会": "(?<=[社工协机])会|会(?=[所计])",
    "要": "(?<=[主重])要",
    "学": "学(?=[历徒校院])|(?<=[大同])学",
}
_EXCLUDING = re.compile(r"\[\^[^\]]*\]")


def _bounded(cue: str) -> str:
    """The cue as it is looked for. No group is repeated more than six times: what fits in several
    ways (早就: 早, 就) would else be tried in all of them, for seconds."""
    cue = cue.replace(")*", "){0,6}").replace(")+", "){1,6}")
    return _EXCLUDING.sub(_but_within, cue)


def _but_within(excluding: re.Match[str]) -> str:
    allowed = [words for character, words in _WITHIN.items() if character in excluding[0]]
    return f"(?:{'|'.join((excluding[0], *allowed))})" if allowed else excluding[0]


def told(text: str) -> Iterator[Entity]:
    """The facts that the normalised `text` tells, each once."""
    taken: dict[str, Entity] = {}
    cues = _cues()
    for cue in (cues[place] for place in _sieve().may_match(text)):
        for match in cue.pattern.finditer(text):
            value = cue.says(match)
            before = text[: match.start()]
            if not _is_said(text, match, value) or (
                ({cue.fact, f"{cue.fact}={value}"} & _of("now") and _ONCE.search(before))
                or (not {cue.fact, f"{cue.fact}={value}"} & _of("plan") and _WISHED.search(before))
            ):
                continue
            entity = Entity(
                "fact", f"{cue.fact}={value}", match.group(), match.start(), match.end()
            )
            known = taken.get(cue.fact)
            # 没交社保 holds 交社保: the longer cue is what was said.
            if known is None or match.end() - match.start() > known.end - known.start:
                taken[cue.fact] = entity
    household = "role" in taken and taken["role"].value == "role=household"
    for fact, entity in taken.items():
        # A household's 她有证 is said of the one who works there.
        if not (household and fact in _of("worker")):
            yield entity


def _is_said(text: str, match: re.Match[str], value: str | None) -> bool:
    """Whether the cue is stated, and not asked, supposed or denied. A no denies by itself."""
    before, after = text[: match.start()], text[match.end() :]
    if (
        _SUPPOSED.search(before)
        or _YES_OR_NO.search(text[max(0, match.start() - 2) : match.end() + 2])
        or _HEARSAY.search(before)
        or _THEN.match(after)
        or _OR.match(after)
        or _EITHER.search(before)
    ):
        return False
    if value in ("True", "False") and _OF_OTHERS.match(after) and not _OF_ONESELF.search(before):
        return False
    if value == "False":
        without = _WITHOUT.match(after) and not _OF_ONESELF.search(before)
        return not (without or _WHETHER.search(before))
    if value == "True" and (
        _OTHERS.search(before)
        or (_ONLY.search(before) and _ONLY_THEN.match(after))
        or _ASKING.search(match.group())
    ):
        return False
    if value == "worker" and _A_FIRM.search(before):
        return False
    if "不是" in match.group() and "不是" not in match.re.pattern:
        return False
    if _DENIED.search(before) or _WHETHER.search(before) or NOT_YET.search(before):
        return False
    return value != "True" or not (_IN_QUESTION.search(before) or _QUESTIONED.match(after))
