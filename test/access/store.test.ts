import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeIn, openWorld } from "./world.ts";

describe("the file of those who were let in", () => {
  it("is there for us alone", async () => {
    const { administer, file } = await openWorld();
    await administer({ do: "allow", person: "41", name: "Ada" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      version: 1,
      sources: { phone: { people: { "41": { name: "Ada" } } } },
    });
  });

  it("is read again when somebody changed it", async () => {
    const { administer, receive, file } = await openWorld({ dm: "allowlist" });
    await administer({ do: "allow", person: "41" });
    expect(await receive()).toEqual({ as: "event" });
    await writeFile(file, (await readFile(file, "utf8")).replace('"41"', '"4100"'));
    expect(await receive()).toEqual({ as: "nothing" });
  });

  it.each([
    "{",
    "[]",
    '{"version":0,"sources":{}}',
    '{"version":1,"sources":{"phone":{"people":[]}}}',
    "null",
  ])("is set aside, and told, when it is %s: nobody counts then", async (text) => {
    const { administer, receive, file, folder, told, store } = await openWorld({
      dm: "allowlist",
      allow: ["7"],
    });
    await writeFile(file, text);
    expect(await receive()).toEqual({ as: "nothing" });
    expect(await receive({ sender: { id: "7" } })).toEqual({ as: "event" });
    expect(told).toHaveLength(1);
    expect(store.damage()).toContain("is invalid");
    const aside = (await readdir(folder)).find((name) => name.startsWith("access.json.corrupt-"));
    expect(await readFile(join(folder, aside as string), "utf8")).toBe(text);
    await administer({ do: "allow", person: "41" });
    expect(await receive()).toEqual({ as: "event" });
  });

  it("of a newer version stays as it is: nobody counts, and no change is written over it", async () => {
    const { administer, receive, file, told } = await openWorld({ dm: "allowlist" });
    const newer = '{"version":2,"sources":{"phone":["41"]}}';
    await writeFile(file, newer);
    expect(await receive()).toEqual({ as: "nothing" });
    expect(told.join()).toContain("a newer channel-router wrote it (version 2)");
    await expect(administer({ do: "allow", person: "41" })).rejects.toMatchObject({ code: "E_ACCESS_STATE" });
    expect(await readFile(file, "utf8")).toBe(newer);
  });

  it("keeps everybody when it cannot be read just now: no change is written over it", async () => {
    const { administer, receive, file } = await openWorld({ dm: "allowlist" });
    await administer({ do: "allow", person: "41" });
    // What cannot be read and is no damage: as when the process has too many files open.
    await rename(file, `${file}.away`);
    await mkdir(file);
    expect(await receive()).toEqual({ as: "nothing" });
    await expect(administer({ do: "allow", person: "42" })).rejects.toMatchObject({
      code: "E_ACCESS_STATE",
      retryable: true,
    });
    await rm(file, { recursive: true });
    await rename(`${file}.away`, file);
    expect(await receive()).toEqual({ as: "event" });
  });

  it("lets nobody in where it cannot be looked at", async () => {
    const { administer, receive, file } = await openWorld({ dm: "allowlist" });
    await symlink(file, file);
    expect(await receive()).toEqual({ as: "nothing" });
    await expect(administer({ do: "allow", person: "42" })).rejects.toMatchObject({ code: "E_ACCESS_STATE" });
  });

  it.each([0o620, 0o602])("counts for nothing while others may write it (%o)", async (mode) => {
    const { administer, receive, file, told } = await openWorld({ dm: "allowlist" });
    await administer({ do: "allow", person: "41" });
    await chmod(file, mode);
    expect(await receive()).toEqual({ as: "nothing" });
    expect(told.join()).toContain("chmod 600");
    await chmod(file, 0o600);
    expect(await receive()).toEqual({ as: "event" });
  });

  it("says nothing about a source of another type, where the same id may be somebody else", async () => {
    const { administer, receive, file } = await openWorld({ dm: "allowlist" });
    await administer({ do: "allow", person: "41" });
    await administer({ do: "group", chat: "g", allow: ["41"], mention: false });
    expect(await receive()).toEqual({ as: "event" });
    await writeFile(file, (await readFile(file, "utf8")).replace('"testchat"', '"webchat"'));
    expect(await receive()).toEqual({ as: "nothing" });
    expect(await receive({ chat: { id: "g", kind: "group" } })).toEqual({ as: "nothing" });
    expect((await administer({ do: "list" })).sources[0]).toMatchObject({ people: [], groups: [] });
  });

  it("loses no change when many come at once", async () => {
    const { administer } = await openWorld();
    const ids = Array.from({ length: 20 }, (_, index) => `p${index}`);
    await Promise.all(ids.map((person) => administer({ do: "allow", person })));
    const { sources } = await administer({ do: "list" });
    expect(sources[0]?.people.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it("never lets anybody in, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        const { receive, file } = await openWorld({ dm: "allowlist" });
        await writeFile(file, text);
        expect(await receive()).toEqual({ as: "nothing" });
      }),
      { numRuns: 30 },
    );
  });
});

describe("what a person changes", () => {
  it("is not what the config says", async () => {
    const { administer } = await openWorld({
      allow: ["41"],
      groups: { g: { mention: true, allow: ["41"] } },
    });
    await expect(administer({ do: "remove", person: "41" })).rejects.toMatchObject({
      hint: expect.stringContaining("config file"),
    });
    await expect(administer({ do: "ungroup", chat: "g" })).rejects.toThrow("cannot be removed here");
    await expect(administer({ do: "group", chat: "g", allow: ["1"], mention: true })).rejects.toThrow(
      "cannot be changed here",
    );
  });

  it("ends with remove, at once", async () => {
    const { administer, receive } = await openWorld();
    await administer({ do: "pair", code: codeIn(await receive()) });
    await administer({ do: "remove", person: "41" });
    expect((await receive()).as).toBe("answer");
    await expect(administer({ do: "remove", person: "14" })).rejects.toThrow("14 is not admitted on phone");
  });

  it("is the policy, in place of the config's", async () => {
    const { administer, receive } = await openWorld();
    expect((await administer({ do: "policy", dm: "allowlist" })).said).toBe(
      "phone: allowlist, so unknown senders are ignored",
    );
    expect(await receive()).toEqual({ as: "nothing" });
    expect((await administer({ do: "policy", dm: "config" })).said).toBe(
      "phone: pairing, so unknown senders get a pairing code",
    );
    expect((await receive()).as).toBe("answer");
  });

  it("is a group, with people in it", async () => {
    const { administer, receive } = await openWorld();
    await expect(administer({ do: "group", chat: "g", allow: [], mention: true })).rejects.toThrow(
      "admits nobody",
    );
    await administer({ do: "group", chat: "g", allow: ["41"], mention: true });
    expect(await receive({ chat: { id: "g", kind: "group" } })).toEqual({ as: "event" });
    await administer({ do: "ungroup", chat: "g" });
    expect(await receive({ chat: { id: "g", kind: "group" } })).toEqual({ as: "nothing" });
  });

  it("names a source that there is", async () => {
    const { administer } = await openWorld();
    await expect(administer({ do: "allow", source: "fone", person: "1" })).rejects.toMatchObject({
      hint: expect.stringContaining("phone"),
    });
    await expect(administer({ do: "allow", person: "Ada Lovelace" })).rejects.toThrow("is not an id");
  });
});
