import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { FastifyInstance } from "fastify";
import { database } from "./database.js";

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

export interface Account {
  id: number;
  name: string;
}

interface Credentials {
  name: string;
  password: string;
}

const schema = {
  body: {
    type: "object",
    required: ["name", "password"],
    properties: {
      name: { type: "string", minLength: 1, maxLength: 50 },
      password: { type: "string", minLength: 8, maxLength: 200 },
    },
  },
};

async function hash(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, 32);
  return `${salt.toString("hex")}:${key.toString("hex")}`;
}

async function matches(password: string, stored: string): Promise<boolean> {
  const [salt = "", key = ""] = stored.split(":");
  return timingSafeEqual(await derive(password, Buffer.from(salt, "hex"), 32), Buffer.from(key, "hex"));
}

export async function accountRoutes(app: FastifyInstance): Promise<void> {
  app.post<{ Body: Credentials }>("/api/accounts", { schema }, async (request, reply) => {
    const { name, password } = request.body;
    const { rows } = await database.query<Account>(
      "INSERT INTO accounts (name, password) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id, name",
      [name, await hash(password)],
    );
    const account = rows[0];
    if (!account) return reply.code(409).send({ error: "this name is taken" });
    return reply.code(201).send(account);
  });

  app.post<{ Body: Credentials }>("/api/sessions", { schema }, async (request, reply) => {
    const { name, password } = request.body;
    const { rows } = await database.query<Account & { password: string }>(
      "SELECT id, name, password FROM accounts WHERE name = $1",
      [name],
    );
    const found = rows[0];
    if (!found || !(await matches(password, found.password))) {
      return reply.code(401).send({ error: "unknown name or wrong password" });
    }
    return { token: app.jwt.sign({ id: found.id, name: found.name }, { expiresIn: "1d" }) };
  });
}
