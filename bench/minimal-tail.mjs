// What anybody writes to follow a log: `readline` and a RegExp on what the file has grown by. Lines that match go to stdout.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const [file, pattern] = [process.argv[2], new RegExp(process.argv[3])];
for (let at = 0; ; await sleep(50)) {
  const { size } = await stat(file);
  if (size === at) continue;
  const lines = createInterface({ input: createReadStream(file, { start: at, end: size - 1 }) });
  lines.on("line", (line) => pattern.test(line) && console.log(line));
  await new Promise((resolve) => lines.once("close", resolve));
  at = size;
}
