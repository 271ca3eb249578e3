"""Bookmarks: a small API over one table."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, HttpUrl
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from src.database import Bookmark, create_tables, engine, session


class NewBookmark(BaseModel):
    url: HttpUrl
    title: str = Field(min_length=1, max_length=200)


class SavedBookmark(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    url: str
    title: str
    saved_at: datetime


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    create_tables()
    yield
    engine.dispose()


app = FastAPI(title="Bookmarks", lifespan=lifespan)

Database = Annotated[Session, Depends(session)]


@app.get("/health")
def health(db: Database) -> dict[str, str]:
    db.execute(text("SELECT 1"))
    return {"status": "ok"}


@app.post("/bookmarks", status_code=201, response_model=SavedBookmark)
def save(new: NewBookmark, db: Database) -> Bookmark:
    bookmark = Bookmark(url=str(new.url), title=new.title)
    db.add(bookmark)
    try:
        db.commit()
    except IntegrityError as error:
        raise HTTPException(409, "this address is saved already") from error
    return bookmark


@app.get("/bookmarks", response_model=list[SavedBookmark])
def newest(db: Database, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Sequence[Bookmark]:
    return db.scalars(select(Bookmark).order_by(Bookmark.saved_at.desc()).limit(limit)).all()


@app.delete("/bookmarks/{bookmark_id}", status_code=204)
def forget(bookmark_id: int, db: Database) -> None:
    bookmark = db.get(Bookmark, bookmark_id)
    if bookmark is None:
        raise HTTPException(404, "no such bookmark")
    db.delete(bookmark)
    db.commit()
