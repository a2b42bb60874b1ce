// The key of this browser: made by WebCrypto so that no script can read it, not even this one, and kept in IndexedDB. One for each
// router, because another program may serve this address later.

export interface BrowserKey {
  readonly pair: CryptoKeyPair;
  /** The public key: SPKI in base64url. */
  readonly written: string;
}

export const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const utf8 = new TextEncoder();

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => utf8.encode(text);

export function encode(bytes: ArrayBuffer | Uint8Array): string {
  const characters = Array.from(new Uint8Array(bytes), (one) => String.fromCharCode(one)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function decode(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(characters, (one) => one.charCodeAt(0));
}

export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encode(await crypto.subtle.digest("SHA-256", bytes));
}

const storeName = "keys";
const kept = new Map<string, Promise<BrowserKey>>();

/** `server`: the hash of the router's public key. */
export function keyFor(server: string): Promise<BrowserKey> {
  const known = kept.get(server) ?? loadKey(server);
  kept.set(server, known);
  return known;
}

async function loadKey(server: string): Promise<BrowserKey> {
  const name = `console ${server}`;
  const stored = await inStore("readonly", (store) => store.get(name));
  const pair = isKeyPair(stored) ? stored : await makePair(name);
  return { pair, written: encode(await crypto.subtle.exportKey("spki", pair.publicKey)) };
}

function isKeyPair(value: unknown): value is CryptoKeyPair {
  const { privateKey, publicKey } = (value ?? {}) as Partial<CryptoKeyPair>;
  return publicKey !== undefined && privateKey?.extractable === false;
}

async function makePair(name: string): Promise<CryptoKeyPair> {
  const pair = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);
  await inStore("readwrite", (store) => store.put(pair, name));
  return pair;
}

/** Undefined where the browser stores nothing, for instance in a private window: then the key lives as long as the page. */
async function inStore(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  try {
    const database = await openDatabase();
    return await resultOf(work(database.transaction(storeName, mode).objectStore(storeName)));
  } catch {
    return undefined;
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open("channel-router", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
  return resultOf(opening);
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
