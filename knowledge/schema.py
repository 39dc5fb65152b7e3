"""The shape of a policy document's file: what may stand in it and what each field means.

The models are strict and frozen: an unknown key, a wrong type or a missing field is refused when
the file is read (`knowledge/loader.py` adds file and line). Checks that need more than one field,
the clause texts or the vocabulary are in `knowledge/lint_document.py` and `knowledge/lint.py`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(min_length=1)]

Kind = Literal[
    "entitlement",  # 给谁什么
    "condition",  # 要满足什么
    "procedure",  # 怎么办
    "duty",  # 应当做什么
    "prohibition",  # 不得做什么
    "deadline",  # 什么时候之前
    "target",  # 目标数
    "permit",  # 服务证
    "rating",  # 星级、等级、信用
    "insurance",  # 保险
    "contact",  # 去哪问、谁受理
    "measure",  # 政府、机构要做的事，个人不能据此申领
    "figure",  # 陈述的情况、数据、日期
]
Audience = Literal["worker", "household", "enterprise", "institution", "school", "agency", "public"]
AmountState = Literal["given", "free", "not_given", "set_elsewhere"]
Bound = Literal["exactly", "at_least", "at_most", "over", "under"]


class Strict(BaseModel):
    """A document's part: no unknown key, no coercion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Amount(Strict):
    """A number a provision gives, or an amount it names without giving.

    `of` says what is measured (“培训补贴”, “报告期限”). `given`: `text` stands verbatim in the
    quote and holds the number, `value` is that number in `unit` (5万 is 50000), `bound` how it
    binds. `free`: the document says 免费 or 免收 (`text` verbatim). `not_given`: the benefit is
    named, its amount is not. `set_elsewhere`: the document sends the reader to another one, named
    by `text`.
    """

    of: Text
    state: AmountState
    text: Text | None = None
    value: int | float | None = None
    unit: Text | None = None
    bound: Bound = "exactly"
    per: Text | None = None
    until: dt.date | None = None

    @model_validator(mode="after")
    def _complete(self) -> Amount:
        if self.state == "given" and (self.text is None or self.value is None or self.unit is None):
            raise ValueError("state given needs text, value and unit")
        if self.state in ("free", "set_elsewhere") and self.text is None:
            raise ValueError(f"state {self.state} needs text, the words of the quote that say so")
        if self.state != "given" and self.value is not None:
            raise ValueError(f"state {self.state} takes no value")
        return self


class Condition(Strict):
    """A node of a condition tree: exactly one of `all`, `any`, `not`, `fact` or `unspecified`.

    `fact` compares with exactly one of `is` (value or yes/no), `in`, `includes` (for sets),
    `at_least`, `at_most`. `unspecified` is a condition the document names without saying what it is
    (符合条件的): it stays unknown whatever is known about the person. `says` puts a leaf, or the
    whole of a branch, in plain words where the vocabulary's own would be clumsy. `clause` and
    `quote` default to those of the provision.
    """

    all_: list[Condition] | None = Field(default=None, alias="all", min_length=1)
    any_: list[Condition] | None = Field(default=None, alias="any", min_length=1)
    not_: Condition | None = Field(default=None, alias="not")
    fact: Text | None = None
    unspecified: Text | None = None
    is_: str | bool | None = Field(default=None, alias="is")
    in_: list[str] | None = Field(default=None, alias="in", min_length=1)
    includes: Text | None = None
    at_least: float | int | None = None
    at_most: float | int | None = None
    says: Text | None = None
    clause: Text | None = None
    quote: Text | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Condition:
        shapes = [self.all_, self.any_, self.not_, self.fact, self.unspecified]
        if sum(shape is not None for shape in shapes) != 1:
            raise ValueError("a condition is exactly one of all, any, not, fact, unspecified")
        comparisons = [self.is_, self.in_, self.includes, self.at_least, self.at_most]
        given = sum(comparison is not None for comparison in comparisons)
        if self.fact is not None and given != 1:
            raise ValueError("fact needs exactly one of is, in, includes, at_least, at_most")
        if self.fact is None and given:
            raise ValueError("is, in, includes, at_least and at_most go with fact")
        return self


