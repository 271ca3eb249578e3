"""Sports analytics: results in, standings, scorers and a model's comments out."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from google import genai
from psycopg import Connection
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg_pool import ConnectionPool

from src import queries
from src.models import Created, Game, Insight, Scorer, Standing

MODEL = "gemini-2.5-flash"

pool = ConnectionPool(os.environ["DATABASE_URL"], open=False, check=ConnectionPool.check_connection)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    with pool:
        yield


app = FastAPI(title="Sports analytics", lifespan=lifespan)


def connection() -> Iterator[Connection]:
    with pool.connection() as db:  # commits at the end, rolls back on an error
        yield db


Database = Annotated[Connection, Depends(connection)]


@app.get("/health")
def health(db: Database) -> dict[str, str]:
    db.execute("SELECT 1")
    return {"status": "ok"}


@app.post("/games", status_code=201)
def record(game: Game, db: Database) -> Created:
    try:
        with db.transaction():
            return Created(id=queries.record(db, game))
    except queries.UnknownTeam as error:
        raise HTTPException(422, f"{error} did not play in this game") from error
    except (CheckViolation, UniqueViolation) as error:
        raise HTTPException(409, error.diag.message_primary) from error


@app.get("/leagues/{league}/{year}/standings")
def standings(league: str, year: int, db: Database) -> list[Standing]:
    return queries.standings(db, league, year)


@app.get("/leagues/{league}/{year}/scorers")
def scorers(league: str, year: int, db: Database) -> list[Scorer]:
    return queries.scorers(db, league, year)


@app.post("/games/{game_id}/insight", status_code=201)
def write_insight(game_id: int, db: Database) -> Insight:
    key = os.environ.get("GEMINI_API_KEY")
    if not key:
        raise HTTPException(503, "GEMINI_API_KEY is not set")
    game = queries.describe(db, game_id)
    if game is None:
        raise HTTPException(404, "no such game")
    answer = genai.Client(api_key=key).models.generate_content(
        model=MODEL, contents=f"Comment on this result in two sentences: {game}"
    )
    if not answer.text:
        raise HTTPException(502, "the model said nothing")
    return queries.save_insight(db, game_id, answer.text)


@app.get("/games/{game_id}/insights")
def insights(game_id: int, db: Database) -> list[Insight]:
    return queries.insights(db, game_id)
