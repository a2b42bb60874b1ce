// The script of the page. It is sent as it is, so it is plain JavaScript, and no more than a chat needs.

export const script = String.raw`
const at = (id) => document.getElementById(id);
const storeName = "channel-router" + base;
const title = document.title;
const messages = new Map();
const unread = new Map();
let name = localStorage.getItem(storeName + " name") || "";
let room = "main";
/** How access calls this browser. */
let own = "";
/** The router whose messages are shown: nothing that is written for it goes to another one. */
let spokenTo = "";
let unseen = 0;
let quoted;
let files = [];
let isConnected = false;
/** How many Claude sessions the router has. */
let sessions = 0;
let isAtEnd = true;
let typingTimer;
let noticeTimer;

const make = (tag, text, onclick) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (onclick) { element.type = "button"; element.addEventListener("click", onclick); }
  return element;
};

const names = { you: "You", claude: "Claude", router: "Router" };

const withClass = (element, name, ...children) => {
  element.className = name;
  element.append(...children);
  return element;
};

async function post(path, body) {
  const written = body instanceof FormData ? await bodyOfForm(body) : bodyOfJson(body);
  const answer = await request("POST", path, { ...written, only: spokenTo })
    .catch((error) => { throw error instanceof Unusable ? error : Object.assign(new Error("the router does not answer; it is sent when it does"), { isOffline: true }); });
  const result = await answer.json().catch(() => ({}));
  const who = answer.status === 403 && own ? "; its id is " + own + ". Leave this page open until it is." : "";
  if (!answer.ok) throw new Error((result.error || "status " + answer.status) + who);
  return result;
}

async function download(file) {
  const answer = await request("GET", "/files/" + file.id).catch(() => ({ ok: false }));
  if (!answer.ok) return say("The file cannot be fetched: it is not there any more, or the router does not answer.");
  const link = make("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Kinds that a browser shows without running anything in them. */
const pictureTypes = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif" };
const pictureType = (file) => pictureTypes[file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase()];
const isPicture = (file) => pictureType(file) !== undefined && file.bytes <= 8388608;
/** Fetched once, by the id of the file: its URL, or undefined when the router does not have it any more. */
const pictures = new Map();

function fetchPicture(file) {
  if (!pictures.has(file.id)) {
    pictures.set(file.id, request("GET", "/files/" + file.id)
      .then(async (answer) => (answer.ok ? URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: pictureType(file) })) : undefined))
      .catch(() => { pictures.delete(file.id); }));
  }
  return pictures.get(file.id);
}

/** A click downloads it. Shown once it has loaded. */
function picture(file) {
  const shown = make("img");
  shown.alt = file.name;
  const frame = withClass(make("button", undefined, () => download(file)), "picture", shown);
  frame.hidden = true;
  frame.setAttribute("aria-label", "Download " + file.name);
  shown.addEventListener("load", () => { frame.hidden = false; if (isAtEnd) toEnd(); });
  fetchPicture(file).then((url) => { if (url) shown.src = url; });
  return frame;
}

function say(text) {
  at("notice").textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { at("notice").textContent = ""; }, 8000);
}

function connected(isSo, text) {
  isConnected = isSo;
  at("state").textContent = text;
  at("state").className = isSo ? (sessions === 0 ? "alone" : "on") : "off";
  drawEmpty();
}

/** What is written while no session is open waits for the next one. */
function drawConnected() {
  connected(true, sessions === 0 ? "connected, no Claude session is open" : "connected");
}

function sizeOf(bytes) {
  if (bytes < 1024) return bytes + " B";
  return bytes < 1048576 ? Math.round(bytes / 1024) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
}

function timeOf(timeMs) {
  const date = new Date(timeMs);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const element = make("time", date.toDateString() === new Date().toDateString() ? time : date.toLocaleDateString() + " " + time);
  element.dateTime = date.toISOString();
  return element;
}

function bodyOf(message) {
  const body = withClass(make("div"), "body");
  body.dir = "auto";
  const command = /channel-router access pair [0-9a-f]{6}/.exec(message.from === "router" ? message.text : "");
  // The server wrote this HTML from Markdown: a few tags, all text escaped.
  if (message.html !== undefined) {
    body.innerHTML = message.html;
    // It scrolls, so the keyboard has to reach it.
    for (const code of body.querySelectorAll("pre")) code.tabIndex = 0;
  } else if (command) {
    const copy = make("button", "Copy", () => navigator.clipboard.writeText(command[0]).then(() => say("Copied."), () => say("The browser does not let this page copy.")));
    const [before, after] = [message.text.slice(0, command.index), message.text.slice(command.index + command[0].length)];
    body.append(before, make("code", command[0]), " ", copy, after);
  } else body.textContent = message.text;
  return body;
}

/** What this page shows of a prompt, in all its messages: the router compares it with what it sent. */
const shownOf = (id) => {
  const parts = [...messages.values()].filter(({ prompt }) => prompt && prompt.id === id);
  return sha256(utf8.encode(parts.map((one) => one.id + "\n" + (one.html === undefined ? one.text : one.html)).join("\n\n")));
};

async function press(message, button) {
  const shown = await shownOf(message.prompt.id);
  await post("/press", { prompt: message.prompt.id, button, shown }).then(({ notice }) => notice && say(notice), (error) => say("Not sent: " + error.message));
}

function quote(message) {
  quoted = message.id;
  drawChips();
  at("text").focus();
}

const beginning = (message, length) => {
  const text = message.text || (message.files || []).map((file) => file.name).join(", ");
  return text.length > length ? text.slice(0, length) + "…" : text;
};

function draw(message) {
  const element = withClass(make("article"), message.from + (message.prompt ? " prompt" : "") + (message.failed ? " failed" : ""));
  element.id = "m-" + message.id;
  element.tabIndex = -1;
  const head = withClass(make("p"), "head", make("b", names[message.from]), timeOf(message.time_ms));
  if (message.edited) head.append(make("span", "(edited)"));
  if (message.pending) head.append(make("span", "sending…"));
  if (message.failed) head.append(withClass(make("span", "not sent: " + message.failed), "wrong"));
  else if (!message.pending) head.append(make("button", "Quote", () => quote(message)));
  element.append(head);
  const answered = messages.get(message.reply_to);
  if (answered) element.append(make("blockquote", "↳ " + beginning(answered, 80)));
  if (message.text) element.append(bodyOf(message));
  const parts = withClass(make("div"), "parts");
  for (const file of message.files || []) if (isPicture(file)) parts.append(picture(file));
  for (const file of message.files || []) parts.append(make("button", "⤓ " + file.name + " (" + sizeOf(file.bytes) + ")", () => download(file)));
  for (const file of message.files ? [] : message.attached || []) parts.append(make("span", file.name + " (" + sizeOf(file.size) + ")"));
  for (const { button, label } of message.prompt ? message.prompt.buttons : []) parts.append(make("button", label, () => press(message, button)));
  if (message.failed) parts.append(make("button", "Try again", () => send(message)));
  if (message.reactions) parts.append(make("span", message.reactions.join(" ")));
  element.append(parts);
  return element;
}

/** What waits for a yes or no is shown in every room. */
const isHere = (message) => message.room === room || message.prompt !== undefined;

function toEnd() {
  at("log").scrollTop = at("log").scrollHeight;
  isAtEnd = true;
  at("latest").hidden = true;
}

function put(message) {
  const isNew = !messages.has(message.id);
  const isTheirs = isNew && message.from !== "you";
  messages.set(message.id, message);
  if (isTheirs && document.hidden) document.title = "(" + (unseen += 1) + ") " + title;
  const before = at("m-" + message.id);
  if (!isHere(message)) {
    // A prompt that is over goes back to its room.
    if (before) before.remove();
    if (isTheirs) unread.set(message.room, (unread.get(message.room) || 0) + 1);
    return drawRooms();
  }
  if (isNew) drawRooms();
  const after = draw(message);
  if (before) {
    const hadFocus = before.contains(document.activeElement);
    before.replaceWith(after);
    if (hadFocus) after.focus();
  } else at("log").append(after);
  drawEmpty();
  if (isAtEnd || message.pending) toEnd();
  else if (isTheirs) at("latest").hidden = false;
}

function drawAll(keptTop) {
  unread.delete(room);
  at("log").replaceChildren(...[...messages.values()].filter(isHere).map(draw));
  drawEmpty();
  drawRooms();
  if (keptTop === undefined) toEnd();
  else at("log").scrollTop = keptTop;
}

/** What a room says that has no message. */
function drawEmpty() {
  const isEmpty = ![...messages.values()].some(isHere);
  const waits = sessions === 0 ? " No Claude session is open: what you write waits for the next one." : "";
  const words = isConnected
    ? "Nothing has been said here yet.\nWrite to Claude below. A browser that is new here gets a code first, with which the user who runs the router lets it in." + waits
    : "No connection to the router yet.\nIt runs while a Claude Code session is open, or after: channel-router up";
  const shown = at("empty");
  if (shown && (!isEmpty || shown.textContent !== words)) shown.remove();
  if (!isEmpty || at("empty")) return;
  const empty = make("p", words);
  empty.id = "empty";
  at("log").append(empty);
}

let drawnRooms = "";
function drawRooms() {
  const names = [...new Set(["main", room, ...[...messages.values()].map((message) => message.room)])];
  const labels = names.map((one) => (unread.has(one) ? one + " (" + unread.get(one) + ")" : one));
  const now = [room, ...labels].join("\n");
  if (now === drawnRooms) return;
  drawnRooms = now;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.room : undefined;
  const tabs = names.map((one, index) => {
    const tab = make("button", labels[index], () => { room = one; drawAll(); });
    tab.dataset.room = one;
    tab.setAttribute("aria-pressed", String(one === room));
    return tab;
  });
  const more = make("button", "+", openRoom);
  more.setAttribute("aria-label", "New room");
  at("rooms").replaceChildren(...tabs, more);
  const again = tabs.find((tab) => tab.dataset.room === focused);
  if (again) again.focus();
}

function drawChips() {
  const taken = (what, text, remove) => {
    const chip = make("button", text + " ×", () => { remove(); drawChips(); at("text").focus(); });
    chip.setAttribute("aria-label", "Remove " + what + " " + text);
    return chip;
  };
  const shown = files.map((file) => taken("file", file.name + " (" + sizeOf(file.size) + ")", () => { files = files.filter((other) => other !== file); }));
  if (quoted) shown.push(taken("quote", "↳ " + beginning(messages.get(quoted), 40), () => { quoted = undefined; }));
  at("chips").replaceChildren(...shown);
  if (isAtEnd) toEnd();
}

function attach(more) {
  files = [...files, ...more];
  if (files.length > 10) { files = files.slice(0, 10); say("Ten files go with one message."); }
  drawChips();
}

async function send(message) {
  const { failed, isOffline, ...rest } = message;
  put({ ...rest, pending: true });
  try {
    const [, code = ""] = /^\s*y(?:es)?\s+([a-z]{5})\s*$/i.exec(rest.text) || [];
    const allowed = [...messages.values()].find(({ prompt }) => code && prompt && prompt.id.startsWith(code.toLowerCase()));
    const shown = allowed ? { shown: await shownOf(allowed.prompt.id) } : {};
    const fields = { id: rest.id, room: rest.room, text: rest.text, ...(name ? { name } : {}), ...(rest.reply_to ? { reply_to: rest.reply_to } : {}), ...shown };
    if (rest.attached && rest.attached.length > 0) {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.set(field, value);
      for (const file of rest.attached) form.append("file", file);
      await post("/upload", form);
    } else if ((await post("/messages", fields)).outcome !== "answered") at("browser").textContent = "";
    const now = messages.get(rest.id);
    if (now && now.pending) put({ ...now, pending: false });
  } catch (error) {
    put({ ...rest, pending: false, failed: error.message, isOffline: error.isOffline });
  }
}

function wrongAnswer(text) {
  at("ask-wrong").textContent = text || "";
  at("ask-text").setAttribute("aria-invalid", String(Boolean(text)));
}

/** One question at a time, in a box of the page. The function done returns what is wrong with the answer. */
function ask(question, hint, value, done) {
  wrongAnswer();
  at("ask-title").textContent = question;
  at("ask-hint").textContent = hint;
  at("ask-text").value = value;
  at("ask-form").onsubmit = (event) => {
    event.preventDefault();
    const wrong = done(at("ask-text").value.trim());
    wrongAnswer(wrong);
    if (wrong) return at("ask-text").focus();
    at("ask").close();
    at("text").focus();
  };
  at("ask").showModal();
}
at("ask-no").addEventListener("click", () => at("ask").close());

function openRoom() {
  ask("Name of the room", "Small letters, digits, - and _. A room is a conversation of its own.", "", (wanted) => {
    if (wanted === "") return "Enter a name.";
    const wrong = /[^a-z0-9_-]/.exec(wanted);
    if (wrong) return "A name cannot contain " + (wrong[0] === " " ? "spaces" : "“" + wrong[0] + "”") + ": use lower-case letters, digits, - and _.";
    if (!/^[a-z0-9]/.test(wanted)) return "A name must begin with a letter or a digit.";
    room = wanted;
    drawAll();
  });
}

const drawName = () => { at("name").textContent = name || "Your name"; };
at("name").addEventListener("click", () => {
  ask("What Claude is to call you", "May be empty.", name, (wanted) => {
    name = wanted.slice(0, 40);
    localStorage.setItem(storeName + " name", name);
    drawName();
  });
});
drawName();

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (text === "" && files.length === 0) return;
  send({ id: "u" + Date.now() + "-" + random(6), room, from: "you", text, time_ms: Date.now(), reply_to: quoted, attached: files });
  at("text").value = "";
  files = [];
  quoted = undefined;
  drawChips();
  at("text").focus();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("form").requestSubmit();
});
at("file").addEventListener("change", () => {
  const chosen = [...at("file").files];
  at("file").value = "";
  attach(chosen);
});
at("latest").addEventListener("click", toEnd);
at("log").addEventListener("scroll", () => {
  const log = at("log");
  isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  if (isAtEnd) at("latest").hidden = true;
});
addEventListener("resize", () => isAtEnd && toEnd());
document.addEventListener("paste", ({ clipboardData }) => clipboardData.files.length > 0 && attach(clipboardData.files));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); attach(event.dataTransfer.files); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) { unseen = 0; document.title = title; } });

const heard = {
  history({ browser, known, sessions: open, messages: all }) {
    if (spokenTo && spokenTo !== router.server) {
      messages.clear();
      say("Another router answers at this address now.");
    }
    spokenTo = router.server;
    own = browser;
    at("browser").textContent = known ? "" : "this browser: " + own;
    const isKept = new Set(all.map(({ id }) => id));
    const unsent = [...messages.values()].filter((message) => (message.pending || message.failed) && !isKept.has(message.id));
    messages.clear();
    for (const message of [...all, ...unsent]) messages.set(message.id, message);
    sessions = open;
    drawConnected();
    drawAll(isAtEnd ? undefined : at("log").scrollTop);
    for (const message of unsent) if (message.isOffline) send(message);
  },
  message: put,
  sessions({ sessions: open }) {
    sessions = open;
    drawConnected();
  },
  typing({ room: where }) {
    at("typing").hidden = where !== room;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { at("typing").hidden = true; }, 6000);
  },
};

async function listen() {
  const answer = await request("GET", "/stream");
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || "status " + answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) || [];
      text = text.slice(end + 2);
      if (event === "message") at("typing").hidden = true;
      if (event === "history" && JSON.parse(data).known === false && (await replaceUnknownKey())) {
        void reader.cancel();
        return "again";
      }
      if (event) heard[event](JSON.parse(data));
    }
  }
}

function giveUp(error) {
  connected(false, "not in use");
  clearTimeout(noticeTimer);
  at("notice").textContent = error.message;
  at("form").hidden = true;
}

(async () => {
  drawAll();
  await checkPage();
  for (let waitMs = 500; ; ) {
    const since = Date.now();
    const why = await listen().catch((error) => error);
    if (why === "again") continue;
    // The server that answers next has to prove itself first.
    leave();
    if (why instanceof Unusable) throw why;
    waitMs = Date.now() - since > 5000 ? 500 : Math.min(waitMs * 2, 15000);
    at("typing").hidden = true;
    connected(false, "no connection, trying again");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
})().catch(giveUp);
`;
