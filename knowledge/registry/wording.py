"""A verdict in plain Chinese: what it is, its next step, and nothing that it does not hold."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.registry.contract import SHANGHAI, ListKind
from knowledge.registry.outcome import Verdict
from knowledge.strict_yaml import read


@cache
def _wordings() -> Any:
    return read(Path(__file__).with_name("outcomes.yaml")).data


def sentences(verdict: Verdict) -> list[str]:
    """The sentences for a household, the conclusion first and the next step last."""
    words = _wordings()
    if verdict.needs:
        return [words["needs"][need] for need in verdict.needs]
    wording = words[verdict.outcome.name]
    said = [*_black_list(verdict), wording["says"].format(**_fill(verdict))]
    if verdict.permit is not None:
        permit = verdict.permit
        said.append(f"证号 {permit.no_masked}，{permit.name_masked}，{permit.agency_name}。")
    if verdict.positive:
        said.append(words["caution"])
    said.append(wording["next"])
    if verdict.code:
        said.append(f"核验时间 {_moment(verdict.checked_at)}，核验码 {verdict.code}。")
    return said


def reasons() -> dict[str, str]:
    """Why a permit does not hold, in words, by the contract's codes."""
    found: dict[str, str] = _wordings()["reasons"]
    return found


def _fill(verdict: Verdict) -> dict[str, str]:
    words = _wordings()
    return {
        "time": _moment(verdict.checked_at)[-5:],
        "expires": f"（有效期至 {verdict.permit.expires_on}）" if verdict.permit else "",
        "reason": f"（{words['reasons'][verdict.reason]}）" if verdict.reason else "",
        "lapsed": _lapsed(verdict),
        "place": f"（第 {verdict.number_position} 位附近）" if verdict.number_position else "",
        "resets": f"，{_moment(verdict.resets_at)} 后恢复" if verdict.resets_at else "",
    }


def _lapsed(verdict: Verdict) -> str:
    words = _wordings()
    if verdict.components is None:
        return ""
    held = dict(verdict.components)
    return "、".join(
        words["lapsed"][name] + words["states"][held[name].state] for name in verdict.lapsed
    )


def _black_list(verdict: Verdict) -> list[str]:
    return [
        _wordings()["black_list"].format(
            day=entry.listed_on,
            authority=entry.authority,
            name=entry.name,
            appeal=entry.appeal_url,
        )
        for entry in verdict.lists
        if entry.kind is ListKind.BLACK
    ]


def _moment(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, SHANGHAI):%Y-%m-%d %H:%M}"
