// One route: takes a request, proves it, makes an event of it, and answers only when the event is safe. The order is fixed:
// guard, body, proof, handshake, payload, emit. Nothing is parsed that was not proven, but for the few bytes of a first call.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyLease, Host } from "../../contract/host.ts";
import type { Arrival, Emit, Source, SourceHealth } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";
import { Refusal, refuse } from "../../http/answer.ts";
import { readBody } from "../../http/body.ts";
import { createGuard, type Guard } from "../../http/guard.ts";
import { aborted } from "../../waiting.ts";
import {
  answerHandshake,
  answerHead,
  createAnswer,
  keysUnavailable,
  maxBodyOf,
  notTaken,
  refusalOf,
} from "./answers.ts";
import { createCallers } from "./callers.ts";
import { arrivalOf, concealed, originForm, trustOf } from "./event.ts";
import { challengerOf, routedMethods } from "./first-call.ts";
import { invite } from "./invitation.ts";
import type { HttpOptions } from "./options.ts";
import { parseBody } from "./parse-body.ts";
import { hiddenPath, requestPath } from "./path.ts";
import { createRemoteReader } from "./remote.ts";
import { maxChallengeBodyBytes } from "./verify/challenge.ts";
import { createConcealer } from "./verify/conceal.ts";
import { createVerifier } from "./verify/scheme.ts";
import { defaultToleranceMs } from "./verify/signature.ts";
import type { Handshake, Proof } from "./verify/verifier.ts";

type Params = Readonly<Record<string, string>>;

const nothing = Buffer.alloc(0);

