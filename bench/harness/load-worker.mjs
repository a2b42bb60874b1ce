// The sending side, in a thread of its own so that it does not hold up the reader of stdout. Without a rate every
// connection posts again as soon as it was answered; with a rate posts are due at fixed times, and one that finds no free
// connection waits with its clock running, so that a slow server cannot hide behind the requests it kept from being sent.

import { parentPort, workerData } from "node:worker_threads";
import { createConnection, noAnswer } from "./http-connection.mjs";
import { deliveryDigits, deliveryPrefix, sequenceField, signatureOf } from "./payloads.mjs";

const { port, pool, connections, timeoutMs, rate, durationMs, events, newcomers, firstSequence } = workerData;
const { sentAt, statuses } = workerData;
const pauseAfterBreakMs = 50;

const requests = pool.map(({ event, body }) => {
  const head = [
    `POST /github?delivery=${deliveryPrefix}${"0".repeat(deliveryDigits)} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "User-Agent: GitHub-Hookshot/044aadd",
    "Accept: */*",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    `X-GitHub-Delivery: ${deliveryPrefix}${"0".repeat(deliveryDigits)}`,
    `X-GitHub-Event: ${event}`,
    "X-GitHub-Hook-ID: 292430182",
    "X-GitHub-Hook-Installation-Target-ID: 79929171",
    "X-GitHub-Hook-Installation-Target-Type: repository",
    `X-Hub-Signature-256: ${signatureOf(body)}`,
  ].join("\r\n");
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
  const inPath = bytes.indexOf(deliveryPrefix) + deliveryPrefix.length;
  const inHeader = bytes.indexOf(deliveryPrefix, inPath) + deliveryPrefix.length;
  const inBody = bytes.lastIndexOf(sequenceField) + sequenceField.length;
  const signature = bytes.indexOf("sha256=");
  return { bytes, inPath, inHeader, inBody, signature, body: bytes.subarray(bytes.length - body.length) };
});

const byStatus = {};
let sent = 0;
let inFlight = 0;
let firstSentMs;
let lastAnswerMs;
let stopped = false;
let finished = false;
const tickers = [];

/** Milliseconds of a clock that all threads share. */
function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

function over() {
  return stopped || sent >= events || now() - firstSentMs >= durationMs;
}

/** Posts the next delivery. `dueMs`: when it should have been sent. */
function send(connection, dueMs, then) {
  const index = sent++;
  const request = requests[index % requests.length];
  const digits = String(firstSequence + index).padStart(deliveryDigits, "0");
  request.bytes.latin1Write(digits, request.inPath);
  request.bytes.latin1Write(digits, request.inHeader);
  request.bytes.latin1Write(digits, request.inBody);
  request.bytes.latin1Write(signatureOf(request.body), request.signature);
  if (index < sentAt.length) sentAt[index] = dueMs;
  inFlight += 1;
  connection.post(request.bytes, (status) => {
    inFlight -= 1;
    lastAnswerMs = now();
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    if (index < statuses.length) statuses[index] = status;
    if (status === noAnswer.broken) setTimeout(then, pauseAfterBreakMs);
    else then();
    finishWhenOver();
  });
}

function finishWhenOver() {
  if (finished || inFlight > 0 || waiting.length > 0 || !over()) return;
  finished = true;
  for (const ticker of tickers) clearInterval(ticker);
  for (const connection of open) connection.close();
  const seconds = ((lastAnswerMs ?? now()) - firstSentMs) / 1e3;
  parentPort.postMessage({ sent, byStatus, seconds });
  parentPort.close();
}

const open = Array.from({ length: connections }, () => createConnection({ port, timeoutMs }));
const waiting = [];
parentPort.once("message", () => {
  stopped = true;
  finishWhenOver();
});
firstSentMs = now();

if (rate === undefined) {
  for (const connection of open) {
    const again = () => {
      if (!over()) send(connection, now(), again);
    };
    again();
  }
} else {
  const idle = [...open];
  let scheduled = 0;
  const assign = () => {
    while (waiting.length > 0 && idle.length > 0) {
      const connection = idle.pop();
      send(connection, waiting.shift(), () => {
        idle.push(connection);
        assign();
      });
    }
  };
  tickers.push(
    setInterval(() => {
      const moment = now();
      const due = over() ? scheduled : Math.min(events, Math.floor(((moment - firstSentMs) / 1e3) * rate));
      for (; scheduled < due; scheduled++) waiting.push(moment);
      assign();
      finishWhenOver();
    }, 1),
  );
}

if (newcomers !== undefined) {
  tickers.push(
    setInterval(() => {
      if (over()) return;
      const connection = createConnection({ port, timeoutMs: newcomers.timeoutMs });
      send(connection, now(), () => connection.close());
    }, 1e3 / newcomers.perSecond),
  );
}
