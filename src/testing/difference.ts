// The difference between two texts, line by line: common lines, expected ones, actual ones.

const around = 2;
/** Longer texts are compared up to here. */
const maxLines = 400;

/** `- expected`, `+ actual`, `  both`; lines far from any difference are omitted. */
export function difference(expected: string, actual: string): string[] {
  const [before, after] = [expected, actual].map((text) => text.split("\n").slice(0, maxLines)) as [
    string[],
    string[],
  ];
  const marked = mark(before, after);
  const near = marked.map((_, index) =>
    marked.slice(Math.max(0, index - around), index + around + 1).some(([sign]) => sign !== " "),
  );
  const out: string[] = [];
  for (const [index, [sign, line]] of marked.entries()) {
    if (near[index]) out.push(`${sign} ${visible(line, sign)}`);
    else if (near[index - 1] || index === 0) out.push("  ...");
  }
  return out;
}

type Marked = readonly ["-" | "+" | " ", string];

/** By the longest common subsequence. */
function mark(before: readonly string[], after: readonly string[]): Marked[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const [here, below] = [lengths[i] as Uint16Array, lengths[i + 1] as Uint16Array];
      here[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, here[j + 1] ?? 0);
    }
  }
  const out: Marked[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      out.push([" ", before[i] as string]);
      i += 1;
      j += 1;
    } else if (
      j === after.length ||
      (i < before.length && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))
    ) {
      out.push(["-", before[i] as string]);
      i += 1;
    } else {
      out.push(["+", after[j] as string]);
      j += 1;
    }
  }
  return out;
}

/** Trailing blanks on a different line would be invisible. */
function visible(line: string, sign: Marked[0]): string {
  return sign === " " ? line : line.replace(/[ \t]+$/, (blanks) => "·".repeat(blanks.length));
}
