// Fields cut out of text: what reads as a number or as true and false is one, so that it can be compared.

/** Only what is written as a number is written: `007` and `1.0` stay text. */
export function fieldValue(text: string): string | number | boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "" || text.length > 17 || !/^-?\d/.test(text)) return text;
  const number = Number(text);
  return String(number) === text ? number : text;
}
