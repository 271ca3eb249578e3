// Level 1 of the isolation: the code sees a context of its own, without process, require or fs.
// Anything that breaks out of it stands in a container without a network (see worker.py).
const { runInNewContext } = require("node:vm");

const { CODE, EVENT } = process.env;
const script = `${CODE}\n;Promise.resolve(handler(${EVENT})).then((result) => JSON.stringify(result) ?? "null")`;

async function run() {
  process.stdout.write(await runInNewContext(script, Object.create(null), { filename: "handler.js" }));
}

run().catch((error) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
