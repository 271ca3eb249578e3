"""EdgeChat: rooms over WebSockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query, WebSocket, status
from pydantic import BaseModel, Field

from app import messages, rooms, users

MAX_CHARACTERS = 2000

Room = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$")]


class NewUser(BaseModel):
    name: str = Field(min_length=1, max_length=40)


class Token(BaseModel):
    token: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await users.create_tables()
    await messages.create_indexes()
    yield
    await users.engine.dispose()
    await messages.client.close()
    await rooms.redis.aclose()


app = FastAPI(title="EdgeChat", lifespan=lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    await asyncio.gather(users.ping(), messages.ping(), rooms.ping())
    return {"status": "ok"}


@app.post("/users", status_code=201)
async def sign_up(user: NewUser) -> Token:
    token = await users.add(user.name)
    if token is None:
        raise HTTPException(409, "this name is taken")
    return Token(token=token)


@app.get("/rooms/{room}/messages")
async def history(room: Room, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[messages.Message]:
    return await messages.latest(room, limit)


@app.websocket("/rooms/{room}")
async def enter(socket: WebSocket, room: Room, token: str) -> None:
    user = await users.by_token(token)
    if user is None:
        await socket.close(status.WS_1008_POLICY_VIOLATION)
        return
    await socket.accept()
    async with rooms.listening(room, socket):
        async for text in socket.iter_text():
            await rooms.publish(await messages.add(room, user.name, text[:MAX_CHARACTERS]))
