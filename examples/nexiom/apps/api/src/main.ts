import jwt from "@fastify/jwt";
import Fastify from "fastify";
import { Redis } from "ioredis";
import { accountRoutes } from "./accounts.js";
import { config } from "./config.js";
import { createTables, database } from "./database.js";
import { noteRoutes } from "./notes.js";

const app = Fastify({ logger: true });
const cache = new Redis(config.redisUrl);

// Both drivers reconnect by themselves; without a listener a lost connection would end the process.
database.on("error", (error) => app.log.error(error, "postgres"));
cache.on("error", (error) => app.log.error(error, "redis"));

app.get("/health", async () => {
  await Promise.all([database.query("SELECT 1"), cache.ping()]);
  return { status: "ok" };
});
app.register(jwt, { secret: config.jwtSecret });
app.register(accountRoutes);
app.register(noteRoutes, { cache });
app.addHook("onClose", async () => {
  await Promise.all([database.end(), cache.quit()]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.close());
}

await createTables();
await app.listen({ host: "0.0.0.0", port: config.port });
