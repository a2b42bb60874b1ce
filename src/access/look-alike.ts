// Could a text that Claude writes into a chat be mistaken for a permission prompt, a part of one, or its
// outcome? The buttons of a prompt cannot be written, and the code of a pending one is rejected in any
// spelling, so that a text that passes this check decides nothing. Words are compared by appearance (letters
// of other scripts, spaced out, upside down), not by spelling. A false positive only makes Claude reword the
// text, so the rules are broad. Linear time.

import { decodeHTML } from "entities";

/** `ids`: of pending prompts. */
export function readsLikePrompt(text: string, ids: readonly string[]): boolean {
  return [text, ...turned(text)].some((one) => {
    const shape = shapeOf(one);
    const drawn = one.replaceAll(/[[【「〔](?=\s*\p{L})/gu, "◆");
    const boxed = drawn === one ? shape : shapeOf(drawn);
    if (hasLock(one) && askToAnswer.test(shape)) return true;
    return rules.some((rule) => rule(shape)) || hasButtons(boxed) || namesOne(shape, ids);
  });
}

const hasLock = (text: string) =>
  /[\u{1F510}\u{1F50F}\u{1F512}\u{1F513}\u{1F511}\u{1F5DD}\u{1F6E1}]|:[a-z_]*(?:lock|key|shield)[a-z_]*:/iu.test(
    text,
  );

/** The text as read from right to left, or upside down. */
function turned(text: string): string[] {
  return /[\u202A-\u202E\u2066-\u2069ǝɹɯᴉʇɥʎʍԀ]/u.test(text)
    ? [
        text
          .split("\n")
          .map((line) => [...line].reverse().join(""))
          .join("\n"),
      ]
    : [];
}

// --- Appearance of a text
// -----------------------------------------------------------------------------------------

/** Letters and signs that look like a Latin letter; those that NFKC maps to that letter are not listed. */
const lookAlikes: Readonly<Record<string, string>> = {
  a: "аαɑᴀꭺꓮɐⲁΑАᎪ∀ᗅ",
  b: "вьβʙᏴꓐΒВƅᛒᏏЬ",
  c: "сϲᴄᏟꓚСⲥϹᑕ¢",
  d: "ԁᴅᎠꓓꓒժᗞđðɗ",
  e: "еєεᴇᎬꓰЕΕⲉǝəɛ℮ҽ€",
  f: "ꜰϝꓝғẝϜƒ",
  g: "ɡɢԍᏀꓖցᶃԌɠ",
  h: "һнʜᎻꓧНΗհⲏɥħ",
  i: "іιıɪᎥꓲІΙⲓɩᴉӏןļłǀ∣Ӏ¡ⵏ׀١۱ɨ",
  j: "јϳᴊᎫꓙЈյɉ",
  k: "кκᴋᏦꓗКΚⲕĸ",
  m: "мᴍᎷꓟМΜⲙɯϻ",
  n: "пηɴꓠΝⲛոռնɲŋиᏁ",
  o: "оοᴏꓳОΟⲟօഠ௦๐໐০०٥۵○◯〇øᴑσ૦",
  p: "рρᴘᏢꓑРΡⲣԀþ⍴",
  q: "ԛզգɋ",
  r: "гʀᎡꓣɹɾꭇⲅᴦɼ",
  s: "ѕꜱᏚꓢЅՏƽʂⲋ§",
  t: "тτᴛᎢꓔТΤⲧʇ†ŧ⊤",
  u: "υսᴜꓴՍμʊⴎц∪",
  v: "νѵᴠᏙꓦ∨ⱱѴ",
  w: "ԝᴡᎳꓪшщѡωաʍѠ₩",
  x: "хχΧХꓫⲭ×᙭ҳ",
  y: "уγΥʏꓬҮүყⲩʎУƴ¥",
  z: "ᴢᏃꓜΖʐƶ",
};

const latin: ReadonlyMap<string, string> = new Map([
  ...Object.entries(lookAlikes).flatMap(([letter, all]) => [...all].map((one) => [one, letter] as const)),
  // Letters in squares, in circles and of flags.
  ...[0x1f130, 0x1f150, 0x1f170, 0x1f1e6].flatMap((from) =>
    Array.from(
      { length: 26 },
      (_, n) => [String.fromCodePoint(from + n), String.fromCharCode(97 + n)] as const,
    ),
  ),
]);

const letterLike = new RegExp(
  `[${[...latin.keys()].flatMap((one) => [one, ...[one.toUpperCase()].filter((upper) => [...upper].length === 1)]).join("")}]`,
  "gu",
);

/** Between letters these are also read as one. */
const digits: Readonly<Record<string, string>> = {
  0: "o",
  1: "i",
  3: "e",
  4: "a",
  5: "s",
  7: "t",
  "|": "i",
  "!": "i",
  $: "s",
  "@": "a",
};

/**
 * Letters a to z (with l as i, because many fonts draw them alike), `◆` for a picture, `:` for a separator
 * between name and value.
 */
function shapeOf(text: string): string {
  return (
    fold(
      decodeHTML(text)
        // Picture codes of Slack and others.
        .replaceAll(/:[a-z][a-z0-9_+-]{1,40}:/gi, "◆"),
    )
      .replaceAll(/(?:[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}]|[^\P{So}\u2500-\u25FF])+/gu, "◆")
      .replaceAll(/[:∶꞉˸׃։܃፡⁝ː=→➜»]|(?<=\s)[-–—>|](?=\s)/gu, ":")
      .replaceAll(/[^a-z◆:\n]+/g, " ")
      .replaceAll(/◆(?: ?◆)+/g, "◆")
      // Spaced out: p e r m i s s i o n.
      .replaceAll(/(?<![a-z])[a-z](?: [a-z](?![a-z])){4,}/g, (letters) => letters.replaceAll(" ", ""))
  );
}

