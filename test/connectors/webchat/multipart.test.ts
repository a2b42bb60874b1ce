// Forms of browsers, and what is no form.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMultipart } from "../../../src/http/multipart.ts";

async function encoded(form: FormData): Promise<[Buffer, string]> {
  const response = new Response(form);
  return [Buffer.from(await response.arrayBuffer()), response.headers.get("content-type") as string];
}

test("reads what a browser makes of a form", async () => {
  const form = new FormData();
  form.append("id", "42");
  form.append("text", "grüße\r\n--x\r\n");
  form.append(
    "file",
    new File([Buffer.from([0, 13, 10, 45, 45, 255])], 'a "b"\r\n.bin', { type: "image/png" }),
  );
  form.append("file", new File([], "empty"));
  const [body, type] = await encoded(form);
  const parts = parseMultipart(body, type);
  expect(parts?.map(({ name, filename, content }) => [name, filename, content.toString("latin1")])).toEqual([
    ["id", undefined, "42"],
    ["text", undefined, Buffer.from("grüße\r\n--x\r\n").toString("latin1")],
    ["file", 'a "b"\r\n.bin', "\0\r\n--\xff"],
    ["file", "empty", ""],
  ]);
  expect(parts?.[2]?.type).toBe("image/png");
});

test("gives back any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), async (contents) => {
      const form = new FormData();
      for (const content of contents) form.append("file", new File([content], "f"));
      const [body, type] = await encoded(form);
      const parts = parseMultipart(body, type);
      if (contents.length === 0) return;
      expect(parts?.map(({ content }) => [...content])).toEqual(contents.map((content) => [...content]));
    }),
  );
});

const part = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n';
const type = "multipart/form-data; boundary=b";

test.each<[string, string, string]>([
  ["without a boundary", `${part}--b--`, "multipart/form-data"],
  ["of another boundary", `${part}--b--`, "multipart/form-data; boundary=c"],
  ["that is cut short", part, type],
  ["with a part without a name", "--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--", type],
  ["with a head without an end", '--b\r\ncontent-disposition: form-data; name="a"', type],
  ["with a head that is too long", `--b\r\nx: ${"y".repeat(5_000)}\r\n\r\nx\r\n--b--`, type],
  ["with a hundred thousand parts", `${part.repeat(100_000)}--b--`, type],
])("refuses a form %s", (_, body, contentType) => {
  expect(parseMultipart(Buffer.from(body), contentType)).toBeUndefined();
});

test("takes a quoted boundary, and what stands beside it", () => {
  const contentType = 'multipart/form-data; charset=utf-8; boundary="b"; x=y';
  expect(parseMultipart(Buffer.from(`${part}--b--`), contentType)).toHaveLength(1);
});

test("survives whatever comes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("--b", "\r\n", "--", ":", "x", 'name="a"', "form-data;")),
      (words) => {
        parseMultipart(Buffer.from(`--b${words.join("")}`), type);
      },
    ),
  );
});
