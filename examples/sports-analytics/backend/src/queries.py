"""Every question to the database."""

from typing import Any, LiteralString, TypeVar

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from src.models import Game, Insight, Scorer, Standing

Row = TypeVar("Row")


class UnknownTeam(Exception):
    """A line names a team that did not play."""


def _row(row: Row | None) -> Row:
    """The row of a statement that always returns one."""
    assert row is not None
    return row


def _id(db: Connection, insert: LiteralString, values: tuple[Any, ...]) -> int:
    with db.cursor(row_factory=scalar_row) as cursor:
        return int(_row(cursor.execute(insert, values).fetchone()))


def record(db: Connection, game: Game) -> int:
    """The id of the game; league, season, teams and players are made where they are new."""
    # DO UPDATE rather than DO NOTHING, which would return no id where the row exists.
    league = _id(
        db,
        "INSERT INTO leagues (name) VALUES (%s) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        (game.league,),
    )
    season = _id(
        db,
        """INSERT INTO seasons (league_id, year) VALUES (%s, %s)
           ON CONFLICT (league_id, year) DO UPDATE SET year = excluded.year RETURNING id""",
        (league, game.year),
    )
    teams = {
        name: _id(
            db,
            """INSERT INTO teams (league_id, name) VALUES (%s, %s)
               ON CONFLICT (league_id, name) DO UPDATE SET name = excluded.name RETURNING id""",
            (league, name),
        )
        for name in (game.home, game.away)
    }
    game_id = _id(
        db,
        """INSERT INTO games (season_id, home_team_id, away_team_id, home_score, away_score, played_on)
           VALUES (%s, %s, %s, %s, %s, %s) RETURNING id""",
        (season, teams[game.home], teams[game.away], game.home_score, game.away_score, game.played_on),
    )
    for line in game.players:
        if line.team not in teams:
            raise UnknownTeam(line.team)
        player = _id(
            db,
            """INSERT INTO players (team_id, name) VALUES (%s, %s)
               ON CONFLICT (team_id, name) DO UPDATE SET name = excluded.name RETURNING id""",
            (teams[line.team], line.player),
        )
        db.execute(
            "INSERT INTO player_stats (game_id, player_id, points) VALUES (%s, %s, %s)",
            (game_id, player, line.points),
        )
    return game_id


def standings(db: Connection, league: str, year: int) -> list[Standing]:
    with db.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(
            """WITH results AS (
                   SELECT season_id, home_team_id AS team_id, home_score - away_score AS margin FROM games
                   UNION ALL
                   SELECT season_id, away_team_id, away_score - home_score FROM games
               )
               SELECT teams.name AS team,
                      count(*) AS played,
                      count(*) FILTER (WHERE margin > 0) AS won,
                      count(*) FILTER (WHERE margin = 0) AS drawn,
                      count(*) FILTER (WHERE margin < 0) AS lost
                 FROM results
                 JOIN seasons ON seasons.id = results.season_id
                 JOIN leagues ON leagues.id = seasons.league_id
                 JOIN teams ON teams.id = results.team_id
                WHERE leagues.name = %s AND seasons.year = %s
                GROUP BY teams.id
                ORDER BY won DESC, drawn DESC, team""",
            (league, year),
        ).fetchall()


def scorers(db: Connection, league: str, year: int) -> list[Scorer]:
    with db.cursor(row_factory=class_row(Scorer)) as cursor:
        return cursor.execute(
            """SELECT players.name AS player, teams.name AS team, sum(points)::integer AS points
                 FROM player_stats
                 JOIN games ON games.id = player_stats.game_id
                 JOIN seasons ON seasons.id = games.season_id
                 JOIN leagues ON leagues.id = seasons.league_id
                 JOIN players ON players.id = player_stats.player_id
                 JOIN teams ON teams.id = players.team_id
                WHERE leagues.name = %s AND seasons.year = %s
                GROUP BY players.id, teams.id
                ORDER BY points DESC, player
                LIMIT 20""",
            (league, year),
        ).fetchall()


def describe(db: Connection, game_id: int) -> str | None:
    """One line about a game, for the model to comment on."""
    with db.cursor(row_factory=dict_row) as cursor:
        game = cursor.execute(
            """SELECT home.name AS home, away.name AS away, home_score, away_score, played_on
                 FROM games
                 JOIN teams AS home ON home.id = home_team_id
                 JOIN teams AS away ON away.id = away_team_id
                WHERE games.id = %s""",
            (game_id,),
        ).fetchone()
    if game is None:
        return None
    return "{home} {home_score}, {away} {away_score}, on {played_on}".format(**game)


def save_insight(db: Connection, game_id: int, text: str) -> Insight:
    with db.cursor(row_factory=class_row(Insight)) as cursor:
        return _row(
            cursor.execute(
                "INSERT INTO insights (game_id, text) VALUES (%s, %s) RETURNING text, written_at", (game_id, text)
            ).fetchone()
        )


def insights(db: Connection, game_id: int) -> list[Insight]:
    with db.cursor(row_factory=class_row(Insight)) as cursor:
        return cursor.execute(
            "SELECT text, written_at FROM insights WHERE game_id = %s ORDER BY written_at DESC", (game_id,)
        ).fetchall()