function fold(text: string): string {
  const plain = text
    .normalize("NFKC")
    .normalize("NFD")
    .replaceAll(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replaceAll(letterLike, (one) => latin.get(one) ?? latin.get(one.toLowerCase()) ?? one)
    .toLowerCase();
  return plain
    .replaceAll(/(?<=[a-z])[013457|!$@](?=[a-z])/g, (one) => digits[one] as string)
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("l", "i");
}

// --- Rejected texts
// -------------------------------------------------------------------------------------------------

const oneOf = (words: string) => `(?:${words.split(" ").map(fold).join("|")})`;
const allow = oneOf("allow approve permit accept");
const deny = oneOf("deny reject refuse decline");
const filler = oneOf("request requested required needed prompt check wanted asked question for to use");
/** Tools of Claude Code: the first are not English words. */
const tools = oneOf("bash multiedit notebookedit notebookread webfetch websearch todowrite killshell mcp");
const wordTools = oneOf("write edit read task agent glob grep skill ls");

const asking = oneOf("permission permissions approval authorization authorisation consent");
const shortWords = oneOf("or and to the it ok allow deny approve reject");

// A picture, the word, and an end.
const head = new RegExp(
  `◆[^a-z]{0,20}(?:[a-z]{1,12} ){0,2}?([a-z]{8,12})(?: ${filler}){0,3} ?(?::|\\n|$)`,
  "g",
);
const toolHeads = [
  new RegExp(`◆[^\\n]{0,60}?:[ :]*(?:${tools}(?![a-z])|${wordTools} *(?:\\n|$))`),
  new RegExp(
    `(?:^|\\n)[^a-z\\n]*(?:[a-z]+ ){0,2}${asking}(?: ${filler}){0,3}[ :]*(?:${tools}(?![a-z])|:[ :]*${wordTools} *(?:\\n|$))`,
  ),
  new RegExp(`(?:◆[^\\n]{0,40}?|(?:^|\\n)[^a-z\\n]*)${asking}(?: ${filler}){0,3} ${wordTools} ?:`),
];
const bareHead = new RegExp(`(?:^|\\n)[^a-z\\n]*permissions?(?: ${filler}){0,3} ?:`);
const codePair = new RegExp(
  `(?<![a-z])(y|yes|n|no|more)[ :]+([a-z]{5})(?:[ :◆\\n]+${shortWords}){0,3}[ :◆\\n]+(y|yes|n|no|more)[ :]+\\2(?![a-z])`,
);
const within =
  /(?<![a-z])within(?: (?:s|min|minutes?|seconds?|h))? ?[: ]*(?:yes|no|more)[ :]+[a-z]{5}(?![a-z])/;
const outcome = new RegExp(
  `(?<![a-z])sent ?: ?(?:${allow}|${deny})(?![a-z])|${fold("it can")} (?:${fold("still")} )?be ${oneOf("decided allowed")} (?:in|at) the ${fold("terminal")}`,
);
const buttonWords = oneOf("see more allow deny approve reject permit refuse accept decline yes no or");

/** Next to a lock: instructions to answer a prompt, in other words than ours. */
const askToAnswer = new RegExp(
  `(?<![a-z])${oneOf("reply answer respond type send press tap click choose confirm say write")}(?![a-z])[^\\n]{0,30}?(?<![a-z])(?:yes|y|ok|${allow})(?![a-z])`,
);

const rules: readonly ((shape: string) => boolean)[] = [
  hasHead,
  (shape) => toolHeads.some((one) => one.test(shape)),
  (shape) => bareHead.test(shape) && hasWord(shape, allow) && hasWord(shape, deny),
  (shape) => {
    const [, one, , other] = codePair.exec(shape) ?? [];
    return one !== undefined && one[0] !== other?.[0];
  },
  (shape) => within.test(shape),
  (shape) => outcome.test(shape),
];

function hasHead(shape: string): boolean {
  return [...shape.matchAll(head)].some(([, word = ""]) => distance(word, fold("permission")) <= 2);
}

const hasWord = (shape: string, words: string) => new RegExp(`(?<![a-z])${words}(?![a-z])`).test(shape);

/**
 * A line that consists of button labels, or two lines of one label each. A bracket counts as a picture here.
 */
function hasButtons(shape: string): boolean {
  const only = new RegExp(`^[ :◆]*(?:${buttonWords}[ :◆]*)+$`);
  const lines = shape.split("\n").filter((line) => /[a-z]/.test(line));
  return lines.some((line, index) => {
    if (!only.test(line)) return false;
    const isAllow = hasWord(line, allow);
    const isDeny = hasWord(line, deny);
    if (isAllow && (isDeny || line.includes("◆"))) return true;
    const next = lines[index + 1] ?? "";
    const isDrawn = line.includes("◆") || next.includes("◆");
    return (
      isDrawn && only.test(next) && ((isAllow && hasWord(next, deny)) || (isDeny && hasWord(next, allow)))
    );
  });
}

/** A word, or its separated letters; not a part of a longer word. */
function namesOne(shape: string, ids: readonly string[]): boolean {
  if (ids.length === 0) return false;
  const words = shape.split(/[^a-z]+/).filter((word) => word !== "");
  const letters = words.join("");
  const starts = new Set<number>();
  let end = 0;
  for (const word of words) {
    starts.add(end);
    end += word.length;
  }
  starts.add(end);
  return ids.map(fold).some((id) => {
    for (let at = letters.indexOf(id); at !== -1; at = letters.indexOf(id, at + 1)) {
      const isWhole = starts.has(at) && starts.has(at + id.length);
      const isParted = Array.from(id.slice(1), (_, n) => at + n + 1).some((position) => starts.has(position));
      if (isWhole || isParted) return true;
    }
    return false;
  });
}

/** The number of different letters; for short words only. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, n) => n);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1)
      next.push(
        Math.min(
          (next[j - 1] as number) + 1,
          (row[j] as number) + 1,
          (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) as number;
}
