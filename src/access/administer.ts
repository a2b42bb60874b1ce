// Access changes that the user of this machine may make. The same code runs in the running router and, while
// none runs, on the file. Ids in the config are fixed: they are changed there.

import type { AccessOptions, ChatTraits, IdForm } from "../contract/chat.ts";
import type { Clock } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { UsageError } from "../errors.ts";
import { accessOf, admit, decline, dropExpired, findPending, withoutSender } from "./pairing.ts";
import type { AccessState, AccessStore, DmPolicy, SourceAccess } from "./store.ts";

interface CodeRequest {
  readonly do: "pair" | "deny";
  readonly code: string;
}

/** One action; `source` may be omitted when there is only one chat. */
export type AccessRequest =
  | { readonly do: "list" }
  | CodeRequest
  | {
      readonly do: "allow" | "remove";
      readonly source?: string;
      readonly person: string;
      readonly name?: string;
    }
  | { readonly do: "policy"; readonly source?: string; readonly dm: DmPolicy | "config" }
  | {
      readonly do: "group";
      readonly source?: string;
      readonly chat: string;
      readonly allow: readonly string[];
      readonly mention: boolean;
    }
  | { readonly do: "ungroup"; readonly source?: string; readonly chat: string };

export interface AccessAnswer {
  /** One line for the user. */
  readonly said: string;
  /** The users who were admitted, to notify them. */
  readonly paired?: { readonly source: string; readonly person: string; readonly chatId: string };
  readonly sources: readonly SourceAccessAnswer[];
}

export interface SourceAccessAnswer {
  readonly source: string;
  readonly type: string;
  readonly dm: DmPolicy;
  /** Who may write; `config` cannot be changed here. */
  readonly people: readonly {
    readonly id: string;
    readonly name?: string;
    readonly from: "config" | "paired";
    /** RFC 3339 */
    readonly since?: string;
  }[];
  readonly bots: readonly string[];
  readonly groups: readonly {
    readonly chat: string;
    readonly mention: boolean;
    readonly allow: readonly string[];
    readonly from: "config" | "added";
  }[];
  /** In the order of arrival. */
  readonly pending: readonly {
    readonly code: string;
    readonly id: string;
    readonly name?: string;
    /** RFC 3339 */
    readonly until: string;
  }[];
}

/** The chats of the config, by the name of the source. */
export type ChatSources = Readonly<Record<string, ChatSource>>;

interface ChatSource extends Pick<ChatTraits, "personId"> {
  readonly type: string;
  readonly access: AccessOptions;
}

export interface Administration {
  readonly store: AccessStore;
  readonly clock: Pick<Clock, "now">;
  chats(): ChatSources;
}

/** Rejects with a UsageError for the user, or as `AccessStore.update` does. */
export async function administer(
  request: AccessRequest,
  administration: Administration,
): Promise<AccessAnswer> {
  const { store, clock } = administration;
  const chats = administration.chats();
  const done =
    request.do === "list"
      ? { said: "" }
      : await store.update((before) => change(request, before, chats, clock.now()));
  const state = await store.read();
  return { ...done, sources: list(state, chats, clock.now()) };
}

/**
 * Describes the effect of a request, worded like its answer. Changes nothing; rejects as `administer` does.
 */
export async function rehearse(
  request: AccessRequest,
  { store, clock, chats }: Administration,
): Promise<string> {
  if (request.do === "list") return "";
  return change(request, await store.read(), chats(), clock.now()).result.said;
}

type Done = Pick<AccessAnswer, "said" | "paired">;
interface Change {
  readonly state: AccessState;
  readonly result: Done;
}

function change(
  request: Exclude<AccessRequest, { do: "list" }>,
  state: AccessState,
  chats: ChatSources,
  nowMs: number,
): Change {
  if (request.do === "pair" || request.do === "deny") {
    const found = findPending(state, chats, request.code, nowMs);
    const { source, id, chatId } = found;
    const who = nameOf(found);
    const access = accessOf(state, source, typeOf(chats, source));
    if (request.do === "deny")
      return put(state, source, decline(access, found, nowMs), { said: `${who} was declined on ${source}` });
    return put(state, source, admit(access, found, nowMs), {
      said: `${who} may write on ${source} now`,
      paired: { source, person: id, chatId },
    });
  }
  const source = choose("source" in request ? request.source : undefined, chats);
  const { access: fixed, type, personId } = chats[source] as ChatSources[string];
  const access = dropExpired(accessOf(state, source, type), nowMs);
  switch (request.do) {
    case "allow": {
      const { person, name } = request;
      checkPerson(person, type, personId);
      if (fixed.allow.map(String).includes(person)) throw inConfig(`${person} may already write`);
      const people = {
        ...access.people,
        [person]: { ...(name === undefined ? {} : { name }), sinceMs: nowMs },
      };
      const declined = withoutSender(access.declined, person);
      return put(
        state,
        source,
        { ...access, people, declined },
        { said: `${person} may write on ${source} now` },
      );
    }
    case "remove": {
      const { person } = request;
      if (fixed.allow.map(String).includes(person)) throw inConfig(`${person} cannot be removed here`);
      if (!Object.hasOwn(access.people, person)) {
        const known = Object.keys(access.people);
        throw new UsageError("E_USAGE", `${person} is not admitted on ${source}`, {
          hint: didYouMeanHint(person, known) ?? `admitted are: ${known.join(", ") || "none"}`,
        });
      }
      const people = withoutSender(access.people, person);
      return put(
        state,
        source,
        { ...access, people },
        { said: `${person} may no longer write on ${source}` },
      );
    }
    case "policy": {
      const { dm: _, ...rest } = access;
      const dm = request.dm === "config" ? fixed.dm : request.dm;
      const next = request.dm === "config" ? rest : { ...rest, dm };
      return put(state, source, next, { said: `${source}: ${dm}, so ${policyTexts[dm]}` });
    }
    case "group": {
      const { chat, allow, mention } = request;
      checkId(chat);
      if (Object.hasOwn(fixed.groups, chat)) throw inConfig(`the group ${chat} cannot be changed here`);
      if (allow.length === 0)
        throw new UsageError("E_USAGE", "a group without allowed users admits nobody", {
          hint: `channel-router access group ${chat} --allow ID,ID`,
        });
      for (const id of allow) checkPerson(id, type, personId);
      const groups = { ...access.groups, [chat]: { mention, allow } };
      return put(
        state,
        source,
        { ...access, groups },
        {
          said: `the group ${chat} is enabled on ${source}: ${allow.join(", ")}, ${mention ? "when the bot is mentioned" : "every message"}`,
        },
      );
    }
    case "ungroup": {
      const { chat } = request;
      if (Object.hasOwn(fixed.groups, chat)) throw inConfig(`the group ${chat} cannot be removed here`);
      if (!Object.hasOwn(access.groups, chat))
        throw new UsageError("E_USAGE", `the group ${chat} is not enabled on ${source}`);
      const groups = withoutSender(access.groups, chat);
      return put(
        state,
        source,
        { ...access, groups },
        { said: `the group ${chat} is no longer enabled on ${source}` },
      );
    }
  }
}

