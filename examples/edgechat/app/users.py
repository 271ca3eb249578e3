"""Who may speak: kept in Postgres."""

from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.settings import settings

engine = create_async_engine(settings.database_url, pool_pre_ping=True)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


async def create_tables() -> None:
    async with engine.begin() as connection:
        # Several containers may start at once: one at a time creates the tables.
        await connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        await connection.run_sync(Base.metadata.create_all)


async def add(name: str) -> str | None:
    """The new user's token, which is stored nowhere; None where the name is taken."""
    token = token_urlsafe()
    try:
        async with sessions.begin() as session:
            session.add(User(name=name, token_hash=_hash(token)))
    except IntegrityError:
        return None
    return token


async def by_token(token: str) -> User | None:
    async with sessions() as session:
        return await session.scalar(select(User).where(User.token_hash == _hash(token)))


async def ping() -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
