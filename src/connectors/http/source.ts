// One route: receives a request, verifies it, makes an event of it, and answers only when the event is
// durable. The order is fixed: guard, body, verification, handshake, payload, emit. Nothing unverified is
// parsed, except the few bytes of a first call.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { EndpointInfo, Sample } from "../../contract/event.ts";
import type { BodyLease, Host } from "../../contract/host.ts";
import type { Arrival, Emit, Outcome, Source, SourceHealth } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";
import { Refusal, refuse } from "../../http/answer.ts";
import { readBody } from "../../http/body.ts";
import { createGuard, type Guard } from "../../http/guard.ts";
import { line } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import { runAtOnce, runInSlices, yieldToEventLoop } from "../../yield-to-event-loop.ts";
import {
  answerHandshake,
  answerHead,
  createAnswer,
  keysUnavailable,
  maxBodyOf,
  notTaken,
  refusalOf,
} from "./answers.ts";
import { type Callers, createCallers } from "./callers.ts";
import { describeEndpoint } from "./endpoint-info.ts";
import { arrivalOf, concealSteps, originForm, readingOf, trustOf } from "./event.ts";
import { challengerOf, learnsSecret, routedMethods } from "./first-call.ts";
import { createLearnedSecret, type LearnedSecret } from "./learned-secret.ts";
import type { HttpOptions } from "./options.ts";
import { parseBody, parseSteps } from "./parse-body.ts";
import { hiddenPath, requestPath } from "./path.ts";
import { createRemoteReader, type RemoteReader } from "./remote.ts";
import { type Challenger, maxChallengeBodyBytes } from "./verify/challenge.ts";
import { type Conceal, createConcealer } from "./verify/conceal.ts";
import { createVerifier } from "./verify/scheme.ts";
import { defaultToleranceMs } from "./verify/signature.ts";
import type { Handshake, Proof, Verification, Verifier } from "./verify/verifier.ts";

type Params = Readonly<Record<string, string>>;

const nothing = Buffer.alloc(0);
/** A larger body is handled in several turns of the event loop. */
const largeBytes = 65_536;

export function createHttpSource(name: string, options: HttpOptions, host: Host): Source {
  return new HttpSource(name, options, host);
}

class HttpSource implements Source {
  readonly #name: string;
  readonly #options: HttpOptions;
  readonly #host: Host;
  readonly #clock: Host["clock"];
  readonly #listener: Host["listener"];
  readonly #ending = new AbortController();
  #verifier: Verifier | undefined;
  /** For a sender that chooses the secret itself. */
  readonly #learned: LearnedSecret | undefined;
  readonly #guarded: boolean;
  /** The guard rejects forwarded requests of tunnels and proxies: a guarded source has no public address. */
  readonly #publicUrl: string | undefined;
  readonly #waitMs: number | undefined;
  /**
   * An answer that contains a secret is for the sender: no web page may read it, even after the
   * request was verified.
   */
  readonly #answersSecret: boolean;
  readonly #answerOutcome: (response: ServerResponse, outcome: Outcome) => void;
  readonly #maxBytes: number;
  readonly #challenger: Challenger | undefined;
  readonly #routed: string[];
  readonly #methods: readonly string[];
  readonly #notAllowed: Refusal;
  readonly #callers: Callers | undefined;
  readonly #remoteOf: RemoteReader;
  readonly #shownPath: string;
  /** A request may repeat its path: in proxy headers, in a link. */
  readonly #concealPath: Conceal | undefined;
  readonly #toleranceMs: number;
  readonly #unauthorized: Refusal;
  #state: SourceHealth["state"] = "stopped";
  #emit: Emit | undefined;
  #removeRoute: (() => void) | undefined;
  #closed = false;
  #inFlight = 0;
  readonly #whenIdle: (() => void)[] = [];
  /**
   * Built at the first request, and again when the listener has moved: it has no address before it is bound.
   */
  readonly #refuseForeign: Guard;
  readonly reply?: NonNullable<Source["reply"]>;

