// A page on the listener, for the user of this machine. Each browser creates its own key and signs with it;
// its messages are accepted once the user approved it, as in every chat.

import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Chat, PermissionButton } from "../../contract/chat.ts";
import type { Host, Route } from "../../contract/host.ts";
import type { Emit, Json, Source } from "../../contract.ts";
import { DeliveryError, isRouterError } from "../../errors.ts";
import { answerJson, answerText, Refusal, refuse } from "../../http/answer.ts";
import { createGuard } from "../../http/guard.ts";
import { aborted } from "../../waiting.ts";
import { asShown, Speaker, shownHash } from "./chat.ts";
import { type Identity, openIdentity } from "./identity.ts";
import { readForm, readJson, writtenOf } from "./incoming.ts";
import type { WebchatOptions } from "./options.ts";
import { originOf } from "./origin.ts";
import { isOpenedByPerson, page, pageHeaders } from "./page.ts";
import { openRooms, type Rooms } from "./rooms.ts";
import { again, createSessions, type Sessions, type SignedRequest } from "./signed.ts";
import { createStreams } from "./streams.ts";
import { notLetIn, senderOf, takeWritten, unseen } from "./take.ts";

/** The requests of a page, by the rest of the path. */
type Action = (
  request: IncomingMessage,
  response: ServerResponse,
  by: SignedRequest,
  params: Readonly<Record<string, string>>,
) => Promise<Json | Refusal | undefined>;

type Handled = Parameters<Route["handle"]>;

const pageRoute = "GET ";
const helloRoute = "POST /hello";
const maxUploads = 4;
const retryAfter = { "retry-after": "1" };

