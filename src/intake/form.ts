// The fields of a form that came from outside, within a bound.

/** Senders of forms send a hundred at most; a MiB holds half a million, which take long to gather and to sort. */
export const maxFormFields = 10_000;

/** Undefined for more fields than anybody sends. */
export function formOf(text: string): URLSearchParams | undefined {
  let count = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1))
    if (++count > maxFormFields) return undefined;
  return new URLSearchParams(text);
}
