import { afterAll } from "vitest";
import { feed } from "../../../src/connectors/feed/index.ts";
import { arriveByRound } from "../../support/arrive-by-round.ts";
import { farSide, json } from "../../support/far-side.ts";
import { testSource } from "../conformance.ts";

const feedOf = (count: number) =>
  json({
    version: "https://jsonfeed.org/version/1.1",
    title: "News",
    items: Array.from({ length: count }, (_, index) => ({ id: `${count - index}`, title: "News" })),
  });
let count = 0;
const server = await farSide(feedOf(0));
afterAll(server.close);

const url = `${server.url}/feed.json`;
testSource({
  type: feed,
  written: { url },
  options: { url, everyMs: 900_000, since: "now", timeoutMs: 30_000, maxBodyBytes: 5 * 1024 * 1024 },
  arrive: (world) =>
    arriveByRound(world, () => {
      count += 1;
      server.answer = feedOf(count);
    }),
});
