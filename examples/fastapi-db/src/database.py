import os
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import DateTime, create_engine, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)


class Base(DeclarativeBase):
    pass


class Bookmark(Base):
    __tablename__ = "bookmarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)


def create_tables() -> None:
    with engine.begin() as connection:
        # Several containers may start at once: one at a time creates the tables.
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        Base.metadata.create_all(connection)


def session() -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened
