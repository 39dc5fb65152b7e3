"""A month of made-up conversations, for the page of figures."""

from __future__ import annotations

import datetime as dt
import random

from sqlalchemy import Engine, insert

from bot.conversations.ratings import RatingRow
from bot.conversations.rows import ConversationRow, TurnRow
from bot.handover.rows import HandoverRow
from nlu.intents import intents


def a_month(engine: Engine, until: dt.datetime) -> None:
    """The month that ends at `until`."""
    dice = random.Random(7)
    statuses = ["answered"] * 12 + ["partly_answered"] * 3 + ["not_covered"] * 2 + ["clarify"]
    subjects = [one.id for one in intents().values() if one.kind == "topic"][:14]
    regions = ["140400", "140400", "440100", "150203", "210100", None]
    with engine.begin() as connection:
        for number in range(1, 121):
            pk = connection.execute(
                insert(ConversationRow)
                .values(
                    channel=dice.choice(("web", "wechat", "wechat", "telegram")),
                    id=f"month-{number}",
                    memory="{}",
                    updated_at=until,
                )
                .returning(ConversationRow.pk)
            ).scalar_one()
            at = until - dt.timedelta(hours=dice.uniform(0, 29 * 24))
            for question in range(dice.randint(1, 5)):
                status = dice.choice(statuses)
                unknown = dice.choice(("工龄补贴有没有", "钟点工过年有红包吗", "月嫂证怎么补"))
                turn = connection.execute(
                    insert(TurnRow)
                    .values(
                        conversation_pk=pk,
                        message_id=f"m{question}",
                        text="星级怎么评" if "answered" in status else unknown,
                        status=status,
                        intent=dice.choice(subjects[: dice.randint(1, 14)]),
                        confidence=0.9,
                        reply="{}",
                        region=dice.choice(regions),
                        asked_at=at,
                        answered_at=at + dt.timedelta(seconds=dice.expovariate(8)),
                    )
                    .returning(TurnRow.pk)
                ).scalar_one()
                if dice.random() < 0.2:
                    connection.execute(
                        insert(RatingRow).values(
                            turn_pk=turn, useful=dice.random() < 0.8, reason="", at=at
                        )
                    )
            if number % 8 == 0:
                taken = at + dt.timedelta(seconds=dice.uniform(5, 500))
                connection.execute(
                    insert(HandoverRow).values(
                        conversation_pk=pk,
                        state="closed",
                        reason="asked",
                        asked_at=at,
                        taken_at=taken,
                        code="answered",
                    )
                )
