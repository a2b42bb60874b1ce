// The console as pages see it: who asks is checked before anything else of a request is looked at. Loaded at the first
// request.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Identity } from "../browser/identity.ts";
import { openIdentity } from "../browser/identity.ts";
import { isOpenedByPerson } from "../browser/page-opening.ts";
import {
  again,
  createSessions,
  hashOf,
  outdated,
  type Sessions,
  type SignedRequest,
  unmarked,
} from "../browser/signed.ts";
import type { Json, JsonObject } from "../contract.ts";
import { answerJson, answerText, Refusal } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import { createBodyPool } from "../http/body-pool.ts";
import { isObject } from "../json.ts";
import { stackOf, text } from "../text.ts";
import { isCommand, isHeavy, maxBytesOf, runCommand } from "./api.ts";
import { PageFiles, pageHeaders } from "./assets.ts";
import { CallLimits, tooMany } from "./call-limits.ts";
import type { CommandCall } from "./commands/own-commands.ts";
import { EventFeed } from "./event-feed.ts";
import { answerFailure, ConsoleFailure, failureOf, failureOfBody } from "./failure.ts";
import type { ConsoleHost, ConsoleSettings } from "./host.ts";
import { nameOfBrowser, type Pairing } from "./pairing.ts";
import type { EnterAnswer } from "./protocol.ts";
import { originOfRequest } from "./request-origin.ts";
import { LiveStream } from "./stream.ts";

interface ConsoleOptions {
  readonly host: ConsoleHost;
  readonly pairing: Pairing;
  /** Undefined once it is not served any more. */
  settings(): ConsoleSettings | undefined;
  /** Of the page's files. Default that of the package. */
  readonly assets?: PageFiles;
}

