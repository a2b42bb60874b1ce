// A page on the listener, for the user of this machine. Each browser creates its own key and signs with it;
// its messages are accepted once the user approved it, as in every chat.

import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Identity, openIdentity } from "../../browser/identity.ts";
import { originOf } from "../../browser/origin.ts";
import { isOpenedByPerson } from "../../browser/page-opening.ts";
import { again, createSessions, type Sessions } from "../../browser/signed.ts";
import type { AnsweredEvent, Chat, Message, PermissionButton } from "../../contract/chat.ts";
import type { EndpointInfo } from "../../contract/event.ts";
import type { Host, Route, SourceHealth } from "../../contract/host.ts";
import type { PageVisitor, SourcePage } from "../../contract/page.ts";
import type { Emit, Json, Source } from "../../contract.ts";
import { DeliveryError, isRouterError } from "../../errors.ts";
import { answerJson, answerText, Refusal, refuse } from "../../http/answer.ts";
import { createGuard } from "../../http/guard.ts";
import { aborted } from "../../waiting.ts";
import { asShown, shownHash, WebchatSender } from "./chat.ts";
import { readForm, readJson, writtenOf } from "./incoming.ts";
import type { WebchatOptions } from "./options.ts";
import { page, pageHeaders } from "./page.ts";
import { openRooms, type Rooms } from "./rooms.ts";
import { createStreams, type Streams } from "./streams.ts";
import { notLetIn, senderOf, takeWritten, unseen } from "./take.ts";

/** The requests of a page, by the rest of the path. */
type Action = (
  request: IncomingMessage,
  response: ServerResponse,
  by: PageVisitor,
  params: Readonly<Record<string, string>>,
) => Promise<Json | Refusal | undefined>;

type Handled = Parameters<Route["handle"]>;

const pageRoute = "GET ";
const helloRoute = "POST /hello";
const maxUploads = 4;
const sessionsEveryMs = 2_000;
const retryAfter = { "retry-after": "1" };
const notAccepted = new Refusal(503, "not accepted, try again", retryAfter);

export function createWebchatSource(name: string, options: WebchatOptions, host: Host): Source {
  return new WebchatSource(name, options, host);
}

