"""Permit checks by staff: the same verifier as for everybody, and nothing kept but the audit."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from bot.app import connected
from bot.http import create_app
from dialogs.wording import say
from tests.bot.console.desk import Clock, Desk, Person
from tests.bot.serving import app_on, copy_of, serving
from tests.permit_desk import LAST4, NAME, Switch
from tests.permit_desk import Desk as Registry
from tests.permit_desk import open_desk as open_registry

CHECK, NEXT = "/console/permits/check", "/console/permits/next"


@dataclass
class Office:
    desk: Desk
    registry: Registry
    staff: Person

    @property
    def way(self) -> Switch:
        return self.registry.way

    def check(self, **fields: str) -> httpx.Response:
        return self.staff.submit(CHECK, **fields)

    def go_on(self, page: str, step: str) -> httpx.Response:
        held, until = (hidden(page, name) for name in ("held", "until"))
        return self.staff.submit(NEXT, held=held, until=until, step=step)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def heading(page: str) -> str:
    found = re.search(r'<div class="verdict[^"]*">\s*<h3>([^<]*)</h3>', page)
    return found[1] if found else ""


@pytest.fixture
def office(staffed_file: Path, tmp_path: Path) -> Iterator[Office]:
    plain = app_on(copy_of(staffed_file, tmp_path))
    clock = Clock()
    with open_registry(tmp_path / "registry", plain.library, plain.conversation.words) as registry:
        conversation = replace(plain.conversation, now=clock, permits=registry.permits)
        app = connected(plain.settings, plain.engine, conversation, plain.seal, registry.registry)
        web = create_app(app)
        with serving(web) as url:
            desk = Desk(app, web, url, clock)
            yield Office(desk, registry, desk.logged_in("operator"))
            for person in desk.people:
                person.close()
    app.engine.dispose()


def test_a_valid_permit_in_the_registrys_words(office: Office) -> None:
    permit = office.registry.issue()
    page = office.check(number=permit.number.written, name=NAME).text
    assert heading(page) == say("permit_heading.VALID")
    assert "verdict good" in page
    (line,) = office.desk.audited(action="permit_checked")
    assert (line.who, line.about) == ("operator", f"permit:…{permit.number.value[-4:]}")


def test_by_the_last_four_of_the_id_number(office: Office) -> None:
    permit = office.registry.issue()
    page = office.check(number=permit.number.value, last4=LAST4).text
    assert heading(page) == say("permit_heading.VALID")


def test_the_answer_is_the_same_for_a_wrong_name_and_for_no_permit(office: Office) -> None:
    permit, other = office.registry.issue(), office.registry.issue()
    wrong = office.check(number=permit.number.written, name="张三丰").text
    office.registry.registry  # noqa: B018 - the second permit exists as well
    also = office.check(number=other.number.written, name="李四光").text
    assert heading(wrong) == heading(also) == say("permit_heading.NOT_CONFIRMED")


def test_what_is_missing_is_asked_for_and_is_no_check(office: Office) -> None:
    permit = office.registry.issue()
    assert "全名" in office.check(number=permit.number.written).text
    assert "证号" in office.check(name=NAME).text
    assert heading(office.check(number="GZ12", name=NAME).text) == say("permit_heading.BAD_NUMBER")
    assert office.desk.audited(action="permit_checked") == []
    assert office.way.asked == 0


def test_a_photograph(office: Office) -> None:
    permit = office.registry.issue()
    files = {"photo": ("permit.png", office.registry.photo(permit), "image/png")}
    data = {"csrf": office.staff.csrf, "name": NAME}
    page = office.staff.post(CHECK, data=data, files=files).text
    assert heading(page) == say("permit_heading.VALID")
    (line,) = office.desk.audited(action="permit_checked")
    assert line.about == f"permit:…{permit.number.value[-4:]}"
    again = office.go_on(page, "again").text
    assert heading(again) == say("permit_heading.VALID")


def test_a_file_that_is_no_photograph(office: Office) -> None:
    files = {"photo": ("words.txt", b"no picture", "text/plain")}
    page = office.staff.post(CHECK, data={"csrf": office.staff.csrf}, files=files).text
    assert heading(page) == say("permit_heading.UNREADABLE_PHOTO")


def test_a_photograph_too_large_is_refused(office: Office) -> None:
    files = {"photo": ("big.jpg", b"x" * (5 * 1024 * 1024 + 1), "image/jpeg")}
    response = office.staff.post(CHECK, data={"csrf": office.staff.csrf}, files=files)
    assert response.status_code == 413


def test_a_photograph_of_ordinary_size_gets_through(office: Office) -> None:
    files = {"photo": ("big.jpg", b"x" * (2 * 1024 * 1024), "image/jpeg")}
    response = office.staff.post(CHECK, data={"csrf": office.staff.csrf}, files=files)
    assert response.status_code == 200
    assert heading(response.text) == say("permit_heading.UNREADABLE_PHOTO")


def test_her_consent_is_asked_for_and_waited_for(office: Office) -> None:
    permit = office.registry.issue()
    page = office.check(number=permit.number.written, name=NAME).text
    asked = office.go_on(page, "ask_consent").text
    assert "授权链接" in asked
    (line,) = office.desk.audited(action="permit_consent_asked")
    assert line.about == f"permit:…{permit.number.value[-4:]}"
    waiting = office.go_on(asked, "consented").text
    assert say("permit_consent.PENDING") in waiting


def test_without_the_registry_there_is_no_verdict_and_it_can_be_tried_again(
    office: Office,
) -> None:
    permit = office.registry.issue()
    office.way.down = True
    page = office.check(number=permit.number.written, name=NAME).text
    assert heading(page) == say("permit_heading.UNAVAILABLE")
    office.way.down = False
    office.registry.time.move(60)
    again = office.go_on(page, "again").text
    assert heading(again) == say("permit_heading.VALID")


def test_what_the_page_holds_is_forgotten_and_is_nobody_elses(office: Office) -> None:
    permit = office.registry.issue()
    page = office.check(number=permit.number.written, name=NAME).text
    assert NAME not in page
    assert permit.number.value not in page
    held, until = hidden(page, "held"), hidden(page, "until")
    other = office.desk.logged_in("supervisor")
    taken = other.submit(NEXT, held=held, until=until, step="again")
    assert taken.status_code == 422
    office.desk.clock.forward(minutes=11)
    late = office.go_on(page, "again")
    assert late.status_code == 422
    assert "已经忘掉了" in late.text
    longer = until.replace("2026", "2036")
    assert office.staff.submit(NEXT, held=held, until=longer, step="again").status_code == 422
    asked = office.way.asked
    assert asked == 1


def test_each_account_has_its_own_quota(office: Office) -> None:
    """As everybody: the account is the asker, however many conversations it has."""
    permit = office.registry.issue()
    verifier = office.registry.permits.verifier
    seen: list[str] = []
    admit = verifier.quota.admit

    def noted(asker: str, place: str) -> object:
        seen.append(asker)
        return admit(asker, place)

    verifier.quota.admit = noted  # type: ignore[method-assign,assignment]
    office.check(number=permit.number.written, name=NAME)
    office.check(number=permit.number.written, name=NAME)
    office.desk.logged_in("supervisor").submit(CHECK, number=permit.number.written, name=NAME)
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("step", ["", "nothing", "again", "consented", "ask_consent"])
def test_bad_input_is_no_trouble_of_ours(office: Office, step: str) -> None:
    for held, until in (("", ""), ("xyz", "tomorrow"), ("aaaa", "2030-01-01"), ("\0", "9" * 30)):
        response = office.staff.submit(NEXT, held=held, until=until, step=step)
        assert response.status_code == 422, (held, until)
    assert office.check(number="\0\ud800".encode("utf-8", "replace").decode()).status_code == 200


def test_without_permits_the_page_says_so(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    assert person.get("/console/permits").status_code == 200
    assert person.submit(CHECK, number="x", name="y").status_code == 404
