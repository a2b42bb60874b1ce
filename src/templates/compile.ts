// Compiles template texts. Every mistake that does not depend on an event is found here; rendering is
// synchronous and sees only the view. Handlebars is loaded only when a text needs it. The rendered text is
// not yet neutralised.

import type { Template, View } from "../contract.ts";
import { TemplateError } from "../errors.ts";
import { keyPart, keyText } from "../key-parts.ts";
import { firstCharacters } from "../text/clip.ts";
import { channelDialect, type Dialect } from "./dialect.ts";
import type { Environment } from "./environment.ts";
import { logicFunctions } from "./functions/logic-functions.ts";
import { numberFunctions } from "./functions/number-functions.ts";
import type { TemplateFunctions } from "./functions/template-function.ts";
import { textFunctions } from "./functions/text-functions.ts";
import { timeFunctions } from "./functions/time-functions.ts";
import { valueFunctions } from "./functions/value-functions.ts";
import { createMeter, type Meter, maxOutputLength } from "./limits.ts";
import { createPlainReader, type Part } from "./plain.ts";
import { findExcess } from "./size.ts";

/**
 * A key such as `dedupe.key`. Undefined when a placeholder or block of it rendered empty: then the event has
 * no key. A template with several placeholders, or with blocks, makes a key of parts (key-parts.ts).
 */
export type KeyTemplate = (view: View) => string | undefined;

export interface TemplateCompiler {
  /** Settles when `compile` and `compileKey` can read these texts. Loads Handlebars at most once, and only when needed. */
  prepare(texts: Iterable<string>): Promise<void>;
  /**
   * Throws a TemplateError (E_CONFIG_TEMPLATE) with the offset of the mistake. The same text returns the same
   * template.
   */
  compile(text: string): Template;
  /** As `compile`. A text without placeholders is a constant key. */
  compileKey(text: string): KeyTemplate;
}

/** Number of cached compiled texts, so that a reload parses only changed ones. */
const maxRemembered = 4_096;

/**
 * `now` (milliseconds since the epoch) is the reference of `ago`; default: the system clock. The dialect:
 * that of channels.
 */
export function createTemplateCompiler({
  now = Date.now,
  dialect = channelDialect,
}: {
  now?: () => number;
  dialect?: Dialect;
} = {}): TemplateCompiler {
  const language = { functions: allFunctions(now), ...dialect };
  const keyLanguage = { ...language, encode: (text: string) => keyPart(dialect.encode(text)) };
  const meter = createMeter();
  const readPlain = createPlainReader(language, meter);
  const readKey = createPlainReader(keyLanguage, meter);
  const plain = remembering((text) => ({
    parts: findExcess(text) === undefined ? readPlain(text) : undefined,
  }));
  let environments: { readonly texts: Environment; readonly keys: Environment } | undefined;
  const loaded = () => {
    if (environments === undefined) throw new Error("prepare() was not called with this template");
    return environments;
  };

  function keyParts(text: string): Part[] {
    const { parts } = plain(text);
    if (parts === undefined) return loaded().keys.split(text);
    const isSingle = parts.filter((part) => typeof part !== "string").length < 2;
    return isSingle ? parts : (readKey(text) as Part[]);
  }

  return {
    async prepare(texts) {
      if (environments !== undefined) return;
      for (const text of texts) {
        if (plain(text).parts !== undefined) continue;
        const { createEnvironment } = await import("./environment.ts");
        environments ??= {
          texts: createEnvironment(language, meter),
          keys: createEnvironment(keyLanguage, meter),
        };
        return;
      }
    },
    compile: remembering((text) => templateOf(plain(text).parts ?? [loaded().texts.whole(text)], meter)),
    compileKey: remembering((text) => keyOf(keyParts(text), meter)),
  };
}

function templateOf(parts: readonly Part[], meter: Meter): Template {
  return {
    render: (view) =>
      rendered(meter, () => {
        let text = "";
        for (const part of parts) text += textOfPart(part, view);
        if (text.length > maxOutputLength) throw new Error("the text grows beyond 1 MiB");
        return text;
      }),
  };
}

function keyOf(parts: readonly Part[], meter: Meter): KeyTemplate {
  return (view) =>
    rendered(meter, () => {
      let key = "";
      for (const part of parts) {
        const text = textOfPart(part, view);
        if (typeof part !== "string" && keyText(text).trim() === "") return undefined;
        key += text;
      }
      return key;
    });
}

function textOfPart(part: Part, view: View): string {
  return typeof part === "string" ? part : part(view);
}

function rendered<T>(meter: Meter, render: () => T): T {
  meter.begin();
  try {
    return render();
  } catch (error) {
    const reason = firstCharacters(error instanceof Error ? error.message : String(error), 80);
    throw new TemplateError("E_TEMPLATE_RENDER", `the template failed on this event: ${reason}`, {
      cause: error,
    });
  }
}

/** The oldest are removed first. */
function remembering<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    let value = made.get(text);
    if (value !== undefined) return value;
    value = make(text);
    if (made.size >= maxRemembered) made.delete(made.keys().next().value as string);
    made.set(text, value);
    return value;
  };
}

// Every function that a template can call, by name. Besides this table and the blocks nothing is available.

/** `now` gives milliseconds since the epoch. */
export function allFunctions(now: () => number): TemplateFunctions {
  return {
    ...valueFunctions,
    ...textFunctions,
    ...timeFunctions(now),
    ...numberFunctions,
    ...logicFunctions,
  };
}
