import { afterAll } from "vitest";
import { poll } from "../../../src/connectors/poll/index.ts";
import { arriveByRound } from "../../support/arrive-by-round.ts";
import { farSide, json } from "../../support/far-side.ts";
import { testSource } from "../conformance.ts";

const server = await farSide(json([]));
afterAll(server.close);
let count = 0;

const url = `${server.url}/items`;
testSource({
  type: poll,
  written: { url },
  options: {
    url,
    everyMs: 60_000,
    maxPages: 10,
    order: "newest_first",
    since: "now",
    timeoutMs: 30_000,
    maxBodyBytes: 5 * 1024 * 1024,
  },
  arrive: (world) =>
    arriveByRound(world, () => {
      count += 1;
      server.answer = json(Array.from({ length: count }, (_, index) => ({ id: count - index })));
    }),
});
