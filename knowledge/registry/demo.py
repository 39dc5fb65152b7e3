"""Made-up permits in every state, from a seed. Names, agencies and grades say so.

The first digit of a number tells its state, so that anybody can try one: 1 valid, 2 expired,
3 suspended, 4 revoked; 5 to 9 were never issued.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from knowledge.registry.contract import ListKind, Reason, day_in_china
from knowledge.registry.permit_number import PermitNumber
from knowledge.registry.server.core import cities
from knowledge.registry.server.issuing import ComponentName, Issuing, NewPermit
from knowledge.registry.server.registry import Registry

_FAMILY = "李王张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
_GIVEN = ("梅", "秀英", "桂兰", "淑珍", "小红", "丽华", "玉兰", "建国", "志强", "春花", "慧", "敏")
_MINORITY = ("阿依古丽·测试", "其其格·测试", "卓玛·测试", "古丽娜尔·测试")
_AGENCIES = ("示范家政（虚构）", "安居样例家政（虚构）", "暖阳测试家政（虚构）")
_SERVICES = ("家务服务", "母婴护理", "养老护理", "育婴", "病患陪护")
_APPEAL = "https://registry.example/appeal"
_YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class DemoPermit:
    """A made-up permit with all that is needed to try it. `kind` names its state."""

    number: PermitNumber
    full_name: str
    id_last4: str
    pin: str
    qr_token: str
    kind: str


# Kind, first digit, and how many of twenty.
_KINDS = (
    ("valid", "1", 6),
    ("health_due", "1", 1),
    ("health_expired", "1", 2),
    ("insurance_missing", "1", 1),
    ("black_listed", "1", 1),
    ("expired", "2", 3),
    ("inactive", "3", 1),
    ("suspended", "3", 1),
    ("lost", "3", 1),
    ("annual_review", "3", 1),
    ("revoked", "4", 2),
)


def seed_demo(
    registry: Registry, count: int = 300, seed: int = 1, only: str | None = None
) -> list[DemoPermit]:
    """Issue `count` made-up permits over the cities, of every kind or `only` of one. Numbers and
    PINs are drawn anew each time."""
    rng = random.Random(seed)  # noqa: S311  not for secrets
    kinds = [kind for kind in _KINDS for _ in range(kind[2]) if only in (None, kind[0])]
    rng.shuffle(kinds)
    letters = list(cities())
    return [
        _issue(registry, rng, letters[i % len(letters)], *kinds[i // len(letters) % len(kinds)][:2])
        for i in range(count)
    ]


def _issue(
    registry: Registry, rng: random.Random, city: str, kind: str, first_digit: str
) -> DemoPermit:
    desk, today = registry.issuing, day_in_china(registry.core.now())
    name = f"测试{rng.choice(_FAMILY)}{rng.choice(_GIVEN)}"
    if rng.random() < 0.05:
        name = rng.choice(_MINORITY)
    last4 = f"{rng.randrange(1000):03d}{rng.choice('0123456789X')}"
    issued_on = today - dt.timedelta(days=rng.randrange(20, 200))
    expires_on = issued_on + _YEAR
    if kind == "expired":
        issued_on, expires_on = today - 2 * _YEAR, today - dt.timedelta(days=rng.randrange(1, 300))
    new = NewPermit(
        city=city,
        full_name=name,
        id_last4=last4,
        agency=rng.choice(_AGENCIES),
        services=tuple(rng.sample(_SERVICES, rng.randrange(1, 3))),
        issued_on=issued_on,
        expires_on=expires_on,
        components=_components(kind, issued_on, today),
    )
    issued = desk.issue(new, active=kind != "inactive", demo=True, first_digit=first_digit)
    number = issued.number
    desk.grade(number, rng.randrange(1, 6), "示范星级评价办法（虚构）", cities()[city].authority)
    if kind == "black_listed":
        desk.enter_list(
            number, ListKind.BLACK, "家政服务失信名单（虚构）", cities()[city].authority,
            today - dt.timedelta(days=30), today + 3 * _YEAR, _APPEAL,
        )  # fmt: skip
    elif kind == "valid" and rng.random() < 0.1:
        desk.enter_list(
            number, ListKind.RED, "家政服务守信名单（虚构）", cities()[city].authority,
            today - dt.timedelta(days=60), None, _APPEAL,
        )  # fmt: skip
    _settle(desk, number, kind, rng)
    return DemoPermit(number, name, last4, issued.pin, issued.qr_token, kind)


def _components(
    kind: str, issued_on: dt.date, today: dt.date
) -> dict[ComponentName, dt.date | None]:
    """Her checks, each with the day it runs out; a kind says which of them is not in order."""
    passed: dict[ComponentName, dt.date | None] = {
        "identity": None,
        "training": None,
        "health": issued_on + _YEAR,
        "insurance": issued_on + _YEAR,
        "background": issued_on + _YEAR,
    }
    if kind == "health_due":
        passed["health"] = today + dt.timedelta(days=12)
    elif kind == "health_expired":
        passed["health"] = today - dt.timedelta(days=40)
    elif kind == "insurance_missing":
        del passed["insurance"]
    return passed


def _settle(desk: Issuing, number: PermitNumber, kind: str, rng: random.Random) -> None:
    if kind == "suspended":
        desk.change(number, "suspend", rng.choice([Reason.COMPLAINT_HOLD, Reason.LEFT_AGENCY]))
    elif kind == "annual_review":
        desk.change(number, "suspend", Reason.ANNUAL_REVIEW_DUE)
    elif kind == "lost":
        desk.change(number, "report_lost")
    elif kind == "revoked":
        desk.change(number, "revoke")