class WebchatSource implements Source {
  readonly #name: string;
  readonly #options: WebchatOptions;
  readonly #host: Host;
  readonly #reading;
  readonly #path: string;
  /** A secret in it is meant for those who open the page, not for Claude. */
  readonly #shownPath: string;
  readonly #streams: Streams;
  #rooms: Rooms | undefined;
  #emit: Emit | undefined;
  #closed = false;
  #cancelWatch: () => void = () => {};
  readonly #removeRoutes: (() => void)[] = [];
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #live: Rooms;
  readonly #speaker: WebchatSender;
  readonly #actions: Readonly<Record<string, Action>>;
  #identified: Promise<{ readonly identity: Identity; readonly sessions: Sessions }> | undefined;
  readonly chat;
  readonly page: SourcePage = { serve: (...args) => this.#track(this.#serve(...args)) };

  constructor(name: string, options: WebchatOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
    const { listener, clock, people } = host;
    const reading = { clock, pool: listener.bodies };
    this.#reading = reading;
    const path = options.path.replace(/\/+$/, "");
    this.#path = path;
    this.#shownPath = host.cameIn(["path"]).length === 0 ? path : "/•••";
    const streams = createStreams(clock);
    this.#streams = streams;
    let uploads = 0;
    const watchSessions = (known: number) => this.#watchSessions(known);
    const live: Rooms = {
      of: (browser) => this.#opened().of(browser),
      seenBy: (browser) => this.#opened().seenBy(browser),
      passingBy: (browser) => this.#opened().passingBy(browser),
      find: (browser, id) => this.#opened().find(browser, id),
      expect: (browser, message) => this.#opened().expect(browser, message),
      put: (browser, message) => this.#opened().put(browser, message),
      change: (browser, id, to) => this.#opened().change(browser, id, to),
      show: (browser, message) => this.#opened().show(browser, message),
    };
    this.#live = live;
    this.#speaker = new WebchatSender({
      rooms: live,
      host,
      typing: ({ browser, room }) => streams.send(browser, "typing", { room }),
      isKnown: (browser) => live.of(browser).length > 0 || streams.count(browser) > 0,
    });
    this.#actions = {
      async "GET /stream"(_request, response, { browser }) {
        const isLetIn = await people.admits(browser);
        const known = await people.knows(browser);
        // From here to `open` nothing may be awaited: a message of that time would neither be history nor be sent.
        const messages = isLetIn ? live.seenBy(browser) : live.passingBy(browser);
        const sessions = people.sessions();
        const first = { browser, known, sessions, messages: messages.map(asShown) };
        if (!streams.open(browser, response, first, isLetIn))
          return new Refusal(429, "too many pages are open", retryAfter);
        watchSessions(sessions);
        return undefined;
      },
      "POST /messages": async (request, _response, { browser, bodyHash }) => {
        const fields = await readJson(request, reading, bodyHash);
        if (fields === undefined || fields instanceof Refusal) return fields;
        return this.#taken(writtenOf(fields), browser);
      },
      "POST /upload": async (request, _response, { browser, bodyHash }) => {
        // The body is read only for browsers that were approved before.
        if (!(await people.admits(browser)))
          return new Refusal(403, "this browser is not approved: write something first");
        // The whole form is held in memory.
        if (uploads >= maxUploads) return new Refusal(429, "too many files come at once", retryAfter);
        uploads += 1;
        try {
          const written = await readForm(request, options.maxUploadBytes, reading, bodyHash);
          return written === undefined ? undefined : await this.#taken(written, browser);
        } finally {
          uploads -= 1;
        }
      },
      async "POST /press"(request, _response, { browser, bodyHash }) {
        const fields = await readJson(request, reading, bodyHash);
        if (fields === undefined || fields instanceof Refusal) return fields;
        const { prompt, button, shown } = fields;
        if (typeof prompt !== "string" || !["more", "allow", "deny"].includes(String(button)))
          return new Refusal(400, "prompt and button are missing");
        const sent = button === "allow" ? shownHash(live, browser, prompt) : undefined;
        if (sent !== undefined && sent !== shown) return unseen;
        const answer = await people.press({
          sender: senderOf(browser, undefined),
          promptId: prompt,
          button: button as PermissionButton,
        });
        return answer.show === "notice" ? { notice: answer.text } : {};
      },
      async "GET /files/:file"(request, response, { browser }, { file: id = "" }) {
        const isLetIn = await people.admits(browser);
        const files = isLetIn ? live.of(browser).flatMap((message) => message.files ?? []) : [];
        const file = files.find((one) => one.id === id);
        if (file === undefined) return new Refusal(404, "this file does not exist any more");
        const content = createReadStream(file.path);
        try {
          await new Promise((resolve, reject) => content.once("open", resolve).once("error", reject));
        } catch {
          return new Refusal(404, "this file does not exist any more");
        }
        response.writeHead(200, {
          "content-type": "application/octet-stream",
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
          "content-security-policy": "sandbox",
        });
        await pipeline(content, response).catch(() => request.destroy());
        return undefined;
      },
    };
    this.chat = this.#speaker satisfies Chat;
  }

  async start(to: Emit): Promise<void> {
    if (this.#emit !== undefined) throw new Error(`source ${this.#name} was started twice`);
    this.#emit = to;
    for (const route of [pageRoute, helloRoute, ...Object.keys(this.#actions)]) {
      const [method = "", rest = ""] = route.split(" ");
      const remove = await this.#host.listener.route({
        path: `${this.#path}${rest}`,
        methods: [method],
        sourceName: this.#name,
        answersHead: route === pageRoute,
        handle: (...args) => this.#track(this.#handle(route, ...args)),
      });
      this.#removeRoutes.push(remove);
    }
    if (this.#closed) this.#leave();
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#leave();
    await this.#idle(deadline);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#leave();
    await this.#idle(deadline);
    this.#closed = true;
  }

  health(): SourceHealth {
    if (this.#closed || this.#emit === undefined) return { state: "stopped" };
    const address = this.#host.listener.address();
    return address === undefined
      ? { state: "starting" }
      : { state: "running", detail: `${address}${this.#shownPath}` };
  }

  reply(event: AnsweredEvent, message: Message): Promise<string> {
    return this.#speaker.answer(event, message);
  }

  endpointInfo(): EndpointInfo {
    return { address: `${this.#host.listener.address() ?? "http://127.0.0.1"}${this.#shownPath}` };
  }

  /** The stored messages are read on first use. */
  #opened(): Rooms {
    this.#rooms ??= openRooms({
      store: this.#host.store,
      limit: this.#options.history,
      shown: (browser, message) => this.#streams.send(browser, "message", asShown(message)),
    });
    return this.#rooms;
  }

  #take(written: Parameters<typeof takeWritten>[0], browser: string) {
    return takeWritten(written, browser, {
      rooms: this.#live,
      speaker: this.#speaker,
      host: this.#host,
      maxUploadBytes: this.#options.maxUploadBytes,
      ackReaction: this.#options.ackReaction,
      emit: async (arrival) => {
        if (this.#closed) throw new DeliveryError("E_SESSION_CLOSED", "the source has stopped");
        return (this.#emit as Emit)(arrival);
      },
    });
  }

  async #taken(written: ReturnType<typeof writtenOf>, browser: string): Promise<Json | Refusal> {
    if (written instanceof Refusal) return written;
    const outcome = await this.#take(written, browser);
    if (outcome instanceof Refusal) return outcome;
    if (outcome === "answered") return { id: written.id, outcome };
    return { id: written.id, outcome: outcome.outcome, event_id: outcome.eventId };
  }

  /** A stop waits for it. */
  #track(handling: Promise<void>): Promise<void> {
    const handled = handling.finally(() => this.#inFlight.delete(handled));
    this.#inFlight.add(handled);
    return handled;
  }

  #turnAway(response: ServerResponse, refusal: Refusal): void {
    // A page that continues with another process needs no notification.
    if (refusal !== notLetIn && refusal !== again)
      this.#host.refused({ status: refusal.status, reason: refusal.error });
    refuse(response, refusal, this.#host.clock);
  }

  /** At the first request: a page that is never opened leaves nothing in the journal. */
  #identify() {
    this.#identified ??= openIdentity(this.#host.store, "webchat").then((identity) => ({
      identity,
      sessions: createSessions(identity, this.#host.clock),
    }));
    this.#identified.catch(() => {
      this.#identified = undefined;
    });
    return this.#identified;
  }

  /**
   * The page itself, marked as the router's own when the user opened it: by its address, not by a script of
   * another page.
   */
  async #showPage(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    const { identity } = await this.#identify();
    const mark = isOpenedByPerson(request) ? identity.markPage(origin, this.#host.clock.now()) : "";
    answerText(response, 200, page(this.#name, mark), "text/html; charset=utf-8", pageHeaders);
  }

  async #act(
    route: string,
    origin: string,
    ...[request, response, params]: Handled
  ): Promise<Json | Refusal | undefined> {
    const { sessions } = await this.#identify();
    if (route === helloRoute) {
      const fields = await readJson(request, this.#reading);
      return fields === undefined || fields instanceof Refusal ? fields : sessions.hello(fields, origin);
    }
    const by = sessions.check(request, origin);
    return by instanceof Refusal ? by : this.#actions[route]?.(request, response, by, params);
  }

  /** The guard blocks pages of other sites, the key blocks other users of this machine. */
  async #handle(route: string, ...[request, response, params]: Handled): Promise<void> {
    const address = this.#host.listener.address();
    const foreign = createGuard({ hosts: this.#host.listener.hosts, address })(request);
    if (foreign !== undefined) return this.#turnAway(response, new Refusal(403, foreign));
    const named = originOf(request.headers.host, { address, hosts: this.#host.listener.hosts });
    if ("redirect" in named && route === pageRoute)
      return answerText(response, 307, "", "text/plain", { location: `${named.redirect}${this.#path}` });
    if (!("origin" in named))
      return this.#turnAway(
        response,
        new Refusal(403, "refused" in named ? named.refused : `open it as ${named.redirect}`),
      );
    const { origin } = named;
    if (route === pageRoute)
      return this.#orTryAgain(response, () => this.#showPage(request, response, origin));
    return this.#answer(response, route === helloRoute ? 200 : 202, () =>
      this.#act(route, origin, request, response, params),
    );
  }

  /** For the console, which verified who asks. */
  async #serve(
    path: string,
    by: PageVisitor,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const file = /^\/files\/([\w-]+)$/.exec(path)?.[1];
    const action = this.#actions[`${request.method} ${file === undefined ? path : "/files/:file"}`];
    if (action === undefined) return this.#turnAway(response, new Refusal(404, "this page has no such path"));
    return this.#answer(response, 202, () =>
      action(request, response, by, file === undefined ? {} : { file }),
    );
  }

  async #answer(
    response: ServerResponse,
    status: number,
    act: () => Promise<Json | Refusal | undefined>,
  ): Promise<void> {
    if (this.#closed || this.#emit === undefined) return this.#turnAway(response, notAccepted);
    return this.#orTryAgain(response, async () => {
      const result = await act();
      if (result instanceof Refusal) this.#turnAway(response, result);
      else if (result !== undefined) answerJson(response, status, result);
    });
  }

  async #orTryAgain(response: ServerResponse, answer: () => Promise<void>): Promise<void> {
    try {
      await answer();
    } catch (error) {
      if (!isRouterError(error)) throw error;
      this.#turnAway(response, notAccepted);
    }
  }

  /** Notifies open pages when the number of sessions changes. */
  #watchSessions(known: number): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#host.clock.after(sessionsEveryMs, () => {
      if (this.#streams.count() === 0) return;
      const sessions = this.#host.people.sessions();
      if (sessions !== known) this.#streams.sendAll("sessions", { sessions });
      this.#watchSessions(sessions);
    });
  }

  #leave(): void {
    for (const remove of this.#removeRoutes.splice(0)) remove();
  }

  async #idle(deadline: AbortSignal): Promise<void> {
    this.#cancelWatch();
    this.#streams.close();
    if (deadline.aborted) return;
    await Promise.race([Promise.allSettled(this.#inFlight), aborted(deadline)]);
  }
}
