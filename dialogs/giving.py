"""Whether a provision gives what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.select import is_money, is_time
from knowledge.library import Entry
from knowledge.schema import Provision
from nlu.understanding import Aspect


def gives(entries: Sequence[Entry], aspect: Aspect) -> bool:
    """Whether the best of the provisions gives what the aspect asks for."""
    provision = entries[0].provision
    agencies = provision.agencies
    if aspect == "amount":
        return any(is_money(a) and a.state in ("given", "free") for a in provision.amounts)
    if aspect == "deadline":
        return provision.kind == "deadline" or any(is_time(a) for a in provision.amounts)
    if aspect == "procedure":
        return provision.kind == "procedure"
    if aspect == "office":
        return agencies is not None and bool(agencies.accepts or agencies.lead)
    if aspect in ("condition", "everyone"):
        return not unspecified(provision)
    return True


def sends_elsewhere(provision: Provision) -> bool:
    """Whether from some day on the clause leaves its subject to other rules."""
    elsewhere = any(amount.state == "set_elsewhere" for amount in provision.amounts)
    return provision.valid_from is not None and elsewhere


def unspecified(provision: Provision) -> bool:
    """Whether the clause names a condition it does not define."""
    todo = [provision.when] if provision.when else []
    while todo:
        node = todo.pop()
        if node.unspecified is not None:
            return True
        todo += [*(node.all_ or ()), *(node.any_ or ()), *([node.not_] if node.not_ else [])]
    return False
