// What an http source tells its host of requests that became no event.

import { expect, it } from "vitest";
import { DeliveryError } from "../../../src/errors.ts";
import { serve } from "./serving.ts";

it("tells of each refusal with its status and reason", async () => {
  const hook = await serve({ verify: { scheme: "bearer", secret: "s" }, maxBodyBytes: 10 });
  const authorization = "Bearer s";
  const json = { authorization, "content-type": "application/json" };
  await hook.send({ body: "x" });
  await hook.send({ headers: json, body: "{" });
  await hook.send({ headers: { authorization }, body: "x".repeat(11) });
  await hook.send({ headers: { authorization, "content-type": "image/png" }, body: "x" });
  await hook.send({ headers: json, body: "{}" });
  expect(hook.refusals.map(({ status }) => status)).toEqual([401, 400, 413, 415]);
  expect(hook.refusals[0]).toEqual({ status: 401, reason: "unauthorized" });
  const local = await serve();
  await local.send({ headers: { host: "evil.test" }, body: "x" });
  expect(local.refusals).toEqual([{ status: 403, reason: "this host name is not accepted here" }]);
});

it("leaves to the router what the router rejected", async () => {
  const hook = await serve({}, { emit: async () => Promise.reject(new DeliveryError("E_RATE", "over")) });
  expect((await hook.send({ body: "x" })).status).toBe(429);
  expect(hook.refusals).toEqual([]);
});
