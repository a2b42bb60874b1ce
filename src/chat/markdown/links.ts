// The end and the target of an address in Markdown. Every search here is bounded: it may restart at the next
// character.

export interface Target {
  readonly href: string;
  /** The offset after it. */
  readonly end: number;
}

const maxAddress = 2_048;
const maxNesting = 32;
const withoutEscapes = (text: string) => text.replaceAll(/\\([!-/:-@[-`{-~])/g, "$1");

/** `address "title")`, from after the opening bracket. */
export function findDestination(text: string, from: number): Target | undefined {
  const around = text.slice(from, from + maxAddress);
  const found = /^\s*/.exec(around)?.[0].length ?? 0;
  const address = around[found] === "<" ? inAngles(around, found) : bareDestination(around, found);
  if (address === undefined) return undefined;
  const rest = around.slice(address.end);
  const title =
    /^(?:\s+(?:"(?:[^"\\]|\\.){0,500}"|'(?:[^'\\]|\\.){0,500}'|\((?:[^()\\]|\\.){0,500}\)))?\s*\)/s.exec(
      rest,
    );
  return title === null
    ? undefined
    : { href: withoutEscapes(address.href), end: from + address.end + title[0].length };
}

function inAngles(text: string, at: number): Target | undefined {
  const found = /^<((?:[^<>\\\n]|\\.)*)>/.exec(text.slice(at));
  return found === null ? undefined : { href: found[1] as string, end: at + found[0].length };
}

/** Brackets in it must be balanced. */
function bareDestination(text: string, from: number): Target | undefined {
  let depth = 0;
  let at = from;
  for (; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === "\\") at += 1;
    else if (sign === "(") {
      depth += 1;
      if (depth > maxNesting) return undefined;
    } else if (sign === ")" && depth-- === 0) break;
    else if (sign <= " ") break;
  }
  return depth > 0 ? undefined : { href: text.slice(from, at), end: at };
}

/** `[label]`, from its bracket. */
export function labelOf(
  text: string,
  at: number,
): { readonly label: string; readonly end: number } | undefined {
  const found = /^\[((?:[^[\]\\]|\\.){0,999})\]/s.exec(text.slice(at, at + 1_002));
  return found === null ? undefined : { label: found[1] as string, end: at + found[0].length };
}

/** `[label]: address`, with or without a title, as a whole line. */
export function definitionIn(line: string): { readonly label: string; readonly href: string } | undefined {
  const found =
    /^ {0,3}\[((?:[^[\]\\]|\\.){1,999})\]:[ \t]*(?:<([^<>]{0,2048})>|([^\s<]\S{0,2047}))(?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*$/.exec(
      line.length > 4_096 ? "" : line,
    );
  if (found === null || found[1]?.trim() === "") return undefined;
  return { label: found[1] as string, href: withoutEscapes(found[2] ?? found[3] ?? "") };
}

/** An HTML tag, which stays literal, or an address in angle brackets. */
export function findTag(
  text: string,
  at: number,
): { readonly end: number; readonly href?: string } | undefined {
  const around = text.slice(at, at + maxAddress);
  const address = /^<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>/.exec(around);
  if (address !== null) return { end: at + address[0].length, href: address[1] as string };
  const email = /^<([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})>/.exec(around);
  if (email !== null) return { end: at + email[0].length, href: `mailto:${email[1]}` };
  const tag = /^<(?:\/?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?\/?|!--(?:[^-]|-(?!->))*--|[!?][^<>]*)>/.exec(
    around,
  );
  return tag === null ? undefined : { end: at + tag[0].length };
}

/** The end of a bare address in the text (GitHub's "Autolinks (extended)"). */
export function addressAt(text: string, at: number, inBrackets: boolean): number | undefined {
  const shown = (inBrackets ? /^[^\s<\]]+/ : /^[^\s<]+/).exec(text.slice(at, at + maxAddress))?.[0] ?? "";
  const scheme = /^(?:https?:\/\/|ftp:\/\/|www\.)/.exec(shown)?.[0] ?? "";
  if (!/^[A-Za-z0-9]/.test(shown.slice(scheme.length))) return undefined;
  let end = shown.length;
  let [opened, closed] = [count(shown, "("), count(shown, ")")];
  for (;;) {
    const last = shown[end - 1] as string;
    if (last === ")" && closed > opened) closed -= 1;
    else if (!/[?!.,:;*_~'"]/.test(last)) break;
    end -= 1;
  }
  return end > scheme.length ? at + end : undefined;
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

/** The end of an email address, from its sign. */
export function emailEnd(text: string, at: number): number | undefined {
  const found = /^@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/.exec(text.slice(at, at + 600))?.[0];
  const shown = found?.replace(/-+$/, "");
  return shown === undefined || !/\.[A-Za-z0-9-]*[A-Za-z0-9]$/.test(shown) ? undefined : at + shown.length;
}