/** A checked request. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly settings: ConsoleSettings;
  readonly origin: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const maxHelloBytes = 4 * 1024;
const jsonHeaders = { "cross-origin-resource-policy": "same-origin" } as const;

export class Console {
  readonly #host: ConsoleHost;
  readonly #pairing: Pairing;
  readonly #settings: ConsoleOptions["settings"];
  readonly #assets: PageFiles;
  readonly #limits: CallLimits;
  readonly #pool = createBodyPool({ maxUnprovenBytes: 8 * 1024 * 1024, maxProvenBytes: 32 * 1024 * 1024 });
  readonly #stream: LiveStream;
  /** For programs; `dev` has no journal to read them from. */
  readonly #feed: EventFeed | undefined;
  #identified: Promise<{ readonly identity: Identity; readonly sessions: Sessions }> | undefined;

  constructor({ host, pairing, settings, assets = new PageFiles() }: ConsoleOptions) {
    this.#host = host;
    this.#pairing = pairing;
    this.#settings = settings;
    this.#assets = assets;
    this.#limits = new CallLimits(host.clock);
    this.#stream = new LiveStream(host, () => this.#served());
    const tokenOf = (authorization: string | undefined) => pairing.tokenOf(authorization);
    this.#feed = host.state && new EventFeed({ state: host.state, tokenOf });
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) this.#host.log.error(text`console: ${stackOf(error)}`);
      answerFailure(
        response,
        failure ?? new ConsoleFailure(500, "internal", "internal error: the router's log has it"),
        (shown) => this.#host.mask(shown),
        this.#host.clock,
      );
    }
  }

  /** How many pages are open. */
  get pages(): number {
    return this.#stream.count;
  }

  /** Of a browser or a program that may no longer come in. */
  revoke(id: string): void {
    this.#stream.revoke(id);
    this.#feed?.revoke(id);
  }

  close(): void {
    this.#stream.close();
    this.#feed?.close();
  }

  #served(): ConsoleSettings {
    const settings = this.#settings();
    if (settings === undefined)
      throw new ConsoleFailure(503, "starting", "the console is closing: try again");
    return settings;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const settings = this.#served();
    const named = originOfRequest(request, settings);
    const { pathname: path, searchParams: query } = urlOf(request);
    if ("redirect" in named && path === "/" && isReading(request))
      return answerText(response, 307, "", "text/plain", { location: `${named.redirect}/` });
    if (!("origin" in named))
      throw new ConsoleFailure(403, "foreign", "refused" in named ? named.refused : `open ${named.redirect}`);
    const visit: Visit = { request, response, settings, origin: named.origin, path, query };
    if (isReading(request)) return this.#read(visit);
    if (request.method !== "POST") throw new ConsoleFailure(405, "bad_request", "method not allowed");
    if (path === "/hello") return this.#hello(visit);
    if (path === "/enter") return this.#enter(visit);
    if (path.startsWith("/api/")) return this.#command(visit, path.slice("/api/".length));
    if (path.startsWith("/chat/")) return this.#chat(visit);
    throw unknownPath();
  }

  async #read(visit: Visit): Promise<void> {
    const { request, response, origin, path } = visit;
    if (path === "/") {
      const { identity } = await this.#identify();
      const mark = isOpenedByPerson(request) ? identity.markPage(origin, this.#host.clock.now()) : "";
      return answerText(
        response,
        200,
        await this.#assets.page(mark),
        "text/html; charset=utf-8",
        pageHeaders,
      );
    }
    if (path.startsWith("/assets/")) {
      if (await this.#assets.answer(path.slice("/assets/".length), request, response)) return;
      throw unknownPath();
    }
    if (path === "/stream") return this.#follow(visit);
    if (path.startsWith("/chat/")) return this.#chat(visit);
    if (this.#feed?.serve(request, response) === true) return;
    throw unknownPath();
  }

  async #hello(visit: Visit): Promise<void> {
    const fields = await this.#body(visit, maxHelloBytes);
    const { sessions } = await this.#identify();
    const answer = sessions.hello(fields, visit.origin);
    if (answer instanceof Refusal) throw new ConsoleFailure(400, "bad_request", answer.error);
    answerJson(visit.response, 200, answer, jsonHeaders);
  }

  /** With a code it lets this browser in; without one it says whether it is known. */
  async #enter(visit: Visit): Promise<void> {
    const by = await this.#author(visit);
    this.#limits.count(by.browser);
    const { code } = await this.#body(visit, maxHelloBytes, by);
    const entering = { id: by.browser, key: by.key };
    if (typeof code === "string") {
      const name = nameOfBrowser(visit.request.headers["user-agent"]);
      const result = await this.#pairing.enter(code.slice(0, 100), { ...entering, name });
      if (result === "limited") throw tooMany();
      if (result === "wrong")
        throw new ConsoleFailure(
          401,
          "code",
          "this code is wrong, was used before, or is older than ten minutes",
          "type  channel-router console  at a terminal for another one",
        );
    } else if (!this.#pairing.knows(entering)) throw unknownBrowser();
    const answer: EnterAnswer = { browser: by.browser, read_only: visit.settings.readOnly };
    answerJson(visit.response, 200, answer, jsonHeaders);
  }

  async #command(visit: Visit, name: string): Promise<void> {
    const by = await this.#known(visit);
    if (!isCommand(name))
      throw new ConsoleFailure(404, "unknown_command", `no command "${name.slice(0, 40)}"`);
    const args = await this.#body(visit, maxBytesOf(name), by);
    const gone = new AbortController();
    const { response, settings } = visit;
    response.once("close", () => gone.abort());
    const call: CommandCall = {
      host: this.#host,
      settings,
      pairing: this.#pairing,
      browser: by.browser,
      signal: gone.signal,
    };
    const answer = await this.#limits.run(isHeavy(name), () => runCommand(name, args, call));
    answerJson(response, 200, answer, jsonHeaders);
  }

  async #follow(visit: Visit): Promise<void> {
    const by = await this.#known(visit);
    const after = visit.query.get("after") ?? undefined;
    if (!(await this.#stream.open(visit.response, by.browser, after)))
      throw new ConsoleFailure(429, "too_many", "too many pages are open");
  }

  /** A room of a webchat source, shown by the page of the console. */
  async #chat(visit: Visit): Promise<void> {
    const by = await this.#known(visit);
    const [, , source = "", ...rest] = visit.path.split("/");
    const page = pageOf(this.#host, source);
    if (page === undefined)
      throw new ConsoleFailure(404, "bad_request", `no running source "${source.slice(0, 40)}" has a page`);
    if (visit.settings.readOnly && visit.request.method === "POST")
      throw new ConsoleFailure(403, "read_only", "this console is read-only");
    await page.serve(`/${rest.join("/")}`, by, visit.request, visit.response);
  }

  /** Who signed it; not yet whether they may come in. */
  async #author({ request, origin }: Visit): Promise<SignedRequest> {
    const { sessions } = await this.#identify();
    const by = sessions.check(request, origin);
    if (!(by instanceof Refusal)) return by;
    const code =
      by === again ? "hello" : by === unmarked || by === outdated ? ("page" as const) : "signature";
    throw new ConsoleFailure(401, code, by.error);
  }

  async #known(visit: Visit): Promise<SignedRequest> {
    const by = await this.#author(visit);
    if (!this.#pairing.knows({ id: by.browser, key: by.key })) throw unknownBrowser();
    this.#limits.count(by.browser);
    return by;
  }

  /** `by`: of a signed request, whose body has to be the one that was signed. */
  async #body({ request }: Visit, maxBytes: number, by?: SignedRequest): Promise<JsonObject> {
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
      throw new ConsoleFailure(415, "bad_request", "send JSON, as application/json");
    const { clock } = this.#host;
    const body = await readBody(request, {
      maxBytes,
      clock,
      pool: this.#pool,
      isProven: by !== undefined,
    });
    if (body === undefined) throw new ConsoleFailure(400, "bad_request", "the request was cut off");
    if (body instanceof Refusal) throw failureOfBody(body);
    const isSigned = by === undefined || hashOf(body.wire) === by.bodyHash;
    body.lease.release();
    if (!isSigned) throw new ConsoleFailure(401, "signature", "this is not the body that was signed");
    try {
      const value = JSON.parse(body.content.toString()) as Json;
      if (isObject(value)) return value;
    } catch {
      // Handled like JSON of another kind.
    }
    throw new ConsoleFailure(400, "bad_request", "the body is not a JSON object");
  }

  #identify() {
    this.#identified ??= openIdentity(this.#pairing.store, "console").then((identity) => ({
      identity,
      sessions: createSessions(identity, this.#host.clock),
    }));
    this.#identified.catch(() => {
      this.#identified = undefined;
    });
    return this.#identified;
  }
}

function pageOf({ state }: ConsoleHost, source: string) {
  return (state?.running()?.router as { page?(name: string): SourcePage | undefined } | undefined)?.page?.(
    source,
  );
}

/** As a source with a page offers it: see contract/page.ts. */
interface SourcePage {
  serve(
    path: string,
    by: Pick<SignedRequest, "browser" | "bodyHash">,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>;
}

function isReading({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  return URL.canParse(url, "http://console.invalid")
    ? new URL(url, "http://console.invalid")
    : new URL("http://console.invalid/unreadable");
}

function unknownPath(): ConsoleFailure {
  return new ConsoleFailure(404, "bad_request", "no such path");
}

function unknownBrowser(): ConsoleFailure {
  return new ConsoleFailure(
    401,
    "unknown_browser",
    "this browser is not known to the router",
    "type  channel-router console  at a terminal of this machine",
  );
}
