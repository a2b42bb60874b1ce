// What was signed is the identity of a delivery: whoever sends a captured request again, changed in anything that is not signed, gets a
// duplicate; and nothing that is not signed keeps a true delivery out. For every preset and every generic scheme.

import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { presetNames } from "../../../src/connectors/http/verify/preset-names.ts";
import { presets } from "../../../src/connectors/http/verify/presets.ts";
import { defaultMemoryMs, describeVerify, toleranceOf } from "../../../src/connectors/http/verify/scheme.ts";
import type { Arrival, Outcome } from "../../../src/contract.ts";
import type { Admission, PlannedSource } from "../../../src/plan/plan.ts";
import { createCounter, createEmit } from "../../../src/router/emit.ts";
import { createEventIds } from "../../../src/router/event-id.ts";
import { createMemory } from "../../../src/router/memory.ts";
import { neutralise } from "../../../src/text/neutralise.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { createPublished } from "./published.ts";
import { type Request, type Served, serve } from "./serving.ts";
import { documents, now, other, publicUrl, type Sender, secret, senders, signers } from "./signing.ts";

type Headers = Record<string, string>;

const taken: Admission = {
  outcome: "accepted",
  deliveries: [
    {
      ...{ eventId: "x", channel: "c", content: neutralise("hello"), meta: {}, tokens: 2 },
      ...{ priority: "normal", untilMs: 1, terms: { source: "hook", to: "one" } },
    },
  ],
  writes: [],
  pending: [],
  trace: [],
  problems: [],
};

/** The source on the real listener, with the runtime's own emit behind it: every event is taken. */
async function open(sender: Sender, verify: Partial<Sender["verify"]> = {}) {
  const clock = manualClock(now);
  const source = { name: "hook", type: { type: "http" }, admit: () => taken, rate: undefined };
  const seen: Arrival[] = [];
  const emit = createEmit(() => source as unknown as PlannedSource, {
    clock,
    memory: createMemory(clock),
    counter: createCounter(),
    detail: "decision",
    newId: createEventIds(),
    observe: () => {},
    observeUnmatched: () => {},
    refused: () => {},
    commit: async ({ event }) => void seen.push(event),
  });
  const hook = await serve(
    { verify: { ...sender.verify, ...verify } },
    {
      clock,
      publicUrl,
      http: createPublished(documents()).http,
      emit: (arrival) => emit(arrival).then(noted),
    },
  );
  const request = (
    n: number,
    atMs = clock.now(),
    id = `id-${n}`,
  ): Request & { headers: Headers; body: string } => {
    const body = sender.body(n, atMs);
    return { headers: { "content-type": sender.contentType, ...sender.headers(body, atMs, id) }, body };
  };
  return { hook, clock, seen, request };
}

/** What became of events, in order: not every sender is answered in JSON. */
let outcomes: string[] = [];
beforeEach(() => {
  outcomes = [];
});
const noted = (outcome: Outcome) => {
  outcomes.push(outcome.outcome);
  return outcome;
};
const told = async (hook: Served, request: Request) => {
  const { status } = await hook.send(request);
  return status === 202 || status === 200 ? outcomes.shift() : status;
};

/** All names of headers that any scheme reads an id from, and some that a sender might. */
const idHeaders = [
  ...new Set([
    ...Object.values(presets).flatMap(({ delivery }) =>
      delivery !== undefined && "header" in delivery ? [delivery.header] : [],
    ),
    ...["webhook-id", "svix-id", "x-gitlab-event-uuid", "x-request-id", "x-id", "idempotency-key"],
  ]),
];
const signing = senders.filter(({ sendsSecret }) => !sendsSecret);

