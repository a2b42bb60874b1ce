// What senders publish of their keys, and a client that fetches it without a network. Certificates are made here, because Node only reads
// them.

import type { KeyObject } from "node:crypto";
import type { HttpAnswer, HttpClient, HttpRequest } from "../../../src/contract/host.ts";

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** A certificate for this key. Nothing signs it: it counts because of where it comes from. */
export function certificateOf(key: KeyObject, from = "200101000000Z", to = "400101000000Z"): string {
  const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
  const rsaWithSha256 = sequence(Buffer.from("06092a864886f70d01010b0500", "hex"));
  const name = sequence(
    der(0x31, sequence(Buffer.from("0603550403", "hex"), der(0x0c, Buffer.from("keys.test")))),
  );
  const times = sequence(der(0x17, Buffer.from(from)), der(0x17, Buffer.from(to)));
  const version = der(0xa0, Buffer.from("020102", "hex"));
  const subjectKey = key.export({ format: "der", type: "spki" });
  const body = sequence(version, Buffer.from("020101", "hex"), rsaWithSha256, name, times, name, subjectKey);
  const bytes = sequence(body, rsaWithSha256, der(0x03, Buffer.alloc(257)));
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`;
}

/** A client for which the internet is this map; what is not in it answers 404, and an Error is a failure. */
export function createPublished(documents: Record<string, string | Error>) {
  const asked: HttpRequest[] = [];
  const http: Pick<HttpClient, "request"> = {
    async request(request) {
      asked.push(request);
      const text = documents[request.url];
      if (text instanceof Error) throw text;
      const answer: Partial<HttpAnswer> = {
        status: text === undefined ? 404 : 200,
        url: request.url,
        text: async () => text ?? "",
        discard: () => {},
      };
      return answer as HttpAnswer;
    },
  };
  return { http: http as HttpClient, asked, documents };
}