export function createHttpSource(name: string, options: HttpOptions, host: Host): Source {
  const { clock, listener } = host;
  const ending = new AbortController();
  const verifier = createVerifier(options.verify, clock, listener.publicUrl, {
    http: host.http,
    signal: ending.signal,
  });
  const guarded = verifier === undefined || options.verify?.scheme === "basic";
  /** The guard refuses what a tunnel or proxy forwards: a guarded source has no public address. */
  const publicUrl = guarded ? undefined : listener.publicUrl;
  const waitMs = options.respond?.waitMs;
  /** An answer with a secret in it is for the sender: no web page may read it, whoever verified the request. */
  const answersSecret = host.isTainted(["respond", "body"]);
  const answerOutcome = createAnswer(options);
  const maxBytes = maxBodyOf(options);
  const challenger = challengerOf(options);
  const routed = routedMethods(options);
  const methods: readonly string[] = options.methods;
  const notAllowed = new Refusal(405, "method not allowed", {
    allow: [...methods, "HEAD"].sort().join(", "),
  });
  const callers = waitMs === undefined ? undefined : createCallers(waitMs, clock);
  const remoteOf = createRemoteReader(options.proxies);
  const pathSecrets = host.cameIn(["path"]);
  const shownPath = hiddenPath(options.path, pathSecrets);
  /** A request may repeat its path: in headers of proxies, in a link. */
  const concealPath = pathSecrets.length === 0 ? undefined : createConcealer(pathSecrets)([]);
  const toleranceMs = options.verify?.timestamp?.toleranceMs ?? defaultToleranceMs;
  const unauthorized = new Refusal(
    401,
    "unauthorized",
    verifier?.challenge === undefined ? {} : { "www-authenticate": verifier.challenge },
  );

  let state: SourceHealth["state"] = "stopped";
  let emit: Emit | undefined;
  let removeRoute: (() => void) | undefined;
  let closed = false;
  let inFlight = 0;
  const whenIdle: (() => void)[] = [];

  let guard: Guard | undefined;
  let guardedAddress: string | undefined;
  /** Made at the first request, and again when the listener has moved: it has no address before it is bound. */
  const refuseForeign: Guard = (request) => {
    const address = listener.address();
    if (guard === undefined || guardedAddress !== address) {
      const known = publicUrl === undefined ? [] : [new URL(publicUrl).host];
      guard = createGuard({
        hosts: [...listener.hosts, ...known],
        address,
        makesEvents: guarded,
        forwarded: !guarded,
      });
      guardedAddress = address;
    }
    return guard(request);
  };

  /** An unsigned challenge in a body that proved nothing. Undefined when it is none. */
  function challengeIn(
    body: Buffer,
    request: IncomingMessage,
    target: string,
  ): Handshake | Refusal | undefined {
    const isAsked = challenger !== undefined && !challenger.signed && !challenger.isInHead;
    if (!isAsked || body.length > maxChallengeBodyBytes) return undefined;
    const payload = parseBody(body, request.headers["content-type"], {
      parse: options.parse,
      formField: verifier?.formField,
    });
    if (payload instanceof Refusal) return undefined;
    return challenger.answer({ target, headers: request.headers, data: payload.data });
  }

  /** What becomes of a request: an event, an answer without one, a refusal; undefined when the client is gone. */
  async function take(
    request: IncomingMessage,
    params: Params,
    keep: (lease: BodyLease) => void,
  ): Promise<Arrival | Handshake | Refusal | undefined> {
    const { headers, method = "GET", url = "/" } = request;
    const foreign = guarded || answersSecret ? refuseForeign(request) : undefined;
    if (foreign !== undefined) return new Refusal(403, foreign);

    const target = originForm(url);
    const { bodies: pool } = listener;
    const asked = challenger?.isInHead === true ? challenger.answer({ target, headers }) : undefined;
    if (asked !== undefined && challenger?.signed === false) {
      const body = await readBody(request, { maxBytes: maxChallengeBodyBytes, clock, pool });
      if (body === undefined || body instanceof Refusal) return body;
      keep(body.lease);
      return asked;
    }
    if (asked === undefined && !methods.includes(method)) return notAllowed;
    const isProven = verifier?.readsBody === false;
    const isInBody = challenger?.isInHead === false && !challenger.signed;
    if (isProven && (await verifier.prepare?.({ method, target, headers, body: nothing })) === "unavailable")
      return keysUnavailable();
    if (isProven && verifier.check({ method, target, headers, body: nothing }) === undefined) {
      if (!isInBody) return unauthorized;
      const body = await readBody(request, { maxBytes: maxChallengeBodyBytes, clock, pool });
      if (body === undefined || body instanceof Refusal) return body;
      keep(body.lease);
      return challengeIn(body.content, request, target) ?? unauthorized;
    }
    const body = await readBody(request, { maxBytes, clock, pool, isProven });
    if (body === undefined || body instanceof Refusal) return body;
    keep(body.lease);
    let proof: Proof | undefined;
    if (verifier !== undefined) {
      const inbound = { method, target, headers, body: body.content };
      if (!isProven && (await verifier.prepare?.(inbound)) === "unavailable") return keysUnavailable();
      // Senders sign what they wrote; whether a proxy or they themselves compressed it afterwards cannot be known.
      proof =
        verifier.check(inbound) ??
        (body.wire === body.content
          ? undefined
          : verifier.check({ method, target, headers, body: body.wire }));
      if (proof === undefined) return challengeIn(body.content, request, target) ?? unauthorized;
      if (!body.lease.prove()) return notTaken();
    }
    const payload = parseBody(body.content, headers["content-type"], {
      parse: options.parse,
      formField: verifier?.formField,
    });
    if (payload instanceof Refusal) return payload;
    const sentAtMs = verifier?.sentAtMs?.(payload.data);
    if (sentAtMs !== undefined && Math.abs(clock.now() - sentAtMs) > toleranceMs) return unauthorized;
    const handshake =
      proof === undefined ? undefined : verifier?.handshake?.(headers, payload.data, proof.secret);
    if (handshake !== undefined) return handshake;
    const challenge = challenger?.answer({ target, headers, data: payload.data });
    if (challenge !== undefined) return challenge;
    // A GET that came for the sake of the challenge, and is none.
    if (!methods.includes(method)) return notAllowed;

    const received = { method, target: url, headers, params, remote: remoteOf(request) };
    const arrival =
      verifier === undefined || proof === undefined
        ? arrivalOf(payload, received, trustOf(options), undefined)
        : concealed(
            arrivalOf(payload, received, trustOf(options), { traits: verifier, proof }),
            verifier.concealer(headers, payload.data),
          );
    const kept =
      concealPath === undefined
        ? arrival
        : {
            ...concealed(arrival, concealPath),
            path: requestPath(arrival.path ?? "", options.path, shownPath),
          };
    return waitMs === undefined ? kept : { ...kept, ttlMs: waitMs };
  }

  function turnAway(response: ServerResponse, refusal: Refusal): void {
    host.refused({ status: refusal.status, reason: refusal.error });
    refuse(response, refusal, clock);
  }

  async function handle(request: IncomingMessage, response: ServerResponse, params: Params): Promise<void> {
    inFlight += 1;
    let lease: BodyLease | undefined;
    try {
      if (request.method === "HEAD") {
        const foreign = guarded || answersSecret ? refuseForeign(request) : undefined;
        return foreign === undefined ? answerHead(response) : turnAway(response, new Refusal(403, foreign));
      }
      const taken = await take(request, params, (kept) => {
        lease = kept;
      });
      if (taken === undefined) return;
      if (taken instanceof Refusal) return turnAway(response, taken);
      if ("status" in taken) return answerHandshake(response, taken);
      if (closed || emit === undefined || callers?.isFull()) return turnAway(response, notTaken());
      const outcome = await emit(taken);
      // It is on the disk: a caller that waits for an answer holds nothing of it.
      lease?.release();
      if (callers?.awaits(outcome)) return await callers.wait(outcome, response);
      answerOutcome(response, outcome);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      // The router, which rejected it, knows of it.
      refuse(response, refusalOf(error), clock);
    } finally {
      lease?.release();
      inFlight -= 1;
      if (inFlight === 0) for (const settle of whenIdle.splice(0)) settle();
    }
  }

  function leave(): void {
    removeRoute?.();
    removeRoute = undefined;
  }

  async function idle(deadline: AbortSignal): Promise<void> {
    if (inFlight === 0 || deadline.aborted) return;
    await Promise.race([new Promise<void>((resolve) => whenIdle.push(resolve)), aborted(deadline)]);
  }

  return {
    async start(to) {
      if (emit !== undefined) throw new Error(`source ${name} was started twice`);
      emit = to;
      state = "starting";
      try {
        const remove = await listener.route({
          path: options.path,
          methods: routed,
          owner: name,
          answersHead: true,
          handle,
        });
        if (closed) return remove();
        removeRoute = remove;
        state = "running";
      } catch (error) {
        state = "failed";
        throw error;
      }
    },
    async drain(deadline) {
      leave();
      await idle(deadline);
    },
    async stop(deadline) {
      leave();
      // Their event is safe. The answer would come to whoever serves next, who does not have these connections.
      callers?.stop();
      await idle(deadline);
      ending.abort();
      closed = true;
      state = "stopped";
    },
    health() {
      const address = listener.address();
      if (state !== "running" || address === undefined) return { state };
      return { state, detail: invite({ ...options, path: shownPath }, { address, publicUrl }).address };
    },
    ...(callers === undefined ? {} : { reply: ({ id }, message) => callers.reply(id, message) }),
    invitation: (sample) =>
      invite(
        { ...options, path: shownPath },
        { address: listener.address() ?? "http://127.0.0.1", publicUrl },
        sample,
      ),
  };
}
