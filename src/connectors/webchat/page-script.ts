// What runs in the page. It is sent as it stands here, so it is plain JavaScript, and no more of it than a chat needs.

export const script = String.raw`
"use strict";
const at = (id) => document.getElementById(id);
const base = location.pathname.replace(/\/$/, "");
const random = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30)))).replaceAll("+", "-").replaceAll("/", "_");
const keyName = "channel-router" + base;
const key = localStorage.getItem(keyName) || random();
localStorage.setItem(keyName, key);
const authorization = "Bearer " + key;
const messages = new Map();
let name = localStorage.getItem(keyName + " name") || "";
let room = "main";
let quoted;
let files = [];
let typingTimer;

const make = (tag, text, onclick) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (onclick) { element.type = "button"; element.addEventListener("click", onclick); }
  return element;
};

async function post(path, body) {
  const isForm = body instanceof FormData;
  const headers = isForm ? { authorization } : { authorization, "content-type": "application/json" };
  const answer = await fetch(base + path, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
  const result = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(result.error || "status " + answer.status);
  return result;
}

async function download(file) {
  const answer = await fetch(base + "/files/" + file.id, { headers: { authorization } });
  if (!answer.ok) return say("the file is not there any more");
  const link = make("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function say(text) { at("state").textContent = text; }

function bodyOf(message) {
  const body = make("div");
  // The server wrote this HTML from Markdown: a few tags, all text escaped.
  if (message.html !== undefined) body.innerHTML = message.html;
  else body.textContent = message.text;
  return body;
}

function draw(message) {
  const element = make("article");
  element.id = "m-" + message.id;
  element.className = message.from + (message.failed ? " failed" : "");
  const time = new Date(message.time_ms).toLocaleTimeString();
  const words = [time, message.from, message.edited && "(edited)", message.pending && "sending…", message.failed && "not sent: " + message.failed];
  element.append(make("small", words.filter(Boolean).join(" ") + " "));
  const answered = messages.get(message.reply_to);
  if (answered) element.append(make("blockquote", "↳ " + answered.text.slice(0, 80)));
  if (message.text) element.append(bodyOf(message));
  for (const file of message.files || []) element.append(make("button", file.name, () => download(file)), " ");
  if (message.reactions) element.append(make("span", message.reactions.join(" ") + " "));
  for (const { button, label } of message.prompt ? message.prompt.buttons : [])
    element.append(make("button", label, () => post("/press", { prompt: message.prompt.id, button }).then(({ notice }) => notice && say(notice), (error) => say(error.message))), " ");
  if (message.failed) element.append(make("button", "Try again", () => send(message)));
  else if (!message.pending) element.append(make("button", "Quote", () => { quoted = message.id; chips(); at("text").focus(); }));
  return element;
}

function put(message) {
  messages.set(message.id, message);
  drawRooms();
  if (message.room !== room) return;
  const log = at("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const before = at("m-" + message.id);
  if (before) before.replaceWith(draw(message));
  else log.append(draw(message));
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function drawAll() {
  at("log").replaceChildren(...[...messages.values()].filter((message) => message.room === room).map(draw));
  at("log").scrollTop = at("log").scrollHeight;
  drawRooms();
}

function drawRooms() {
  const names = [...new Set(["main", room, ...[...messages.values()].map((message) => message.room)])];
  const tabs = names.map((one) => {
    const tab = make("button", one, () => { room = one; drawAll(); });
    tab.setAttribute("aria-pressed", String(one === room));
    return tab;
  });
  at("rooms").replaceChildren(...tabs, make("button", "+", () => {
    const wanted = prompt("Name of the room: small letters, digits, - and _");
    if (wanted && /^[a-z0-9][a-z0-9_-]{0,39}$/.test(wanted)) { room = wanted; drawAll(); }
  }));
}

function chips() {
  const shown = files.map((file) => make("button", file.name + " ×", () => { files = files.filter((other) => other !== file); chips(); }));
  if (quoted) shown.push(make("button", "↳ " + messages.get(quoted).text.slice(0, 40) + " ×", () => { quoted = undefined; chips(); }));
  at("chips").replaceChildren(...shown);
}

async function send(message) {
  const { failed, ...rest } = message;
  put({ ...rest, pending: true });
  try {
    const fields = { id: rest.id, room: rest.room, text: rest.text, ...(name ? { name } : {}), ...(rest.reply_to ? { reply_to: rest.reply_to } : {}) };
    if (rest.attached && rest.attached.length > 0) {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.set(field, value);
      for (const file of rest.attached) form.append("file", file);
      await post("/upload", form);
    } else await post("/messages", fields);
    if (messages.get(rest.id).pending) put({ ...messages.get(rest.id), pending: false });
  } catch (error) {
    put({ ...rest, failed: error.message });
  }
}

const drawName = () => { at("name").textContent = name || "Your name"; };
at("name").addEventListener("click", () => {
  const wanted = prompt("What Claude is to call you", name);
  if (wanted === null) return;
  name = wanted.trim().slice(0, 40);
  localStorage.setItem(keyName + " name", name);
  drawName();
});
drawName();

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (text === "" && files.length === 0) return;
  send({ id: "u" + Date.now() + "-" + random().slice(0, 6), room, from: "you", text, time_ms: Date.now(), reply_to: quoted, attached: files });
  at("text").value = "";
  files = [];
  quoted = undefined;
  chips();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("form").requestSubmit();
});
at("file").addEventListener("change", () => {
  files = [...files, ...at("file").files];
  at("file").value = "";
  chips();
});

const heard = {
  history({ messages: all }) {
    const open = [...messages.values()].filter((message) => message.pending || message.failed);
    messages.clear();
    for (const message of [...all, ...open.filter(({ id }) => !all.some((other) => other.id === id))]) messages.set(message.id, message);
    say("");
    drawAll();
  },
  message: put,
  typing({ room: where }) {
    at("typing").hidden = where !== room;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { at("typing").hidden = true; }, 6000);
  },
};

async function listen() {
  const answer = await fetch(base + "/stream", { headers: { authorization } });
  if (!answer.ok) throw new Error("status " + answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) || [];
      text = text.slice(end + 2);
      if (event === "message") at("typing").hidden = true;
      if (event) heard[event](JSON.parse(data));
    }
  }
}

(async () => {
  drawAll();
  for (let waitMs = 500; ; ) {
    const since = Date.now();
    await listen().catch(() => undefined);
    waitMs = Date.now() - since > 5000 ? 500 : Math.min(waitMs * 2, 15000);
    say("not connected; trying again");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
})();
`;
