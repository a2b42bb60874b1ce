import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configure } from "../../../src/cli/commands/configure.ts";
import { connectors } from "../../support/testchat/registry.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-configure-");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(
  what: string,
  values: string[],
  options = {},
  more: Record<string, string> = {},
  answer?: string,
) {
  let printed = "";
  const world = {
    env: { CHANNEL_ROUTER_STATE_DIR: folder, ...more },
    print: (text: string) => {
      printed += text;
    },
    underClaude: undefined,
    person: answer === undefined ? undefined : { ask: async () => answer },
  };
  return configure(what, values, options, world, connectors).then((code) => ({ code, printed }));
}

const dotenv = () => readFile(join(folder, ".env"), "utf8");

describe("configure", () => {
  it("keeps a token where only this user reads it, and shows it nowhere", async () => {
    const { code, printed } = await run("testchat", ["123:secret"]);
    expect(code).toBe(0);
    expect(printed).toBe(`TESTCHAT_TOKEN written to ${folder}/.env\n`);
    expect(parseEnv(await dotenv())).toEqual({ TESTCHAT_TOKEN: "123:secret" });
    expect((await stat(join(folder, ".env"))).mode & 0o777).toBe(0o600);
  });

  it("leaves everything else in the file as it is", async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, ".env"), "# mine\nOTHER=1\nexport TESTCHAT_TOKEN=old\n");
    await run("testchat", ["123:new"]);
    expect(await dotenv()).toBe("# mine\nOTHER=1\nTESTCHAT_TOKEN='123:new'\n");
    await run("testchat", [], { clear: true });
    expect(await dotenv()).toBe("# mine\nOTHER=1\n");
  });

  it("asks the person when no token was given", async () => {
    await run("testchat", [], {}, {}, " 123:typed \n");
    expect(parseEnv(await dotenv())).toEqual({ TESTCHAT_TOKEN: "123:typed" });
  });

  it("takes any variable by its name", async () => {
    await run("GITHUB_WEBHOOK_SECRET", ['a "b" $c #d']);
    expect(parseEnv(await dotenv())).toEqual({ GITHUB_WEBHOOK_SECRET: 'a "b" $c #d' });
  });

  it("says when the environment wins over the file", async () => {
    const { printed } = await run("testchat", ["123:x"], {}, { TESTCHAT_TOKEN: "123:other" });
    expect(printed).toContain("this shell sets TESTCHAT_TOKEN too");
    expect(printed).not.toContain("other");
  });

  it.each([
    ["testchat", ["half"], "does not look like a bot token"],
    ["testchat", [""], "is empty"],
    ["testchat", [], "TESTCHAT_TOKEN is missing"],
    ["testchat", ["123:a", "123:b"], "testchat takes TESTCHAT_TOKEN"],
    ["TOKEN", ["a'b"], "contains characters"],
    ["TOKEN", ["a\nB=c"], "contains characters"],
    ["http", ["x"], "http needs no credentials"],
    ["testchap", ["x"], "unknown type testchap"],
  ])("refuses %s %j, and never says what it was given", async (what, values, words) => {
    const error = await run(what, values).catch((refusal: Error) => refusal);
    expect(error).toMatchObject({ code: "E_USAGE", message: expect.stringContaining(words) });
    await expect(dotenv()).rejects.toThrow("ENOENT");
  });
});
