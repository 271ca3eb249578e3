import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import type { Account } from "./accounts.js";
import { database } from "./database.js";

const RECENT = "notes:recent";
const RECENT_SECONDS = 60;

interface Note {
  id: number;
  author: string;
  text: string;
  writtenAt: string;
}

const schema = {
  body: {
    type: "object",
    required: ["text"],
    properties: { text: { type: "string", minLength: 1, maxLength: 1000 } },
  },
};

async function recentNotes(): Promise<Note[]> {
  const { rows } = await database.query<Note>(`
    SELECT notes.id, accounts.name AS author, notes.text, notes.written_at AS "writtenAt"
      FROM notes JOIN accounts ON accounts.id = notes.account_id
     ORDER BY notes.written_at DESC
     LIMIT 50`);
  return rows;
}

export async function noteRoutes(app: FastifyInstance, { cache }: { cache: Redis }): Promise<void> {
  app.get("/api/notes", async (): Promise<Note[]> => {
    const cached = await cache.get(RECENT);
    if (cached) return JSON.parse(cached);
    const notes = await recentNotes();
    await cache.set(RECENT, JSON.stringify(notes), "EX", RECENT_SECONDS);
    return notes;
  });

  app.post<{ Body: { text: string } }>(
    "/api/notes",
    { schema, onRequest: (request) => request.jwtVerify() },
    async (request, reply) => {
      const { id } = request.user as Account;
      await database.query("INSERT INTO notes (account_id, text) VALUES ($1, $2)", [id, request.body.text]);
      await cache.del(RECENT);
      return reply.code(204).send();
    },
  );
}
