import { describe, expect, test } from "vitest";
import { load } from "../loading.ts";

const secret = "hunter2hunter2";

describe("secrets", () => {
  test("are the values of secret options, also in lists and from variables, and every ${file:}", async () => {
    const { secrets, issues } = await load(
      `sources:\n  a: { type: probe, auth: { secret: [ "${secret}", "Bearer \${TOKEN}" ] } }\n  b: { type: probe, url: "x\${file:url.txt}", auth: { user_name: me } }\n`,
      { env: { TOKEN: "tttttttt" }, files: { "url.txt": "ffffffff\n" } },
    );
    expect(issues).toEqual([]);
    expect([...secrets].sort()).toEqual(["Bearer tttttttt", "ffffffff", secret, "tttttttt"]);
  });

  test("are, in what a sink sends, what the environment brought in, but no host", async () => {
    const { secrets, issues } = await load(
      `sinks:
  hook:
    type: http
    description: x
    request:
      url: "\${BASE}/\${PATH_TOKEN}/x?typed=in-the-clear"
      headers: { authorization: "Bearer \${TOKEN}", x-note: typed-in-the-clear, x-api-key: typed-and-secret }
      json: { chat: "\${CHAT}", deep: [{ text: "{{input.text}}" }] }
    input: { text: { type: string } }
  tool: { type: command, description: x, command: [x, "\${ARGUMENT}"], env: { A: "\${VALUE}" } }
`,
      {
        env: {
          BASE: "https://api.example.com",
          PATH_TOKEN: "pppppppp",
          TOKEN: "tttttttt",
          CHAT: "cccccccc",
          ARGUMENT: "aaaaaaaa",
          VALUE: "vvvvvvvv",
        },
      },
    );
    expect(issues).toEqual([]);
    expect([...secrets].sort()).toEqual([
      "Bearer tttttttt",
      "aaaaaaaa",
      "cccccccc",
      "pppppppp",
      "tttttttt",
      "typed-and-secret",
      "vvvvvvvv",
    ]);
  });

  test.each([
    ["beside a mistake", `sources:\n  a: { type: probe, every: x, auth: { secret: ${secret} } }\n`],
    [
      "on the line above a mistake",
      `sources:\n  a:\n    type: probe\n    auth:\n      secret: "${secret}"\n      user_nam: x\n`,
    ],
    [
      "in a list",
      `sources:\n  a:\n    type: probe\n    auth:\n      secret:\n        - ${secret}\n        - [x]\n`,
    ],
    [
      "in a block",
      `sources:\n  a:\n    type: probe\n    auth:\n      secret: |\n        ${secret}\n        more\n    evry: x\n`,
    ],
    ["as a default", `sources:\n  a: { type: probe, every: x, auth: { secret: "\${NOPE:-${secret}}" } }\n`],
    [
      "under the second of two equal keys",
      `sources:\n  a: { type: probe, auth: { secret: ${secret}, secret: hunter2 } }\n`,
    ],
    [
      "in the second of two equal sections",
      `sources:\n  a: { type: probe }\nsources:\n  a: { type: probe, auth: { secret: ${secret} }, evry: x }\n`,
    ],
    ["under a mistyped key", `sources:\n  a: { type: probe, auth: { secert: ${secret} } }\n`],
    ["of an unknown type", `sources:\n  a: { type: prob, api_token: ${secret} }\n`],
    ["in broken YAML", `sources:\n  a:\n    api_key: ${secret}\n    auth: { secret: '${secret}', x: @ }\n`],
    ["in a file with a tab", `sources:\n  a: { password: "${secret}" }\n\tb: 1\n`],
    ["that is too short for the schema", "sources:\n  a: { type: probe, auth: { secret: hu2 } }\n"],
    [
      "that is not one of the allowed kinds",
      `sources:\n  a: { type: probe, auth: { secret: { x: ${secret} } } }\n`,
    ],
  ])("%s are not shown", async (_, text) => {
    const loaded = await load(text);
    expect(loaded.issues.length).toBeGreaterThan(0);
    for (const issue of loaded.issues) {
      const shown = `${loaded.frame(issue)} ${JSON.stringify(issue)}`;
      expect(shown).not.toMatch(/hu(nter)?2/);
    }
  });

  test("that come from the environment leave the frame as it is typed", async () => {
    const loaded = await load('sources:\n  a: { type: probe, auth: { secret: "${S}" }, evry: x }\n', {
      env: { S: secret },
    });
    expect(loaded.frame(loaded.issues[0]!)).toContain('secret: "${S}"');
  });

  test("the caret still points at its word when a secret before it is masked", async () => {
    const loaded = await load(`sources:\n  a: { type: probe, auth: { secret: ${secret} }, evry: x }\n`);
    const [, , line, caret] = loaded.frame(loaded.issues[0]!).split("\n");
    expect(line).toBe("  2 |   a: { type: probe, auth: { secret: *** }, evry: x }");
    expect(line?.slice(caret?.indexOf("^"))).toBe("evry: x }");
  });
});