export function createWebchatSource(name: string, options: WebchatOptions, host: Host): Source {
  const { listener, clock, people } = host;
  const reading = { clock, pool: listener.bodies };
  const path = options.path.replace(/\/+$/, "");
  /** A secret in it is meant for those who open the page, not for Claude. */
  const shownPath = host.cameIn(["path"]).length === 0 ? path : "/•••";
  const streams = createStreams(clock);
  let rooms: Rooms | undefined;
  let emit: Emit | undefined;
  let closed = false;
  let uploads = 0;
  const removeRoutes: (() => void)[] = [];
  const inFlight = new Set<Promise<unknown>>();

  const live: Rooms = {
    of: (browser) => opened().of(browser),
    seenBy: (browser) => opened().seenBy(browser),
    passingBy: (browser) => opened().passingBy(browser),
    find: (browser, id) => opened().find(browser, id),
    expect: (browser, message) => opened().expect(browser, message),
    put: (browser, message) => opened().put(browser, message),
    change: (browser, id, to) => opened().change(browser, id, to),
    show: (browser, message) => opened().show(browser, message),
  };

  /** The stored messages are read on first use. */
  function opened(): Rooms {
    rooms ??= openRooms({
      store: host.store,
      limit: options.history,
      shown: (browser, message) => streams.send(browser, "message", asShown(message)),
    });
    return rooms;
  }

  const speaker = new Speaker({
    rooms: live,
    host,
    typing: ({ browser, room }) => streams.send(browser, "typing", { room }),
    isKnown: (browser) => live.of(browser).length > 0 || streams.count(browser) > 0,
  });

  const take = (written: Parameters<typeof takeWritten>[0], browser: string) =>
    takeWritten(written, browser, {
      rooms: live,
      speaker,
      host,
      maxUploadBytes: options.maxUploadBytes,
      ackReaction: options.ackReaction,
      async emit(arrival) {
        if (closed) throw new DeliveryError("E_SESSION_CLOSED", "the source has stopped");
        return (emit as Emit)(arrival);
      },
    });

  async function taken(written: ReturnType<typeof writtenOf>, browser: string): Promise<Json | Refusal> {
    if (written instanceof Refusal) return written;
    const outcome = await take(written, browser);
    if (outcome instanceof Refusal) return outcome;
    return { id: written.id, outcome: outcome === "answered" ? outcome : outcome.outcome };
  }

  const actions: Readonly<Record<string, Action>> = {
    async "GET /stream"(_request, response, { browser }) {
      const isLetIn = await people.admits(browser);
      const known = await people.knows(browser);
      // From here to `open` nothing may be awaited: a message of that time would neither be history nor be sent.
      const messages = isLetIn ? live.seenBy(browser) : live.passingBy(browser);
      const first = { browser, known, messages: messages.map(asShown) };
      if (!streams.open(browser, response, first, isLetIn))
        return new Refusal(429, "too many pages are open", retryAfter);
      return undefined;
    },
    async "POST /messages"(request, _response, { browser, bodyHash }) {
      const fields = await readJson(request, reading, bodyHash);
      if (fields === undefined || fields instanceof Refusal) return fields;
      return taken(writtenOf(fields), browser);
    },
    async "POST /upload"(request, _response, { browser, bodyHash }) {
      // The body is read only for browsers that were approved before.
      if (!(await people.admits(browser)))
        return new Refusal(403, "this browser is not approved: write something first");
      // The whole form is held in memory.
      if (uploads >= maxUploads) return new Refusal(429, "too many files come at once", retryAfter);
      uploads += 1;
      try {
        const written = await readForm(request, options.maxUploadBytes, reading, bodyHash);
        return written === undefined ? undefined : await taken(written, browser);
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

  function turnAway(response: ServerResponse, refusal: Refusal): void {
    // A page that continues with another process needs no notification.
    if (refusal !== notLetIn && refusal !== again)
      host.refused({ status: refusal.status, reason: refusal.error });
    refuse(response, refusal, clock);
  }

  let identified: Promise<{ readonly identity: Identity; readonly sessions: Sessions }> | undefined;
  /** At the first request: a page that is never opened leaves nothing in the journal. */
  function identify() {
    identified ??= openIdentity(host.store).then((identity) => ({
      identity,
      sessions: createSessions(identity, clock),
    }));
    identified.catch(() => {
      identified = undefined;
    });
    return identified;
  }

  /**
   * The page itself, marked as the router's own when the user opened it: by its address, not by a script of
   * another page.
   */
  async function showPage(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    const { identity } = await identify();
    const mark = isOpenedByPerson(request) ? identity.markPage(origin, clock.now()) : "";
    answerText(response, 200, page(name, mark), "text/html; charset=utf-8", pageHeaders);
  }

  async function act(
    route: string,
    origin: string,
    ...[request, response, params]: Handled
  ): Promise<Json | Refusal | undefined> {
    const { sessions } = await identify();
    if (route === helloRoute) {
      const fields = await readJson(request, reading);
      return fields === undefined || fields instanceof Refusal ? fields : sessions.hello(fields, origin);
    }
    const by = sessions.check(request, origin);
    return by instanceof Refusal ? by : actions[route]?.(request, response, by, params);
  }

  /** The guard blocks pages of other sites, the key blocks other users of this machine. */
  async function handle(route: string, ...[request, response, params]: Handled): Promise<void> {
    const address = listener.address();
    const foreign = createGuard({ hosts: listener.hosts, address })(request);
    if (foreign !== undefined) return turnAway(response, new Refusal(403, foreign));
    const named = originOf(request.headers.host, { address, hosts: listener.hosts });
    if ("redirect" in named && route === pageRoute)
      return answerText(response, 307, "", "text/plain", { location: `${named.redirect}${path}` });
    if (!("origin" in named))
      return turnAway(
        response,
        new Refusal(403, "refused" in named ? named.refused : `open it as ${named.redirect}`),
      );
    if (closed && route !== pageRoute)
      return turnAway(response, new Refusal(503, "not accepted, try again", retryAfter));
    try {
      if (route === pageRoute) return await showPage(request, response, named.origin);
      const result = await act(route, named.origin, request, response, params);
      if (result instanceof Refusal) turnAway(response, result);
      else if (result !== undefined) answerJson(response, route === helloRoute ? 200 : 202, result);
    } catch (error) {
      if (!isRouterError(error)) throw error;
      turnAway(response, new Refusal(503, "not accepted, try again", retryAfter));
    }
  }

  function leave(): void {
    for (const remove of removeRoutes.splice(0)) remove();
  }

  async function idle(deadline: AbortSignal): Promise<void> {
    streams.close();
    if (deadline.aborted) return;
    await Promise.race([Promise.allSettled(inFlight), aborted(deadline)]);
  }

  return {
    async start(to) {
      if (emit !== undefined) throw new Error(`source ${name} was started twice`);
      emit = to;
      for (const route of [pageRoute, helloRoute, ...Object.keys(actions)]) {
        const [method = "", rest = ""] = route.split(" ");
        const remove = await listener.route({
          path: `${path}${rest}`,
          methods: [method],
          owner: name,
          answersHead: route === pageRoute,
          handle(...args) {
            const handled = handle(route, ...args).finally(() => inFlight.delete(handled));
            inFlight.add(handled);
            return handled;
          },
        });
        removeRoutes.push(remove);
      }
      if (closed) leave();
    },
    async drain(deadline) {
      leave();
      await idle(deadline);
    },
    async stop(deadline) {
      leave();
      await idle(deadline);
      closed = true;
    },
    health() {
      if (closed || emit === undefined) return { state: "stopped" };
      const address = listener.address();
      return address === undefined
        ? { state: "starting" }
        : { state: "running", detail: `${address}${shownPath}` };
    },
    reply: (event, message) => speaker.answer(event, message),
    chat: speaker satisfies Chat,
    invitation: () => ({ address: `${listener.address() ?? "http://127.0.0.1"}${shownPath}` }),
  };
}
