"""Who hears it: Redis carries a message to every container that has somebody in the room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import WebSocket
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from app.messages import Message
from app.settings import settings

redis = Redis.from_url(settings.redis_url, decode_responses=True)


def _channel(room: str) -> str:
    return f"room:{room}"


async def _forward(channel: PubSub, socket: WebSocket) -> None:
    async for event in channel.listen():
        if event["type"] == "message":
            await socket.send_text(event["data"])


async def publish(message: Message) -> None:
    await redis.publish(_channel(message.room), message.model_dump_json())


@asynccontextmanager
async def listening(room: str, socket: WebSocket) -> AsyncIterator[None]:
    """While this lasts, the socket gets what is said in the room."""
    async with redis.pubsub() as channel:
        await channel.subscribe(_channel(room))
        forward = asyncio.create_task(_forward(channel, socket))
        try:
            yield
        finally:
            forward.cancel()


async def ping() -> None:
    await redis.ping()
