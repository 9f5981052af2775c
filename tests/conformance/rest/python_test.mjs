// A client for GitHub's API, written in Python, posts through Signalbox.
//
//   node --test python_test.mjs     SIGNALBOX_PYTHON is an interpreter, and
//                                   SIGNALBOX_CLIENTS names programs in python/

import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startAll, token } from "./world.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.SIGNALBOX_PYTHON;

for (const client of process.env.SIGNALBOX_CLIENTS.split(" ")) {
  test(client, async (t) => {
    const { simulator, url } = await startAll(t);
    // Fails, with the output, if the program does.
    await run(python, ["-B", join(here, "python", `${client}.py`), url, token, simulator.url],
      { timeout: 180000, env: { PATH: process.env.PATH, HOME: process.env.HOME } });
  });
}
