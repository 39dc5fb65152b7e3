"""A verdict, a worker's own record or a question back, as a reply. The sentences on a verdict are
the registry's own (knowledge/registry/wording.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from dialogs.reply import Block, Mark, Option, Reply, Statement, Status
from dialogs.wording import listed, say
from knowledge.registry.contract import SHANGHAI, Components, ComponentState, ListKind
from knowledge.registry.contract_worker import WorkerView
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.wording import sentences

INTENT = "permit_verification"
OWN = "my_permit"
_MOST_CHECKS = 5

# Nothing was found out: the person has to give something else, wait, or try again.
_STATUS = {
    Outcome.BAD_NUMBER: Status.NEEDS_INFO,
    Outcome.UNREADABLE_PHOTO: Status.NEEDS_INFO,
    Outcome.TOO_MANY: Status.REFUSED,
    Outcome.UNAVAILABLE: Status.FAILED,
}
_MARK: dict[Outcome, Mark] = {
    Outcome.VALID: "good",
    Outcome.DETAILS_NOT_AUTHORISED: "good",
    Outcome.COMPONENT_LAPSED: "warn",
    Outcome.PERSON_NOT_CHECKED: "warn",
    Outcome.SUSPENDED: "warn",
    Outcome.NOT_CONFIRMED: "warn",
    Outcome.EXPIRED: "bad",
    Outcome.REVOKED: "bad",
    Outcome.BAD_QR: "bad",
}


def verdict_reply(verdict: Verdict) -> Reply:
    """The verdict with its next steps as options."""
    if verdict.needs:
        return question(*sentences(verdict), missing=[f"permit_{need}" for need in verdict.needs])
    blocks = [
        Block(
            "verdict",
            tuple(map(Statement, _sentences(verdict))),
            say(f"permit_heading.{verdict.outcome.name}"),
            "bad" if verdict.black_listed else _MARK.get(verdict.outcome, "none"),
        )
    ]
    details = _details(verdict)
    if details:
        block = Block("verdict", tuple(map(Statement, details)), say("permit.details_heading"))
        blocks.append(block)
    return Reply(
        _STATUS.get(verdict.outcome, Status.VERDICT),
        tuple(blocks),
        options=_options(verdict),
        intent=INTENT,
    )


def own_record(view: WorkerView, page: str | None = None) -> Reply:
    """What a worker sees of her own permit, and who looked at it. `page` is where she finds the
    whole, and takes a consent back."""
    if not view.confirmed or view.status is None or view.permit is None:
        return talk(Status.VERDICT, say("permit.own_not_confirmed"), intent=OWN)
    head = say(
        "permit.own_status",
        number=view.permit.no_masked,
        status=say(f"permit_status.{view.status.value}"),
        expires=view.permit.expires_on,
    )
    looks = [
        say(
            "permit.own_look",
            at=f"{look.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            purpose=say(f"permit_purpose.{look.purpose.value}"),
            by=look.by,
            what=say("permit.own_details" if look.details else "permit.own_no_details"),
        )
        for look in view.checks[:_MOST_CHECKS]
    ]
    statements = [head]
    if view.components is not None:
        statements.append(_states(view.components))
    statements += [say("permit.own_looks", count=len(view.checks)), *looks] if looks else []
    statements += [] if looks else [say("permit.own_no_looks")]
    if view.consents:
        statements.append(say("permit.own_consents", count=len(view.consents)))
    if page is not None:
        statements.append(say("permit.own_page", page=page))
    block = Block("verdict", tuple(map(Statement, statements)), say("permit.own_heading"))
    return Reply(Status.VERDICT, (block,), intent=OWN)


def question(*sentences_: str, missing: Iterable[str], intent: str = INTENT) -> Reply:
    """A question back."""
    block = Block("question", tuple(map(Statement, sentences_)))
    return Reply(Status.NEEDS_INFO, (block,), missing=tuple(missing), intent=intent)


def talk(status: Status, *sentences_: str, intent: str = INTENT) -> Reply:
    """A reply that is no verdict."""
    return Reply(status, (Block("talk", tuple(map(Statement, sentences_))),), intent=intent)


def option(name: str) -> Option:
    """A next step to tap."""
    text = say(f"permit_option.{name}")
    return Option(text, text)


def led_by(reply: Reply, *sentences_: str) -> Reply:
    """The reply with sentences before it."""
    lead = Block("talk", tuple(map(Statement, sentences_)))
    return replace(reply, blocks=(lead, *reply.blocks)) if sentences_ else reply


def promising(reply: Reply) -> Reply:
    """A reply without a verdict that promises to ask again: nobody has to wish for it."""
    promise = Block("talk", (Statement(say("permit.recheck_by_itself")),))
    options = tuple(one for one in reply.options if one != option("later"))
    return replace(
        reply,
        blocks=(*reply.blocks, promise),
        options=(*options, option("stop_later")),
        action="recheck",
    )


def next_step(outcome: Outcome, now: dt.datetime) -> str:
    """What the registry's wording says to do after `outcome`."""
    return sentences(Verdict(outcome, now.timestamp()))[-1]


def _sentences(verdict: Verdict) -> list[str]:
    said = sentences(verdict)
    if verdict.components is None or verdict.outcome is not Outcome.VALID:
        return said
    # The details are shown below: that they need her consent is no longer true.
    ask = sentences(Verdict(Outcome.VALID, verdict.checked_at))[-1]
    return [say("permit.compare") if sentence == ask else sentence for sentence in said]


def _options(verdict: Verdict) -> tuple[Option, ...]:
    outcome = verdict.outcome
    if outcome is Outcome.UNAVAILABLE:
        names = ["later", "again"]
    elif outcome in (Outcome.TOO_MANY, Outcome.BAD_NUMBER, Outcome.UNREADABLE_PHOTO):
        names = []
    elif outcome is Outcome.BAD_QR:
        names = ["another"]
    elif verdict.positive and verdict.components is None:
        names = ["ask_consent", "again", "another"]
    else:
        names = ["again", "another"]
    return tuple(map(option, names))


def _details(verdict: Verdict) -> list[str]:
    """What she has opened, beside a black list entry, which stands at the top."""
    said = [] if verdict.components is None else [_states(verdict.components)]
    if (star := verdict.star) is not None:
        said.append(
            say(
                "permit.star",
                value=star.value,
                scheme=star.scheme,
                issuer=star.issuer,
                day=star.graded_on,
            )
        )
    said += [
        say("permit.red_list", day=entry.listed_on, authority=entry.authority, name=entry.name)
        for entry in verdict.lists
        if entry.kind is ListKind.RED
    ]
    return said


def _states(components: Components) -> str:
    parts = []
    for name, component in components:
        text = say(f"permit_component.{name}") + say(f"permit_state.{component.state.value}")
        if component.expires_month and component.state is not ComponentState.MISSING:
            text += say("permit.month", month=component.expires_month)
        parts.append(text)
    return listed(parts) + "。"
