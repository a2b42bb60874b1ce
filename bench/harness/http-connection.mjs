// A keep-alive HTTP/1.1 client connection that sends ready-made bytes and reads nothing but the status: node's own client
// would take more processor time than the servers measured. One request at a time. A connection that timed out or broke is
// replaced by a new one at the next post.

import { connect } from "node:net";

/** Outcomes that are not an HTTP status. */
export const noAnswer = { broken: 1, timeout: 2 };

const endOfHead = Buffer.from("\r\n\r\n");
const endOfChunks = Buffer.from("\r\n0\r\n\r\n");

export function createConnection({ port, timeoutMs }) {
  let socket;
  let done;
  let received = [];
  let timer;

  function settle(status) {
    clearTimeout(timer);
    const settled = done;
    done = undefined;
    received = [];
    settled?.(status);
  }

  function leave(status) {
    const old = socket;
    socket = undefined;
    old?.destroy();
    settle(status);
  }

  function open() {
    const own = connect({ port, host: "127.0.0.1", noDelay: true });
    own.on("data", (chunk) => {
      if (own !== socket) return;
      received.push(chunk);
      const answer = readAnswer(received.length === 1 ? chunk : Buffer.concat(received));
      if (answer === undefined) return;
      if (answer.close) leave(answer.status);
      else settle(answer.status);
    });
    const broken = () => {
      if (own === socket) leave(noAnswer.broken);
    };
    own.on("error", broken).on("close", broken);
    return own;
  }

  return {
    /** Calls `finished` once, with the HTTP status or a member of `noAnswer`. */
    post(bytes, finished) {
      done = finished;
      socket ??= open();
      timer = setTimeout(leave, timeoutMs, noAnswer.timeout);
      socket.write(bytes);
    },
    close() {
      leave(noAnswer.broken);
    },
  };
}

/** The status and whether the connection ends, or undefined while the answer is not complete. */
function readAnswer(bytes) {
  const headEnd = bytes.indexOf(endOfHead);
  if (headEnd === -1) return undefined;
  const head = bytes.latin1Slice(0, headEnd).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head);
  const complete =
    length === null
      ? !head.includes("\r\ntransfer-encoding: chunked") ||
        bytes.subarray(-endOfChunks.length).equals(endOfChunks)
      : bytes.length >= headEnd + endOfHead.length + Number(length[1]);
  if (!complete) return undefined;
  return { status: Number(head.slice(9, 12)), close: head.includes("\r\nconnection: close") };
}
