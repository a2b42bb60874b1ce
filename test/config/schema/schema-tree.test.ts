import { expect, test } from "vitest";
import { schemaTree } from "../../../src/config/schema/schema-tree.ts";

const schema = {
  properties: {
    files: { items: { type: "string", "x-glob": true, "x-inert": false } },
    token: { anyOf: [{ type: "string", "x-secret": true }, { type: "null" }], "x-credential": true },
    headers: { additionalProperties: { type: "string", "x-secret": "variables" } },
    any: { "x-deep": true, "x-template": true },
    max_body: { type: "string", format: "size" },
  },
};

test("each place of a schema is looked at once, however often and under whatever key it is asked for", () => {
  const tree = schemaTree(schema);
  expect(schemaTree(schema)).toBe(tree);
  expect(tree.child("token")).toBe(tree.child("token"));
  const headers = tree.child("headers");
  expect(headers.child("x-a")).toBe(headers.child("x-b"));
  expect(tree.at(["files", 0])).toBe(tree.at(["files", 7]));
});

test("says of each place what its schemas say together", () => {
  const tree = schemaTree(schema);
  expect(tree.at(["files", 3])).toMatchObject({ marked: "outward", code: [{ kind: "glob", mark: true }] });
  expect(tree.child("token")).toMatchObject({ secret: true, marked: "credential" });
  expect(tree.at(["headers", "authorization"]).secret).toBe("variables");
  expect(tree.at(["any", "at", 4, "depth"]).code).toEqual([{ kind: "template", mark: true }]);
  expect(tree.nameOf("max_body")).toBe("maxBodyBytes");
  expect(tree.nameOf("not_declared")).toBe("not_declared");
  expect(tree.declares("token")).toBe(true);
  expect(tree.child("any").declares("token")).toBe(false);
  expect(tree.at(["no", "such", "place"]).schemas).toEqual([]);
});

test("a key named like a member of every object is not declared", () => {
  const tree = schemaTree(schema);
  for (const key of ["constructor", "__proto__", "toString", ""]) expect(tree.child(key).schemas).toEqual([]);
});
