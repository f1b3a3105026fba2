"""Teams, and who is in them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.schema.base import Base, Microseconds, ShortText
from campaigns.schema.user import USER_NAME_LENGTH

__all__ = ("TeamMemberRow", "TeamRow")


class TeamRow(Base):
    """One team. Never deleted, since definitions name it."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(ShortText, primary_key=True)
    description: Mapped[str] = mapped_column(ShortText)
    created_us: Mapped[int] = mapped_column(Microseconds)
    created_by: Mapped[str] = mapped_column(ShortText)


class TeamMemberRow(Base):
    """One user in one team."""

    __tablename__ = "team_member"

    team: Mapped[str] = mapped_column(ShortText, ForeignKey("team.name"), primary_key=True)
    user_name: Mapped[str] = mapped_column(
        String(USER_NAME_LENGTH), ForeignKey("user_account.name"), primary_key=True, index=True
    )
    added_us: Mapped[int] = mapped_column(Microseconds)
    added_by: Mapped[str] = mapped_column(ShortText)
