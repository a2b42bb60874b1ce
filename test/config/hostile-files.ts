// Files of at most 1 MiB that are made to keep the router busy, or to make it print much: each by what it holds very much of.

type Many = (piece: (n: number) => string, before?: string, after?: string, most?: number) => string;

/** `piece` again and again, as long as the file stays within its bound; `n` counts. */
function manyWithin(maxBytes: number): Many {
  return (piece, before = "", after = "", most = Number.POSITIVE_INFINITY) => {
    const pieces: string[] = [];
    let room = maxBytes - Buffer.byteLength(before) - Buffer.byteLength(after);
    for (let n = 0; n < most; n++) {
      const text = piece(n);
      room -= Buffer.byteLength(text);
      if (room < 0) break;
      pieces.push(text);
    }
    return before + pieces.join("") + after;
  };
}

function text(piece: string, most: number): string {
  return piece.repeat(Math.floor(most / piece.length));
}

const sources = "sources:\n  hook: { type: http, path: /hook }\n";

/** By name. `share`: how much of what may be there, for files that are half as large. */
export function hostileFiles(share = 1): Readonly<Record<string, string>> {
  const of = (most: number) => Math.floor(most * share);
  const many = manyWithin(of(1024 * 1024));
  /** Just below the bound on the keys of a mapping and on the items of a list: what comes after has to cope. */
  const some = of(1_990);
  const items = of(1_990);
  /** The bound on one text. */
  const maxText = of(65_000);
  /** The bound on one that is code. */
  const maxCode = of(16_000);
  return {
    // The parser.
    "a line of one list": many(() => "x, ", "a: [", "]\n"),
    "a line of one mapping": many((n) => `k${n}: v, `, "a: {", "}\n"),
    "open lists": many(() => "["),
    "open mappings": many(() => "{"),
    "open lists and mappings": many(() => "[{a: "),
    dashes: many(() => "- "),
    "dashes on lines": many(() => "-\n"),
    "question marks": many(() => "? "),
    colons: many(() => ": "),
    commas: many(() => ",", "a: [", "]"),
    "closing brackets": many(() => "]}"),
    "blank lines": many(() => "\n"),
    "carriage returns": many(() => "\r"),
    tabs: many(() => "\t\n"),
    comments: many(() => "# x\n"),
    documents: many(() => "---\n"),
    directives: many(() => "%x\n"),
    "unknown escapes": many(() => "\\q", 'a: "', '"'),
    "open quotes": many((n) => `k${n}: "x\n`),
    "open quotes on one line": many(() => `"a' `),
    "one open quote": many(() => "a", '"'),
    "wrong indents": many((n) => `${" ".repeat(n % 7)}k: v\n`),
    "deeper and deeper": many((n) => `${" ".repeat(n)}a:\n`),
    "a long scalar": many(() => "x ", "server: { instructions: '", "' }"),
    "a long block": many(() => "  x\n", "a: |\n"),
    "a long folded block": many(() => "  x\n\n", "a: >\n"),
    "a line of blanks": many(() => " ", "a:", "b\n"),
    "stars without anchors": many(() => "- *x\n"),
    tags: many(() => "- !x y\n"),
    anchors: many((n) => `- &a${n} x\n`),
    "anchors and stars": many((n) => `k${n}: &a${n} [*a${Math.max(0, n - 1)}]\n`),
    "a bomb": many(
      (n) =>
        `l${n}: &l${n} [${Array(9)
          .fill(n === 0 ? "x" : `*l${n - 1}`)
          .join(", ")}]\n`,
      "",
      "",
      40,
    ),
    "unquoted braces": many(() => "a: {{x}} ${y}\n"),
    "unquoted braces on one line": many(() => "${y {{x "),
    "no text": many((n) => String.fromCharCode(1 + (n % 31))),
    // What is said of the tree.
    "unknown keys": many((n) => `key${n}: v\n`, "", "", some),
    "unknown keys on one line": many((n) => `key${n}: v, `, "{", "}", some),
    "near misses of keys": many((n) => `source${n % 9}${n}: v\n`, "", "", some),
    "one key again and again": many(() => "sources: {}\n", "", "", some),
    "bad names of channels": many((n) => ` K${n}: {}\n`, `${sources}channels:\n`, "", some),
    "bad values": many((n) => ` k${n}: {from: 1}\n`, `${sources}channels:\n`, "", some),
    "channels without a source": many((n) => ` k${n}: {}\n`, `${sources}channels:\n`, "", some),
    "channels of unknown sources": many(
      (n) => ` k${n}: {from: hoook${n}}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "channels of sources that are nearly there": many(
      (n) => ` source_number_${n}x: {from: source_number_${n}y}\n`,
      `${many((n) => ` source_number_${n}z: {type: http, path: /${n}}\n`, "sources:\n", "", some)}channels:\n`,
      "",
      some,
    ),
    "channels of many sources": many(
      (n) => `h${n}, `,
      `${many((n) => ` s${n}: {type: http, path: /${n}}\n`, "sources:\n", "", some)}channels:\n c:\n  from: [`,
      "]\n",
      items,
    ),
    "sources of unknown types": many((n) => ` s${n}: {type: htpp${n}}\n`, "sources:\n", "", some),
    "sources with unknown options": many(
      (n) => ` s${n}: {type: http, paht: x, foo: y}\n`,
      "sources:\n",
      "",
      some,
    ),
    "one source with many unknown options": many(
      (n) => ` o${n}: x\n`,
      "sources:\n s:\n  type: http\n",
      "",
      some,
    ).replaceAll("\n o", "\n  o"),
    "good sources": many((n) => ` s${n}: {type: http, path: /${n}}\n`, "sources:\n", "", some),
    "sources of one path": many((n) => ` s${n}: {type: http, path: /a}\n`, "sources:\n", "", some),
    "sources of bad verify": many(
      (n) => ` s${n}: {type: http, path: /${n}, verify: {scheme: x${n}}}\n`,
      "sources:\n",
      "",
      some,
    ),
    secrets: many(
      (n) => ` s${n}: {type: http, path: /${n}, verify: {scheme: github, secret: secret-number-${n}}}\n`,
      "sources:\n",
      "",
      some,
    ),
    "short secrets": many(
      (n) => ` s${n}: {type: http, path: /${n}, verify: {scheme: github, secret: s${n}}}\n`,
      "sources:\n",
      "",
      some,
    ),
    "keys that sound secret": many((n) => ` token: value-${n}\n`, "", "", some),
    "a line of secrets": many(() => "token: x, ", "a: {", "}\n", some),
    hosts: many((n) => ` - h${n}.example\n`, "hosts:\n", "", items),
    "hosts that are mappings": many((n) => ` - {a: ${n}}\n`, "hosts:\n", "", items),
    "missing variables": many((n) => `- \${V${n}}\n`, "hosts:\n", "", items),
    "variables in one text": `server: { instructions: '${text("${V:-x}", maxText)}' }\n`,
    "a variable in a variable": `server: { instructions: '${text("${A:-", maxText)}' }\n`,
    "open variables": `sources:\n s: {type: http, path: /a, verify: {scheme: github, secret: '${text("${", maxText)}'}}\n`,
    "missing files": many((n) => `- \${file:f${n}}\n`, "hosts:\n", "", items),
    "good channels": many(
      (n) => ` c${n}: {from: hook, match: {data.a: ${n}}, content: "{{data.b}}"}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "patterns that are none": many(
      (n) => ` c${n}: {from: hook, match: {data.a: "/(${n}/"}}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "expressions that are none": many(
      (n) => ` c${n}: {from: hook, when: "data.a == (${n}"}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "templates that are none": many(
      (n) => ` c${n}: {from: hook, content: "{{#if data.x}} ${n}"}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "unknown roots": many(
      (n) => ` c${n}: {from: hook, content: "{{dta.x}} {{hedaers.y}} ${n}"}\n`,
      `${sources}channels:\n`,
      "",
      some,
    ),
    "a long expression": `${sources}channels:\n c: {from: hook, when: "data.a${text(" && data.a", maxCode)}"}\n`,
    "a deep expression": `${sources}channels:\n c: {from: hook, when: "${text("(", maxCode)}"}\n`,
    "a long template": `${sources}channels:\n c: {from: hook, content: "${text("{{data.a}}", maxCode)}"}\n`,
    "a template of open blocks": `${sources}channels:\n c: {from: hook, content: "${text("{{#if data.a}}", maxCode)}"}\n`,
    "a template of unknown helpers": `${sources}channels:\n c: {from: hook, content: "${text("{{foo data.a}}", maxCode)}"}\n`,
    "a block template with a deep first line": `${sources}channels:\n c:\n  from: hook\n  content: |\n    ${text(" ", maxCode)}{{dta.x}}\n`,
    "a long pattern": `${sources}channels:\n c: {from: hook, match: {data.a: "/${text("a|", maxCode)}/"}}\n`,
    "a wide pattern": `${sources}channels:\n c: {from: hook, match: {data.a: "/${text("(a{1,50})", maxCode)}/"}}\n`,
    "a match of many keys": many(
      (n) => `    data.k${n}: ${n}\n`,
      `${sources}channels:\n c:\n   from: hook\n   match:\n`,
      "",
      some,
    ),
    "meta of many keys": many(
      (n) => `    k-${n}: x\n`,
      `${sources}channels:\n c:\n   from: hook\n   meta:\n`,
      "",
      some,
    ),
    "vars of many": many(
      (n) => `    v${n}: "data.a"\n`,
      `${sources}channels:\n c:\n   from: hook\n   vars:\n`,
      "",
      some,
    ),
    sinks: many(
      (n) =>
        ` t${n}: {type: file, description: x, path: n, file: "{{input.a}}", content: x, input: {a: {type: string}}}\n`,
      "sinks:\n",
      "",
      some,
    ),
    "sinks with wrong schemas": many(
      (n) =>
        ` t${n}: {type: file, description: x, path: n, file: a, content: x, input: {a: {typ: string}}}\n`,
      "sinks:\n",
      "",
      some,
    ),
    "a sink of many arguments": many(
      (n) => `   a${n}: {type: string, pattern: "^a${n}$"}\n`,
      "sinks:\n t:\n  type: file\n  description: x\n  path: n\n  file: a\n  content: x\n  input:\n",
      "",
      some,
    ),
    "an enum of many": many(
      (n) => `w${n}, `,
      "sinks:\n t:\n  type: file\n  description: x\n  path: n\n  file: a\n  content: x\n  input: {a: {enum: [",
      "]}}\n",
      items,
    ),
    "uses of recipes": many((n) => ` u${n}: {recipe: alertmanager}\n`, "use:\n", "", 200),
    "uses of no recipe": many((n) => ` u${n}: {recipe: gitub${n}}\n`, "use:\n", "", 200),
    "uses of a missing file": many((n) => ` u${n}: {recipe: ./r${n}.yaml}\n`, "use:\n", "", 200),
    "one use with many inputs": many(
      (n) => `   i${n}: x\n`,
      "use:\n u:\n  recipe: alertmanager\n  with:\n",
      "",
      some,
    ),
    "one use that changes much": many(
      (n) => `    c${n}: {}\n`,
      "use:\n u:\n  recipe: alertmanager\n  override:\n   channels:\n",
      "",
      some,
    ),
    tests: many(
      (n) => ` - {name: t${n}, send: {source: hoook, data: {}}, expect: {}}\n`,
      `${sources}tests:\n`,
      "",
      items,
    ),
    "rules of permissions": many(
      (n) => `  - {tool: Bash${n}, allow: x}\n`,
      "permissions:\n relay: [x]\n rules:\n",
      "",
      items,
    ),
    "a text of open variables that is code": `${sources}channels:\n c: {from: hook, content: "${text("${", maxCode)}"}\n`,
    "a template that is never closed": `${sources}channels:\n c: {from: hook, content: "${text("{{", maxCode)}"}\n`,
    "a template of open comments": `${sources}channels:\n c: {from: hook, content: "${text("{{!", maxCode)} x[0]"}\n`,
    "a template of open brackets": `${sources}channels:\n c: {from: hook, content: "{{${text("[", maxCode)}}}"}\n`,
    "a template of open tags": `${sources}channels:\n c: {from: hook, content: "${text("{{#x", maxCode)}"}\n`,
    "a template of inputs": `${sources}channels:\n c: {from: hook, content: "${text("{{inputs.a", maxCode)}"}\n`,
    "texts of one channel": many(
      (n) => `    v${n}: "${text("data.a + ", 500)}1"\n`,
      `${sources}channels:\n c:\n   from: hook\n   vars:\n`,
      "",
      some,
    ),
    "too many entries": many((n) => `key${n}: v\n`, "", "", 20_000),
    "too long a text": many(() => "x", "server: { instructions: '", "' }"),
    "text of the server": `server: { instructions: '${text("x", maxText)}' }\n`,
    "a recipe": many(
      (n) => ` i${n}: {type: string, description: x, defalt: 1}\n`,
      "recipe: a\nversion: 1.0.0\ntitle: x\ndescription: x\ninputs:\n",
      "",
      some,
    ),
    "a recipe of texts": many(
      (n) => ` c${n}: {from: hook, content: "{{inputs.x${n}}}"}\n`,
      `recipe: a\nversion: 1.0.0\ntitle: x\ndescription: x\ninputs: {x: {type: string, description: x}}\n${sources}channels:\n`,
      "",
      some,
    ),
  };
}
