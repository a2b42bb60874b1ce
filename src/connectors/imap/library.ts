// The mail client libraries, which users install themselves and which are loaded when a source starts. The types cover only what is used.

import type { Host } from "../../contract/host.ts";
import { libraries } from "./packages.ts";

export interface Library {
  readonly ImapFlow: new (options: ClientOptions) => ImapClient;
  readonly parseMime: MimeParse;
}

/** https://imapflow.com/docs/api/imapflow-client */
export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly doSTARTTLS: boolean;
  readonly tls: { readonly ca?: string; readonly minVersion: "TLSv1.2" };
  readonly auth: { readonly user: string; readonly pass: string };
  readonly logger: false;
  readonly clientInfo: { readonly name: string };
  readonly disableAutoIdle: true;
  readonly disableAutoEnable: true;
  readonly disableCompression: true;
  readonly connectionTimeout: number;
  readonly greetingTimeout: number;
  readonly socketTimeout: number;
  readonly maxLineLength: number;
  readonly maxLiteralSize: number;
  readonly maxResponseSize: number;
}

export interface ImapClient {
  readonly capabilities: ReadonlyMap<string, unknown>;
  connect(): Promise<void>;
  close(): void;
  noop(): Promise<void>;
  /** Resolves when IDLE has ended, to false if the server rejected it. */
  idle(): Promise<unknown>;
  list(): Promise<readonly { readonly path: string }[]>;
  mailboxOpen(path: string, options: { readonly readOnly: boolean }): Promise<OpenedMailboxState>;
  search(query: SearchQuery, options: { readonly uid: true }): Promise<readonly number[] | false | undefined>;
  fetchAll(
    range: string,
    query: FetchQuery,
    options: { readonly uid: boolean },
  ): Promise<readonly FetchedMessage[]>;
  messageFlagsAdd(range: string, flags: readonly string[], options: { readonly uid: true }): Promise<boolean>;
  on(event: "exists" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

export interface OpenedMailboxState {
  readonly uidValidity?: bigint;
  readonly uidNext?: number;
  readonly exists?: number;
  readonly readOnly?: boolean;
}

export interface SearchQuery {
  readonly uid: string;
  readonly since?: Date;
}

export interface FetchQuery {
  readonly uid: true;
  readonly flags?: true;
  readonly size?: true;
  readonly internalDate?: true;
  readonly bodyStructure?: true;
  readonly source?: { readonly start: number; readonly maxLength: number };
  readonly bodyParts?: readonly {
    readonly key: string;
    readonly start: number;
    readonly maxLength: number;
  }[];
}

export interface FetchedMessage {
  readonly uid?: number;
  readonly flags?: ReadonlySet<string>;
  readonly size?: number;
  readonly internalDate?: Date | string;
  readonly bodyStructure?: BodyPart;
  readonly source?: Uint8Array | false;
  readonly bodyParts?: ReadonlyMap<string, Uint8Array | undefined>;
}

/** A part of a message as described by the server. */
export interface BodyPart {
  /** `1.2`; absent for the only part of a message. */
  readonly part?: string;
  /** In lower case: `text/plain`. */
  readonly type?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly encoding?: string;
  /** As encoded. */
  readonly size?: number;
  /** In lower case: `attachment`. */
  readonly disposition?: string;
  readonly dispositionParameters?: Readonly<Record<string, string>>;
  readonly childNodes?: readonly BodyPart[];
}

export type MimeParse = (
  bytes: Uint8Array,
  options: { readonly maxRfc822NestingDepth: number },
) => Promise<ParsedMessage>;

export interface ParsedMessage {
  /** In their order, unfolded; names in lower case. */
  readonly headers: readonly { readonly key: string; readonly value: string }[];
  readonly from?: ParsedAddress;
  readonly replyTo?: readonly ParsedAddress[];
  readonly to?: readonly ParsedAddress[];
  readonly cc?: readonly ParsedAddress[];
  readonly subject?: string;
  readonly messageId?: string;
  readonly inReplyTo?: string;
  readonly references?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments?: readonly {
    readonly filename?: string | null;
    readonly mimeType?: string;
    readonly content?: unknown;
  }[];
}

export interface ParsedAddress {
  readonly name?: string;
  readonly address?: string;
  readonly group?: readonly ParsedAddress[];
}

export async function loadLibrary(host: Pick<Host, "load">): Promise<Library> {
  const [imap, mime] = (await host.load(libraries)) as [
    { readonly ImapFlow: Library["ImapFlow"] },
    { readonly default: { parse: MimeParse } },
  ];
  return { ImapFlow: imap.ImapFlow, parseMime: (bytes, options) => mime.default.parse(bytes, options) };
}
