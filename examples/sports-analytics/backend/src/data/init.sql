-- Postgres runs this once, on an empty database.

CREATE TABLE leagues (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE seasons (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    league_id integer NOT NULL REFERENCES leagues (id),
    year      smallint NOT NULL,
    UNIQUE (league_id, year)
);

CREATE TABLE teams (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    league_id integer NOT NULL REFERENCES leagues (id),
    name      text NOT NULL,
    UNIQUE (league_id, name)
);

CREATE TABLE players (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id integer NOT NULL REFERENCES teams (id),
    name    text NOT NULL,
    UNIQUE (team_id, name)
);

CREATE TABLE games (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    season_id    integer NOT NULL REFERENCES seasons (id),
    home_team_id integer NOT NULL REFERENCES teams (id),
    away_team_id integer NOT NULL REFERENCES teams (id),
    home_score   smallint NOT NULL CHECK (home_score >= 0),
    away_score   smallint NOT NULL CHECK (away_score >= 0),
    played_on    date NOT NULL,
    CHECK (home_team_id <> away_team_id),
    UNIQUE (home_team_id, away_team_id, played_on)
);

CREATE TABLE player_stats (
    game_id   integer NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    player_id integer NOT NULL REFERENCES players (id),
    points    smallint NOT NULL CHECK (points >= 0),
    PRIMARY KEY (game_id, player_id)
);

CREATE TABLE insights (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    game_id    integer NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    text       text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX games_season ON games (season_id, played_on DESC);
CREATE INDEX games_away_team ON games (away_team_id);
CREATE INDEX player_stats_player ON player_stats (player_id);
CREATE INDEX insights_game ON insights (game_id, written_at DESC);
