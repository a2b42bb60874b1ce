// The part of a page's script that handles the keys of this browser: its key, which no script can read out,
// not even this one; the identity of the router; and signed requests. Sent as it is, in front of the script of
// the page.

/** It needs the constant `scope`: see identity.ts. */
export const keyScript = String.raw`
const base = location.pathname.replace(/\/$/, "");
const utf8 = new TextEncoder();
const mark = (() => {
  const element = document.querySelector("meta[name=page-mark]");
  element.remove();
  return element.content;
})();
const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const encode = (bytes) => btoa(Array.from(new Uint8Array(bytes), (one) => String.fromCharCode(one)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const sha256 = async (bytes) => encode(await crypto.subtle.digest("SHA-256", bytes));
const random = (length) => encode(crypto.getRandomValues(new Uint8Array(length)));

/** Why this page cannot be used; it then says so, and asks the router for nothing. */
class Unusable extends Error {}

/** A program that served this address before may have left a service worker, which would see all of this. */
async function findWorkers() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const all = await serviceWorker.getRegistrations();
  if (all.length === 0 && !serviceWorker.controller) return;
  for (const one of all) await one.unregister();
  for (const name of self.caches ? await caches.keys() : []) await caches.delete(name);
  throw new Unusable("Another program has served this address and left a script behind. It has been removed: reload the page.");
}

function openStore() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("channel-router", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Undefined where the browser keeps nothing, in a private window say: then the key lives as long as the page. */
async function inStore(mode, work) {
  try {
    const store = await openStore();
    return await new Promise((resolve, reject) => {
      const asking = work(store.transaction("keys", mode).objectStore("keys"));
      asking.onsuccess = () => resolve(asking.result);
      asking.onerror = () => reject(asking.error);
    });
  } catch { return undefined; }
}

const nameOfKey = (server) => base + " " + server;
/** By router: a key is used with the router that it was made for, and with no other one. */
const keys = new Map();

async function makeKey(server) {
  const pair = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);
  await inStore("readwrite", (store) => store.put(pair, nameOfKey(server)));
  return withPublic(pair, true);
}

async function withPublic(pair, isFresh) {
  return { pair, isFresh, written: encode(await crypto.subtle.exportKey("spki", pair.publicKey)) };
}

async function keyFor(server) {
  if (!keys.has(server)) {
    const kept = await inStore("readonly", (store) => store.get(nameOfKey(server)));
    const isGood = kept && kept.privateKey && kept.publicKey && kept.privateKey.extractable === false;
    keys.set(server, isGood ? await withPublic(kept, false) : await makeKey(server));
  }
  return keys.get(server);
}

/** Whether another key was made. One that the router does not know may have been put there by somebody who knows it, too. */
async function replaceUnknownKey() {
  if (!router || router.key.isFresh) return false;
  const key = await makeKey(router.server);
  keys.set(router.server, key);
  router = { ...router, key };
  return true;
}

/** The router that proved itself, with a session of its process. */
let router;

async function hello() {
  const nonce = random(32);
  const answer = await fetch(base + "/hello", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ nonce }) });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || "status " + answer.status);
  const { server: written, session, proof } = await answer.json();
  const bytes = decode(written);
  const known = await crypto.subtle.importKey("spki", bytes, ecdsa, false, ["verify"]);
  const text = ["channel-router " + scope + " server", location.origin, nonce, session].join("\n");
  if (!(await crypto.subtle.verify(ecdsa, known, decode(proof), utf8.encode(text)))) throw new Error("the router did not prove itself");
  const server = await sha256(bytes);
  router = { server, session, count: 0, key: await keyFor(server) };
}

const leave = () => { router = undefined; };

let starting;
/** One hello for all that wait for it. */
const meet = () => {
  starting = starting || hello().finally(() => { starting = undefined; });
  return starting;
};

/** As fetch; said again once where the router is another process by now. "only": the router that it is for. */
async function request(method, path, { type, body = new Uint8Array(), only } = {}) {
  const bodyHash = await sha256(body);
  for (let isFirst = true; ; isFirst = false) {
    if (!router) await meet();
    const { server, session, key } = router;
    if (only !== undefined && only !== server) throw new Error("this is for another router");
    const count = (router.count += 1);
    const text = ["channel-router " + scope + " request", location.origin, server, session, mark, count, method, base + path, bodyHash].join("\n");
    const signature = encode(await crypto.subtle.sign(ecdsa, key.pair.privateKey, utf8.encode(text)));
    if (navigator.serviceWorker && navigator.serviceWorker.controller) throw new Unusable("A script of another program has taken over this page: close it.");
    const authorization = "Browser k=" + key.written + ",s=" + session + ",p=" + mark + ",n=" + count + ",b=" + bodyHash + ",x=" + signature;
    const headers = { authorization, ...(type ? { "content-type": type } : {}) };
    const answer = await fetch(base + path, { method, headers, cache: "no-store", ...(method === "POST" ? { body } : {}) });
    if (answer.status !== 401 || !isFirst) return answer;
    const { error } = await answer.clone().json().catch(() => ({}));
    if (error !== "say hello first") return answer;
    if (router && router.session === session) router = undefined;
  }
}

/** A body whose bytes are known before it is sent. */
async function bodyOfForm(form) {
  const made = new Response(form);
  return { type: made.headers.get("content-type"), body: new Uint8Array(await made.arrayBuffer()) };
}
const bodyOfJson = (value) => ({ type: "application/json", body: utf8.encode(JSON.stringify(value)) });

async function checkPage() {
  // A key that any script could read, from before the router had signatures.
  localStorage.removeItem("channel-router" + base);
  if (!self.isSecureContext || !crypto.subtle) throw new Unusable("This browser makes no keys for this address: open the page by the address that channel-router status shows.");
  await findWorkers();
  if (mark === "") throw new Unusable("This page was not opened by hand: put the cursor into the address bar and press Enter.");
}
`;
