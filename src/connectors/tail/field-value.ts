// Fields parsed from text: numbers and booleans are converted, so that they can be compared.

/** Only canonical numbers are converted: `007` and `1.0` stay text. */
export function fieldValue(text: string): string | number | boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "" || text.length > 17 || !/^-?\d/.test(text)) return text;
  const number = Number(text);
  return String(number) === text ? number : text;
}