class Agencies(Strict):
    """Who does it, in the clause's own names: who leads, who helps, who takes applications."""

    lead: list[Text] = []
    support: list[Text] = []
    accepts: list[Text] = []
    clause: Text | None = None  # where the names stand, if not in the provision's clause


class Provision(Strict):
    """One thing a clause gives, demands, forbids, aims at or states.

    `says` is the plain sentence people read: true to the quote, no stronger, no number of its own.
    `strength` is the document's own verb (knowledge/vocabulary/strengths.yaml), 原文 for a figure
    whose words hold none (a date, a name). `when` is the tree of conditions; absent means the
    clause names none. `valid_from`/`valid_until` date the rule itself where the clause does.
    `overrides` lists provisions of a parent region that this one replaces. `asked` are questions
    in people's own words that it answers: nobody who asks knows the document's terms; `everyday`
    names lists of such questions (vocabulary/everyday.yaml). `records` names the analyst's records
    it expresses.
    """

    id: Text
    clause: Text
    quote: Text
    kind: Kind
    topics: list[Text] = Field(min_length=1)
    audience: list[Audience] = Field(min_length=1)
    occupations: list[Text] = []
    groups: list[Text] = []
    strength: Text
    says: Text
    amounts: list[Amount] = []
    agencies: Agencies | None = None
    when: Condition | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    overrides: list[Text] = []
    asked: list[Text] = []
    everyday: list[Text] = []
    records: list[Text] = []


class Period(Strict):
    """The years a plan is written for, with the words that say so. `since` may be unsaid.

    `of` names the plan whose years they are where the document names none of its own.
    """

    since: dt.date | None = None
    until: dt.date
    of: Text | None = None
    clause: Text
    quote: Text


class Repeal(Strict):
    """A repeal the source states. `on` is null where the source gives no date."""

    on: dt.date | None
    clause: Text
    quote: Text


class Words(Strict):
    """Words of a clause."""

    clause: Text
    quote: Text


class Silence(Strict):
    """Something people ask which the document does not give; `says` completes “文件没写……”.

    `clause` is the nearest clause, where a reader would look for it. `asked` are questions in
    people's own words to which this is the answer, `everyday` lists of them. `naming` are words
    one of which the question must hold, where only they tell it from a wider one
    (怀孕了能参加培训吗). `near` are the provisions worth saying beside it.
    """

    topic: Text
    aspects: list[Literal["amount", "condition", "procedure", "office", "deadline", "list"]] = (
        Field(min_length=1)
    )
    says: Text
    clause: Text
    asked: list[Text] = []
    everyday: list[Text] = []
    naming: list[Text] = []
    near: list[Text] = []


class Document(Strict):
    """A policy document, or one plan of a collection (`part_of`)."""

    id: Text
    title: Text
    titled_by: Words | None = None  # the source has no title: the words the editor made it of
    name: Text  # what answers call it
    form: Literal["plan", "notice", "opinions", "news_report"]
    part_of: Text | None = None
    programme: Text | None = None  # the topic whose programme it is; none: domestic service itself
    doc_no: Text | None
    issuers: list[Text]
    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    issued_on: dt.date | None
    published_on: dt.date | None = None
    effective_on: dt.date | None = None
    expires_on: dt.date | None = None
    plan_period: Period | None = None
    repeal: Repeal | None = None
    basis: list[Text] = []
    source: Text
    last_verified_on: dt.date
    notes: list[Text] = []
    silent_on: list[Silence] = []
    prose: dict[str, Text] = {}
    provisions: list[Provision]


class Clause(Strict):
    """A clause's permanent id, the headings above it, and its text as the source has it."""

    id: Text
    heading: str
    text: Text
