// Text as one word of a POSIX shell: what is shown may be copied into a terminal.

/** Always in quotes. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** In quotes unless it consists of these characters; they must mean nothing to a shell where the word is used. */
export function shellWord(text: string, plain: RegExp = /^[\w@%+=:./-]+$/): string {
  return plain.test(text) ? text : shellQuoted(text);
}
