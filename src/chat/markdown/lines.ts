// Classifies one line of Markdown: an item of a list, a rule, HTML, a row of a table. Each check takes at
// most the length of the line.

export interface Item {
  /** `-`, `*`, `+`, `.` or `)`: another sign is another list. */
  readonly sign: string;
  readonly number: number | undefined;
  /** How far its lines are indented. */
  readonly width: number;
  /** The rest of its first line. */
  readonly text: string;
}

export function itemAt(line: string): Item | undefined {
  const found = /^( {0,3})([-*+]|(\d{1,9})[.)])( {1,4}(?! )| |\t|$)/.exec(line);
  if (found === null) return undefined;
  const [whole, , marker = "", digits, space = ""] = found;
  const isEmpty = line.trim().length === marker.length;
  return {
    sign: marker.slice(-1),
    number: digits === undefined ? undefined : Number(digits),
    width: isEmpty ? whole.length - space.length + 1 : whole.length,
    text: line.slice(whole.length),
  };
}

/** Three or more of `-`, `*` or `_`, with any spaces. */
export function isRule(line: string): boolean {
  const text = line.trim();
  const [sign] = text;
  if (sign === undefined || !"-*_".includes(sign) || line.startsWith("    ")) return false;
  let count = 0;
  for (const each of text) {
    if (each === sign) count += 1;
    else if (each !== " " && each !== "\t") return false;
  }
  return count >= 3;
}

const blockTags =
  "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu menuitem nav noframes ol optgroup option p param pre script search section style summary table tbody td textarea tfoot th thead title tr track ul".split(
    " ",
  );
const blockTag = new RegExp(`^</?(?:${blockTags.join("|")})(?:[\\s/>]|$)`, "i");
const wholeTag = /^<(?:[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?\/?|\/[A-Za-z][A-Za-z0-9-]*\s*)>\s*$/;

/** `alone`: no paragraph precedes. Then any tag on a separate line begins a block. */
export function isHtmlStart(line: string, alone: boolean): boolean {
  const text = line.trimStart();
  if (!text.startsWith("<")) return false;
  return /^<(?:!--|\?|![A-Za-z])/.test(text) || blockTag.test(text) || (alone && wholeTag.test(text));
}

/** The cells of a row, without the bars at its ends. A bar after a backslash is text. */
export function tableRow(line: string): string[] {
  const text = line.trim();
  const cells: string[] = [];
  let cell = "";
  let from = 0;
  for (let at = text.indexOf("|"); at !== -1; at = text.indexOf("|", from)) {
    const isEscaped = text[at - 1] === "\\";
    cell += text.slice(from, isEscaped ? at - 1 : at);
    from = at + 1;
    if (isEscaped) cell += "|";
    else {
      cells.push(cell.trim());
      cell = "";
    }
  }
  cell += text.slice(from);
  if (text.startsWith("|")) cells.shift();
  if (cell.trim() !== "" || cells.length === 0) cells.push(cell.trim());
  return cells;
}
