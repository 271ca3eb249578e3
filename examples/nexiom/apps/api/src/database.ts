import pg from "pg";
import { config } from "./config.js";

export const database = new pg.Pool({ connectionString: config.databaseUrl });

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL UNIQUE,
    password text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS notes (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id integer NOT NULL REFERENCES accounts (id),
    text       text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS notes_written_at ON notes (written_at DESC);
`;

/** Several api containers may start at once: the lock lets one at a time create the tables. */
export async function createTables(): Promise<void> {
  await database.query(`BEGIN; SELECT pg_advisory_xact_lock(1); ${SCHEMA} COMMIT;`);
}
