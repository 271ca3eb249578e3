"""What was said: kept in MongoDB."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient

from app.settings import settings

client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongodb_url, tz_aware=True)
messages = client["edgechat"]["messages"]


class Message(BaseModel):
    room: str
    author: str
    text: str
    sent_at: datetime


async def create_indexes() -> None:
    await messages.create_index([("room", ASCENDING), ("sent_at", DESCENDING)])


async def add(room: str, author: str, text: str) -> Message:
    message = Message(room=room, author=author, text=text, sent_at=datetime.now(UTC))
    await messages.insert_one(message.model_dump())
    return message


async def latest(room: str, limit: int) -> list[Message]:
    """The newest messages of a room, oldest first."""
    found = await messages.find({"room": room}).sort("sent_at", DESCENDING).limit(limit).to_list()
    return [Message.model_validate(message) for message in reversed(found)]


async def ping() -> None:
    await client.admin.command("ping")