const policyTexts: Readonly<Record<DmPolicy, string>> = {
  pairing: "unknown senders get a pairing code",
  allowlist: "unknown senders are ignored",
  disabled: "nobody may write to the bot, neither in private nor in groups",
};

function put(state: AccessState, source: string, access: SourceAccess, result: Done): Change {
  return { state: { ...state, [source]: access }, result };
}

function choose(written: string | undefined, chats: ChatSources): string {
  const names = Object.keys(chats);
  const [only] = names;
  if (written === undefined && names.length === 1 && only !== undefined) return only;
  if (written !== undefined && Object.hasOwn(chats, written)) return written;
  const hint = written === undefined ? undefined : didYouMeanHint(written, names);
  throw new UsageError(
    "E_USAGE",
    written === undefined ? "say which source: --source NAME" : `no chat source is called ${written}`,
    { hint: hint ?? `chat sources: ${names.join(", ") || "none"}` },
  );
}

function checkId(id: string): void {
  if (/^[^\s,]{1,200}$/.test(id)) return;
  throw new UsageError("E_USAGE", `${JSON.stringify(id.slice(0, 60))} is not an id`, {
    hint: "an id is the platform's own, not a display name; channel-router access list shows pending users",
  });
}

/** A name would admit nobody, and the id of a group everybody. */
function checkPerson(id: string, type: string, personId: IdForm | undefined): void {
  checkId(id);
  if (personId === undefined || new RegExp(personId.pattern).test(id)) return;
  throw new UsageError("E_USAGE", `${id} is not a user id on ${type}`, {
    hint: `it looks like ${personId.example}; channel-router access list shows pending users`,
  });
}

function typeOf(chats: ChatSources, source: string): string {
  return (chats[source] as ChatSources[string]).type;
}

function inConfig(message: string): UsageError {
  return new UsageError("E_USAGE", message, { hint: "it is set in the config file: change it there" });
}

function nameOf({ id, name }: { readonly id: string; readonly name?: string }): string {
  // Quoted: users choose their names, which could otherwise read as more of the sentence.
  return name === undefined
    ? id
    : `${id} ("${name.replaceAll(/["\u201C-\u201F\u2033\u301D\u301E\uFF02]/g, "'")}")`;
}

function list(state: AccessState, chats: ChatSources, nowMs: number): SourceAccessAnswer[] {
  return Object.entries(chats).map(([source, { type, access: fixed }]) => {
    const added = dropExpired(accessOf(state, source, type), nowMs);
    const fixedIds = fixed.allow.map(String);
    return {
      source,
      type,
      dm: added.dm ?? fixed.dm,
      people: [
        ...fixedIds.map((id) => ({ id, from: "config" as const })),
        ...Object.entries(added.people)
          .filter(([id]) => !fixedIds.includes(id))
          .map(([id, { name, sinceMs }]) => ({
            id,
            ...(name === undefined ? {} : { name }),
            from: "paired" as const,
            since: new Date(sinceMs).toISOString(),
          })),
      ],
      bots: fixed.bots.map(String),
      groups: [
        ...Object.entries(fixed.groups).map(([chat, group]) => ({
          chat,
          mention: group.mention,
          allow: group.allow.map(String),
          from: "config" as const,
        })),
        ...Object.entries(added.groups)
          .filter(([chat]) => !Object.hasOwn(fixed.groups, chat))
          .map(([chat, group]) => ({
            chat,
            mention: group.mention,
            allow: group.allow.map(String),
            from: "added" as const,
          })),
      ],
      pending: Object.entries(added.pending)
        .sort(([, one], [, other]) => one.createdMs - other.createdMs)
        .map(([code, { id, name, untilMs }]) => ({
          code,
          id,
          ...(name === undefined ? {} : { name }),
          until: new Date(untilMs).toISOString(),
        })),
    };
  });
}
