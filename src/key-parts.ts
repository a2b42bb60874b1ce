// A key of several values, as one text: each value is preceded by its length, so that `a/b` and `c` are
// another key than `a` and `b/c`. A key of one value is that value itself.

/** ASCII's record separator. */
const sign = "\u001e";

/** One value of a key that has several. */
export function keyPart(value: string): string {
  return `${sign}${value.length}:${value}`;
}

export function hasKeyParts(key: string): boolean {
  return key.includes(sign);
}

/** The key for display. */
export function keyText(key: string): string {
  if (!hasKeyParts(key)) return key;
  const length = new RegExp(`${sign}(\\d{1,9}):`, "y");
  let text = "";
  for (let at = 0; at < key.length; ) {
    length.lastIndex = at;
    const found = length.exec(key);
    if (found === null) {
      text += key[at];
      at += 1;
      continue;
    }
    const start = at + found[0].length;
    at = start + Number(found[1]);
    text += key.slice(start, at);
  }
  return text;
}
