from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

Name = Annotated[str, Field(min_length=1, max_length=100)]
Score = Annotated[int, Field(ge=0, le=1000)]


class Line(BaseModel):
    """What one player did in one game."""

    team: Name
    player: Name
    points: Score


class Game(BaseModel):
    league: Name
    year: int = Field(ge=1850, le=2200)
    home: Name
    away: Name
    home_score: Score
    away_score: Score
    played_on: date
    players: list[Line] = []


class Created(BaseModel):
    id: int


class Standing(BaseModel):
    team: str
    played: int
    won: int
    drawn: int
    lost: int


class Scorer(BaseModel):
    player: str
    team: str
    points: int


class Insight(BaseModel):
    text: str
    written_at: datetime
