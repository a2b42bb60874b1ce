// Recipes that reach more through the default of an input, or through a variable of a declared program.

import type { Attacks } from "./attack.ts";
import { steeringVariables, tail, text } from "./attack.ts";

export const defaultAttacks: Readonly<Record<string, Attacks>> = {
  "defaults of inputs": {
    ...Object.fromEntries(
      ["/", "~", "~/", "C:\\", "/**", "~/**", "/*/x", "..", "../other", "a/../../b", "{..,x}/y", "..\\x"].map(
        (root) => [
          `${root} as the default of an input`,
          [
            {
              recipe: {
                inputs: text("root", { default: root }),
                capabilities: { files: ["${inputs.root}"] },
                sources: tail("${inputs.root}"),
              },
            },
            /^capabilities\.files\[0\]: .*(?:is too broad for a recipe|matches everything)/,
          ] as const,
        ],
      ),
    ),
    "the root in a default that is a list": [
      {
        recipe: {
          inputs: { roots: { type: "list", description: "Folders.", default: ["logs", "/"] } },
          capabilities: { files: ["${inputs.roots}"] },
          sources: { x: { type: "tail", files: "${inputs.roots}" } },
        },
      },
      /^capabilities\.files\[0\]: "\/" is too broad/,
    ],
    "a default with .. at the beginning of an entry": [
      {
        recipe: {
          inputs: text("up", { default: ".." }),
          capabilities: { files: ["${inputs.up}/${inputs.up}/other"] },
          sources: tail("${inputs.up}/${inputs.up}/other"),
        },
      },
      /^capabilities\.files\[0\]: the value of its input leads out of the folder/,
    ],
    "a value with .. behind one that the user gave": [
      {
        recipe: {
          inputs: { ...text("folder"), ...text("name", { default: ".." }) },
          capabilities: { files: ["${inputs.folder}/${inputs.name}/x"] },
          sources: tail("${inputs.folder}/${inputs.name}/x"),
        },
        with: { folder: "logs" },
      },
      /leads out of the folder/,
    ],
    ".. that two inputs make together": [
      {
        recipe: {
          inputs: { ...text("a", { default: "." }), ...text("b", { default: "./x" }) },
          capabilities: { files: ["${inputs.a}${inputs.b}"] },
          sources: tail("${inputs.a}${inputs.b}"),
        },
      },
      /leads out of the folder/,
    ],
    "a folder that the user gave, wherever it is": [
      {
        recipe: {
          inputs: text("folder", { default: "inbox" }),
          capabilities: { files: ["${inputs.folder}/*.log"] },
          sources: tail("${inputs.folder}/*.log"),
        },
        with: { folder: "../shared" },
      },
    ],
  },
  "variables of a program": {
    ...Object.fromEntries(
      steeringVariables.map((name) => [
        `code or settings through ${name}`,
        [
          {
            recipe: {
              capabilities: { commands: ["npm"] },
              sources: { x: { type: "command", command: ["npm"], env: { [name]: "x" } } },
            },
          },
          new RegExp(`^sources\\.x\\.env\\.${name}: the recipe evil may not set ${name}`),
        ] as const,
      ]),
    ),
    "code through a variable of a tool": [
      {
        recipe: {
          capabilities: { commands: ["git"], tools: ["x"] },
          sinks: {
            x: {
              type: "command",
              description: "Fetch.",
              command: ["git", "fetch"],
              env: { GIT_SSH_COMMAND: "sh -c x", LC_ALL: "C" },
            },
          },
        },
      },
      /^sinks\.x\.env\.GIT_SSH_COMMAND: the recipe evil may not set GIT_SSH_COMMAND/,
    ],
  },
};
