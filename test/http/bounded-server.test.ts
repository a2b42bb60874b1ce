// What Node's own time-outs may not do: end a connection on which the rest of a request, or the next one, lies unread.

import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createHttpServer } from "../../src/http/bounded-server.ts";
import { createConnections } from "../../src/http/connections.ts";

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanUp.splice(0)) step();
});

async function opened(): Promise<{
  server: Server;
  there: Socket;
  here: Socket;
  until(part: string): Promise<string>;
}> {
  const server = createHttpServer((request, response) => {
    request.resume().on("end", () => response.end("taken"));
  }, createConnections(100));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const here = connect((server.address() as AddressInfo).port, "127.0.0.1");
  cleanUp.push(() => {
    here.destroy();
    server.closeAllConnections();
    server.close();
  });
  const [there] = (await accepted) as [Socket];
  let text = "";
  here.on("data", (bytes) => {
    text += bytes;
  });
  return {
    server,
    there,
    here,
    async until(part) {
      while (!text.includes(part)) await Promise.race([once(here, "data"), once(here, "close")]);
      return text;
    },
  };
}

const tooSlow = () => Object.assign(new Error("too slow"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
const request = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody";

test.each([10, request.length - 2])(
  "a request of which %d bytes had been read is not too slow",
  async (read) => {
    const { server, there, here, until } = await opened();
    here.write(request.slice(0, read));
    while (there.bytesRead < read) await new Promise(setImmediate);
    here.write(request.slice(read));
    server.emit("clientError", tooSlow(), there);
    expect(await until("taken")).toMatch(/^HTTP\/1\.1 200 /);
  },
);

test.each([10, request.length - 2])(
  "a request of which only %d bytes come is answered with 408",
  async (read) => {
    const { server, there, here, until } = await opened();
    here.write(request.slice(0, read));
    while (there.bytesRead < read) await new Promise(setImmediate);
    server.emit("clientError", tooSlow(), there);
    expect(await until("408")).toMatch(/^HTTP\/1\.1 408 /);
  },
);

test("an idle connection is closed, but not when the next request lies in it", async () => {
  const { server, there, here, until } = await opened();
  here.write(request);
  const answer = (await until("taken")).length;
  here.write(request);
  server.emit("timeout", there);
  while (there.bytesWritten < 2 * answer) await new Promise(setImmediate);
  server.emit("timeout", there);
  await once(here, "close");
});
