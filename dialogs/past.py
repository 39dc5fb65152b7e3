"""以前是贫困户，现在脱贫了: a state that is over is no fact of the person."""

from __future__ import annotations

from dataclasses import replace

from dialogs.reading import lasting, says
from nlu.entities import facts_of
from nlu.understanding import Entity, Understanding


def of_today(one: Understanding) -> Understanding:
    """The message without the groups that somebody only was of. Who served, or finished school, has
    done so for good."""
    over = [entity for entity in one.entities if _is_over(entity, one.text)]
    if not over:
        return one
    kept = tuple(entity for entity in one.entities if entity not in over)
    return replace(one, entities=kept, facts=facts_of(kept))


def _is_over(entity: Entity, text: str) -> bool:
    if entity.kind != "group" or str(entity.value) in lasting():
        return False
    return says("was", text[: entity.start]) or says("is_no_longer", text[entity.end :])