  constructor(name: string, options: HttpOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
    const { clock, listener } = host;
    this.#clock = clock;
    this.#listener = listener;
    this.#learned = learnsSecret(options) ? createLearnedSecret(host.store) : undefined;
    const verifier = this.#verifierWith(undefined);
    this.#verifier = verifier;
    const guarded = verifier === undefined || options.verify?.scheme === "basic";
    this.#guarded = guarded;
    const publicUrl = guarded ? undefined : listener.publicUrl;
    this.#publicUrl = publicUrl;
    const waitMs = options.respond?.waitMs;
    this.#waitMs = waitMs;
    this.#answersSecret = host.isTainted(["respond", "body"]);
    this.#answerOutcome = createAnswer(options);
    this.#maxBytes = maxBodyOf(options);
    this.#challenger = challengerOf(options);
    this.#routed = routedMethods(options);
    const methods: readonly string[] = options.methods;
    this.#methods = methods;
    this.#notAllowed = new Refusal(405, "method not allowed", {
      allow: [...methods, "HEAD"].sort().join(", "),
    });
    const callers = waitMs === undefined ? undefined : createCallers(waitMs, clock);
    this.#callers = callers;
    this.#remoteOf = createRemoteReader(options.proxies);
    const pathSecrets = host.cameIn(["path"]);
    this.#shownPath = hiddenPath(options.path, pathSecrets);
    this.#concealPath = pathSecrets.length === 0 ? undefined : createConcealer(pathSecrets)([]);
    this.#toleranceMs = options.verify?.timestamp?.toleranceMs ?? defaultToleranceMs;
    this.#unauthorized = new Refusal(
      401,
      "unauthorized",
      verifier?.challenge === undefined ? {} : { "www-authenticate": verifier.challenge },
    );
    let guard: Guard | undefined;
    let guardedAddress: string | undefined;
    this.#refuseForeign = (request) => {
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
    if (!(callers === undefined)) {
      this.reply = ({ id }, message) => callers.reply(id, message);
    }
  }

  async start(to: Emit): Promise<void> {
    if (this.#emit !== undefined) throw new Error(`source ${this.#name} was started twice`);
    this.#emit = to;
    this.#state = "starting";
    try {
      this.#useSecret();
      const remove = await this.#listener.route({
        path: this.#options.path,
        methods: this.#routed,
        sourceName: this.#name,
        answersHead: true,
        handle: (request: IncomingMessage, response: ServerResponse, params: Params) =>
          this.#handle(request, response, params),
      });
      if (this.#closed) return remove();
      this.#removeRoute = remove;
      this.#state = "running";
    } catch (error) {
      this.#state = "failed";
      throw error;
    }
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#leave();
    await this.#idle(deadline);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#leave();
    // Their event is durable. The answer would reach the next leader, which does not have these connections.
    this.#callers?.stop();
    await this.#idle(deadline);
    this.#ending.abort();
    this.#closed = true;
    this.#state = "stopped";
  }

  health(): SourceHealth {
    const address = this.#listener.address();
    if (this.#state !== "running" || address === undefined) return { state: this.#state };
    return {
      state: this.#state,
      detail: describeEndpoint(
        { ...this.#options, path: this.#shownPath },
        { address, publicUrl: this.#publicUrl },
      ).address,
    };
  }

  endpointInfo(sample: Sample | undefined): EndpointInfo {
    return describeEndpoint(
      { ...this.#options, path: this.#shownPath },
      { address: this.#listener.address() ?? "http://127.0.0.1", publicUrl: this.#publicUrl },
      sample,
    );
  }

  #verifierWith(secret: string | undefined): Verifier | undefined {
    const { verify } = this.#options;
    const { clock, listener, http } = this.#host;
    const options = verify === undefined || secret === undefined ? verify : { ...verify, secret };
    return createVerifier(options, clock, listener.publicUrl, { http, signal: this.#ending.signal });
  }

  #useSecret(): void {
    const secret = this.#learned?.get();
    if (secret !== undefined) this.#verifier = this.#verifierWith(secret);
  }

  /** The first secret that a sender offers is its secret. */
  async #learn(answer: Handshake, secret: string): Promise<Handshake | Refusal> {
    if (this.#learned === undefined) return answer;
    const { log } = this.#host;
    const isNew = this.#learned.get() === undefined;
    if (!(await this.#learned.offer(secret))) {
      log.warn(
        line`source ${this.#name}: refused a secret that a first call offered: it is too short, or another secret is stored`,
      );
      return new Refusal(403, "another secret is stored");
    }
    this.#useSecret();
    if (isNew) log.info(line`source ${this.#name}: stored the secret of the sender's first call`);
    return answer;
  }

  /** An unsigned challenge in an unverified body. Undefined when it is not a challenge. */
  #challengeIn(body: Buffer, request: IncomingMessage, target: string): Handshake | Refusal | undefined {
    const isAsked = this.#challenger !== undefined && !this.#challenger.signed && !this.#challenger.isInHead;
    if (!isAsked || body.length > maxChallengeBodyBytes) return undefined;
    const { headers } = request;
    const payload = parseBody(
      body,
      headers["content-type"],
      readingOf(this.#options, headers, this.#verifier),
    );
    if (payload instanceof Refusal) return undefined;
    return this.#challenger.answer({ target, headers, data: payload.data });
  }

  /**
   * The outcome of a request: an event, an answer without one, a refusal; undefined when the client is gone.
   */
  async #take(
    request: IncomingMessage,
    params: Params,
    keep: (lease: BodyLease) => void,
  ): Promise<Arrival | Handshake | Refusal | undefined> {
    const { headers, method = "GET", url = "/" } = request;
    const verifier = this.#verifier;
    const foreign = this.#guarded || this.#answersSecret ? this.#refuseForeign(request) : undefined;
    if (foreign !== undefined) return new Refusal(403, foreign);

    const target = originForm(url);
    const { bodies: pool } = this.#listener;
    const reading = readingOf(this.#options, headers, verifier);
    const asked =
      this.#challenger?.isInHead === true ? this.#challenger.answer({ target, headers }) : undefined;
    if (asked !== undefined && this.#challenger?.signed === false) {
      const body = await readBody(request, { maxBytes: maxChallengeBodyBytes, clock: this.#clock, pool });
      if (body === undefined || body instanceof Refusal) return body;
      keep(body.lease);
      return asked instanceof Refusal || !this.#methods.includes(method)
        ? asked
        : this.#learn(asked, this.#challenger.textIn({ target, headers }));
    }
    if (asked === undefined && !this.#methods.includes(method)) return this.#notAllowed;
    const isProven = verifier?.readsBody === false;
    const isInBody = this.#challenger?.isInHead === false && !this.#challenger.signed;
    if (
      isProven &&
      (await verifier.prepare?.({ method, target, headers, body: nothing, reading })) === "unavailable"
    )
      return keysUnavailable();
    if (isProven && verifier.check({ method, target, headers, body: nothing, reading }) === undefined) {
      if (!isInBody) return this.#unauthorized;
      const body = await readBody(request, { maxBytes: maxChallengeBodyBytes, clock: this.#clock, pool });
      if (body === undefined || body instanceof Refusal) return body;
      keep(body.lease);
      return this.#challengeIn(body.content, request, target) ?? this.#unauthorized;
    }
    const body = await readBody(request, { maxBytes: this.#maxBytes, clock: this.#clock, pool, isProven });
    if (body === undefined || body instanceof Refusal) return body;
    keep(body.lease);
    let proof: Proof | undefined;
    if (verifier !== undefined) {
      const inbound = { method, target, headers, body: body.content, reading };
      if (!isProven && (await verifier.prepare?.(inbound)) === "unavailable") return keysUnavailable();
      // Senders sign the uncompressed body; whether a proxy or they themselves compressed it afterwards is
      // unknown.
      proof =
        verifier.check(inbound) ??
        (body.wire === body.content ? undefined : verifier.check({ ...inbound, body: body.wire }));
      if (proof === undefined) return this.#challengeIn(body.content, request, target) ?? this.#unauthorized;
      if (!body.lease.prove()) return notTaken();
    }
    const isLarge = body.content.length > largeBytes;
    // Its proof took time in proportion to it.
    if (isLarge) await yieldToEventLoop();
    const run = isLarge ? runInSlices : runAtOnce;
    const payload = await run(parseSteps(body.content, headers["content-type"], reading));
    if (payload instanceof Refusal) return payload;
    const sentAtMs = verifier?.sentAtMs?.(payload.data);
    if (sentAtMs !== undefined && Math.abs(this.#clock.now() - sentAtMs) > this.#toleranceMs)
      return this.#unauthorized;
    const handshake =
      proof === undefined ? undefined : verifier?.handshake?.(headers, payload.data, proof.secret);
    if (handshake !== undefined) return handshake;
    const confirmed = proof === undefined ? undefined : verifier?.confirm?.(payload.data);
    if (confirmed !== undefined) return this.#answerConfirmation(await confirmed);
    const challenge = this.#challenger?.answer({ target, headers, data: payload.data });
    if (challenge !== undefined) return challenge;
    // A GET that is accepted only for challenges, and is not one.
    if (!this.#methods.includes(method)) return this.#notAllowed;

    const received = { method, target: url, headers, params, remote: this.#remoteOf(request) };
    const arrival =
      verifier === undefined || proof === undefined
        ? arrivalOf(payload, received, trustOf(this.#options), undefined)
        : await run(
            concealSteps(
              arrivalOf(payload, received, trustOf(this.#options), { traits: verifier, proof }),
              verifier.concealer(headers, payload.data),
            ),
          );
    const kept =
      this.#concealPath === undefined
        ? arrival
        : {
            ...(await run(concealSteps(arrival, this.#concealPath))),
            path: requestPath(arrival.path ?? "", this.#options.path, this.#shownPath),
          };
    return this.#waitMs === undefined ? kept : { ...kept, ttlMs: this.#waitMs };
  }

  #answerConfirmation(confirmed: Verification): Handshake | Refusal {
    const { log } = this.#host;
    if ("topic" in confirmed) {
      log.info(line`source ${this.#name}: confirmed the subscription to ${confirmed.topic}`);
      return { status: 200, body: { ok: true } };
    }
    log.warn(
      line`source ${this.#name}: the subscription could not be confirmed (${confirmed.failure}); request another confirmation in the console of the sender`,
    );
    return new Refusal(503, "the subscription could not be confirmed");
  }

  #turnAway(response: ServerResponse, refusal: Refusal): void {
    this.#host.refused({ status: refusal.status, reason: refusal.error });
    refuse(response, refusal, this.#clock);
  }

  async #handle(request: IncomingMessage, response: ServerResponse, params: Params): Promise<void> {
    this.#inFlight += 1;
    const receivedMs = this.#clock.now();
    let lease: BodyLease | undefined;
    try {
      if (request.method === "HEAD") {
        const foreign = this.#guarded || this.#answersSecret ? this.#refuseForeign(request) : undefined;
        return foreign === undefined
          ? answerHead(response)
          : this.#turnAway(response, new Refusal(403, foreign));
      }
      const taken = await this.#take(request, params, (kept) => {
        lease = kept;
      });
      if (taken === undefined) return;
      if (taken instanceof Refusal) return this.#turnAway(response, taken);
      if ("status" in taken) return answerHandshake(response, taken);
      if (this.#closed || this.#emit === undefined || this.#callers?.isFull())
        return this.#turnAway(response, notTaken());
      const outcome = await this.#emit({ ...taken, receivedMs });
      // It is on disk: a caller that waits for an answer holds no memory for it.
      lease?.release();
      if (this.#callers?.awaits(outcome)) return await this.#callers.wait(outcome, response);
      this.#answerOutcome(response, outcome);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      // The router, which rejected it, has already counted it.
      refuse(response, refusalOf(error), this.#clock);
    } finally {
      lease?.release();
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const settle of this.#whenIdle.splice(0)) settle();
    }
  }

  #leave(): void {
    this.#removeRoute?.();
    this.#removeRoute = undefined;
  }

  async #idle(deadline: AbortSignal): Promise<void> {
    if (this.#inFlight === 0 || deadline.aborted) return;
    await Promise.race([new Promise<void>((resolve) => this.#whenIdle.push(resolve)), aborted(deadline)]);
  }
}