it("covers every preset", () => {
  const covered = new Set(senders.map(({ verify }) => verify.scheme));
  expect(presetNames.filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(signing)("$name", (sender) => {
  it("takes one captured request once: again, in parallel, and until it is stale or forgotten", async () => {
    const { hook, clock, seen, request } = await open(sender);
    const captured = request(1);
    const together = await Promise.all(Array.from({ length: 5 }, () => told(hook, captured)));
    expect(together.sort()).toEqual(["accepted", "duplicate", "duplicate", "duplicate", "duplicate"]);
    const { proofMs = 0 } = describeVerify(sender.verify) ?? {};
    const toleranceMs = toleranceOf(sender.verify);
    expect(proofMs).toBeGreaterThanOrEqual(sender.isTimed ? 2 * toleranceMs : defaultMemoryMs);
    for (const share of [0.25, 0.4, 0.5, 0.75, 0.999]) {
      const laterMs = Math.floor(proofMs * share);
      clock.set(now + laterMs);
      const isStale = sender.isTimed && laterMs > toleranceMs;
      expect([share, await told(hook, captured)]).toEqual([share, isStale ? 401 : "duplicate"]);
    }
    expect(seen).toHaveLength(1);
    clock.set(now + defaultMemoryMs + 1);
    if (sender.isTimed) expect(await told(hook, captured)).toBe(401);
  });

  it("takes a request from the future once, for as long as it is fresh", async () => {
    const { hook, clock, seen, request } = await open(sender);
    const toleranceMs = toleranceOf(sender.verify);
    const captured = request(1, now + toleranceMs);
    const outcomes: unknown[] = [];
    for (const share of [0, 0.5, 1, 1.5, 2]) {
      clock.set(now + share * toleranceMs);
      outcomes.push(await told(hook, captured));
    }
    expect(outcomes).toEqual(["accepted", "duplicate", "duplicate", "duplicate", "duplicate"]);
    expect(seen).toHaveLength(1);
  });

  it("takes it once whatever somebody changes that is not signed", async () => {
    const { hook, seen, request } = await open(sender);
    const captured = request(1);
    expect(await told(hook, captured)).toBe("accepted");
    const changed: Request[] = [
      ...idHeaders.flatMap((name) =>
        name in captured.headers ? [] : [{ ...captured, headers: { ...captured.headers, [name]: "forged" } }],
      ),
      {
        ...captured,
        headers: { ...captured.headers, "x-github-event": "other", "content-type": "text/plain" },
      },
      { ...captured, headers: upperCase(captured.headers) },
      // The names of another family, with what was signed under the first.
      { ...captured, headers: { ...captured.headers, ...renamed(captured.headers, "webhook-", "svix-") } },
      { ...captured, headers: { ...captured.headers, ...renamed(captured.headers, "svix-", "webhook-") } },
      { ...captured, headers: { ...junkFamily("svix"), ...captured.headers } },
      { ...captured, headers: { ...junkFamily("webhook"), ...captured.headers } },
    ];
    // A form of Twilio's has another signature as text; everything else is the same request.
    for (const request of changed)
      expect([request.headers, await told(hook, request)]).not.toContain("accepted");
    expect(seen).toHaveLength(1);
  });

  it("takes it once where two secrets count, whichever signature is left in the header", async () => {
    const isShared = sender.verify.scheme !== "discord" && sender.verify.secret === secret;
    if (!isShared || sender.name.startsWith("gitlab")) return;
    const { hook, seen, request } = await open(sender, { secret: [other, sender.verify.secret as string] });
    const captured = request(1);
    expect(await told(hook, captured)).toBe("accepted");
    const scheme = sender.verify.scheme as keyof typeof signers;
    const bySecond = signers[scheme]?.(other, captured.body, String(now / 1_000), "id-1");
    if (bySecond !== undefined)
      expect(await told(hook, { ...captured, headers: { ...captured.headers, ...bySecond } })).toBe(
        "duplicate",
      );
    expect(seen).toHaveLength(1);
  });

  it("keeps no true delivery out that somebody announced by its id", async () => {
    const { hook, request } = await open(sender);
    const captured = request(1);
    // The attacker is first, and gives the captured request the ids that the next one will have.
    const forged: Headers = { ...captured.headers };
    for (const name of idHeaders) if (!(name in captured.headers)) forged[name] = "id-2";
    expect(await told(hook, { ...captured, headers: forged })).toBe("accepted");
    const next = request(2);
    for (const name of idHeaders) if (!(name in next.headers)) next.headers[name] = "id-2";
    expect(await told(hook, next)).toBe("accepted");
    expect(await told(hook, captured)).toBe("duplicate");
  });

  it("takes another delivery, and the same again once it is forgotten and still proves itself", async () => {
    const { hook, clock, request } = await open(sender, { deliveryMemoryMs: 10_000 });
    expect(await told(hook, request(1))).toBe("accepted");
    expect(await told(hook, request(2))).toBe("accepted");
    clock.set(now + (describeVerify({ ...sender.verify, deliveryMemoryMs: 10_000 })?.proofMs ?? 0));
    expect(await told(hook, request(1))).toBe("accepted");
  });
});

describe.each(senders)("$name, sent again by its sender", (sender) => {
  it("is one delivery where it has an id that counts", async () => {
    const { hook, clock, seen, request } = await open(sender);
    expect(await told(hook, request(1))).toBe("accepted");
    // A minute later: signed anew where a time is signed, the same otherwise.
    clock.set(now + 60_001);
    const again = await told(hook, request(1));
    const hasId = seen[0]?.deliveryId !== undefined;
    const isKnown = hasId || (!sender.isTimed && !sender.sendsSecret);
    expect(again).toBe(isKnown ? "duplicate" : "accepted");
    expect(hasId).toBe(
      !["buildkite", "calendly", "zoom", "sendgrid", "vonage", "plaid"].includes(sender.name) &&
        !isWithoutId(sender),
    );
  });

  it("is another delivery with another id", async () => {
    const { hook, request } = await open(sender);
    expect(await told(hook, request(1, now, randomUUID()))).toBe("accepted");
    expect(await told(hook, request(2, now, randomUUID()))).toBe("accepted");
  });
});

describe("a secret that is sent", () => {
  const sending = senders.filter((one) => one.sendsSecret && !isWithoutId(one));

  it.each(sending)("$name: leaves nothing to remember but the id", async (sender) => {
    const { hook, seen, request } = await open(sender, { deliveryMemoryMs: 20_000 });
    const arrivals = [request(1), request(2)];
    for (const one of arrivals) expect(await told(hook, one)).toBe("accepted");
    expect(await told(hook, arrivals[0] as Request)).toBe("duplicate");
    expect(seen).toHaveLength(2);
    const { headers } = arrivals[0] as Request & { headers: Headers };
    const { "x-id": _, "idempotency-key": __, ...without } = headers;
    if (sender.name === "mattermost") return; // Its token is in the body.
    const anonymous = { headers: without, body: "{}" };
    expect([await told(hook, anonymous), await told(hook, anonymous)]).toEqual(["accepted", "accepted"]);
  });
});

it("an event that was not taken may be sent again with the same proof", async () => {
  const [github] = senders.filter(({ name }) => name === "github") as [Sender];
  const clock = manualClock(now);
  let admission: Admission = { ...taken, outcome: "unmatched", deliveries: [] };
  const source = { name: "hook", type: { type: "http" }, admit: () => admission, rate: undefined };
  let isFull = false;
  const emit = createEmit(() => source as unknown as PlannedSource, {
    clock,
    memory: createMemory(clock),
    counter: createCounter(),
    detail: "decision",
    newId: createEventIds(),
    observe: () => {},
    observeUnmatched: () => {},
    refused: () => {},
    commit: async () => {
      const { DeliveryError } = await import("../../../src/errors.ts");
      if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "full");
    },
  });
  const hook = await serve(
    { verify: github.verify },
    { clock, emit: (arrival) => emit(arrival).then(noted) },
  );
  const body = github.body(1, now);
  const request = { headers: { "content-type": "application/json", ...github.headers(body, now, "") }, body };
  expect(await told(hook, request)).toBe("unmatched");
  admission = taken;
  isFull = true;
  expect(await told(hook, request)).toBe(503);
  isFull = false;
  expect([await told(hook, request), await told(hook, request)]).toEqual(["accepted", "duplicate"]);
});

function isWithoutId({ name }: Sender): boolean {
  return (
    [
      ...[
        "linkedin",
        "twitter",
        "xero",
        "asana",
        "bitbucket",
        "dropbox",
        "gitea",
        "github",
        "jira",
        "mandrill",
        "meta",
        "sentry",
        "shopify",
      ],
      ...["travis", "trello", "twilio", "whatsapp", "adyen", "wise", "netlify", "websub"],
      ...["figma", "microsoft_graph", "monday"],
    ].includes(name) ||
    (name.startsWith("hmac") && !name.includes("id"))
  );
}

function upperCase(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
}

function renamed(headers: Headers, from: string, to: string): Headers {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(from))
      .map(([name, value]) => [to + name.slice(from.length), value]),
  );
}

function junkFamily(name: string): Headers {
  return {
    [`${name}-id`]: "forged",
    [`${name}-timestamp`]: "1700000000",
    [`${name}-signature`]: "v1,Zm9yZ2Vk",
  };
}
