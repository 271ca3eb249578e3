"""A guest book: entries in PostgreSQL, the number of visits in Redis."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import redis.asyncio as redis
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

DATABASE_URL = os.environ["DATABASE_URL"]
ADMIN_TOKEN = os.environ["ADMIN_TOKEN"]
TITLE = os.environ.get("TITLE", "The guest book")

TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    words text NOT NULL,
    written timestamptz NOT NULL DEFAULT now()
)
"""


class Entry(BaseModel):
    name: str = Field(min_length=1, max_length=80)
    words: str = Field(min_length=1, max_length=500)


async def connection() -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(DATABASE_URL, autocommit=True, connect_timeout=10)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with await connection() as database:
        await database.execute(TABLE)
    app.state.visits = redis.from_url(os.environ["REDIS_URL"])
    yield
    await app.state.visits.aclose()


app = FastAPI(title=TITLE, lifespan=lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/")
async def read() -> dict[str, object]:
    visits = await app.state.visits.incr("visits")
    async with await connection() as database:
        found = await database.execute("SELECT name, words FROM entries ORDER BY id DESC LIMIT 50")
        entries = [{"name": name, "words": words} for name, words in await found.fetchall()]
    return {"title": TITLE, "visits": visits, "entries": entries}


@app.post("/entries", status_code=201)
async def write(entry: Entry) -> Entry:
    async with await connection() as database:
        await database.execute("INSERT INTO entries (name, words) VALUES (%s, %s)", (entry.name, entry.words))
    return entry


@app.delete("/entries", status_code=204)
async def empty(authorization: str = Header(default="")) -> None:
    if not secrets.compare_digest(authorization.encode(), f"Bearer {ADMIN_TOKEN}".encode()):
        raise HTTPException(401, "this takes the admin's token")
    async with await connection() as database:
        await database.execute("TRUNCATE entries")
