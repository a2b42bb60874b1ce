// Checks a parsed template before it may run, and finds every mistake that can be found without an event:
// unknown names, roots, blocks and options, wrong numbers of values, partials and decorators. It also
// resolves, in place, what Handlebars leaves open: every placeholder goes through the writer, a bare name is
// always a field, and literals are restored.
/// <reference types="handlebars" />

import { didYouMean } from "../did-you-mean.ts";
import { TemplateError } from "../errors.ts";
import type { TemplateFunction, TemplateFunctions } from "./functions/template-function.ts";
import { restoreLiteral } from "./literal.ts";
import { checkPath, type Scope } from "./path-check.ts";

/**
 * The function that turns a placeholder's value into text. The space makes the name unreachable for
 * templates.
 */
export const writer = "write value";

const blocks: ReadonlySet<string> = new Set(["if", "unless", "each", "with"]);
const pickers = { usage: "lookup list key", takes: [2, 2] } as const;

export interface CheckContext {
  readonly roots: ReadonlySet<string>;
  readonly functions: TemplateFunctions;
  /** The offset in the original text of a location in the parsed text. */
  offsetOf(position: { readonly line: number; readonly column: number }): number;
}

/** Throws a TemplateError at the first mistake; returns the names of the called functions. */
export function checkTemplate(program: hbs.AST.Program, context: CheckContext): ReadonlySet<string> {
  return new TemplateCheck(program, context).check();
}

class TemplateCheck {
  readonly #program: hbs.AST.Program;
  readonly #context: CheckContext;
  readonly #used = new Set<string>([writer]);

  constructor(program: hbs.AST.Program, context: CheckContext) {
    this.#program = program;
    this.#context = context;
  }

  check(): ReadonlySet<string> {
    this.#walkProgram(this.#program, { roots: this.#context.roots, level: 0, loops: 0, names: new Set() });
    return this.#used;
  }

  readonly #fail = (
    node: { readonly loc: hbs.AST.SourceLocation },
    message: string,
    hint?: string,
  ): never => {
    throw new TemplateError("E_CONFIG_TEMPLATE", message, {
      hint,
      offset: this.#context.offsetOf(node.loc.start),
    });
  };

  #walkProgram(body: hbs.AST.Program, scope: Scope): void {
    for (const statement of body.body) this.#walkStatement(statement, scope);
  }

  #walkStatement(statement: hbs.AST.Statement, scope: Scope): void {
    if (statement.type === "ContentStatement") {
      const content = statement as hbs.AST.ContentStatement;
      content.value = restoreLiteral(content.value);
    } else if (statement.type === "MustacheStatement") {
      this.#walkPlaceholder(statement as hbs.AST.MustacheStatement, scope);
    } else if (statement.type === "BlockStatement") {
      this.#walkBlock(statement as hbs.AST.BlockStatement, scope);
    } else if (statement.type.startsWith("Partial")) {
      this.#fail(statement, "templates have no partials", "write the text itself in this template");
    } else if (statement.type !== "CommentStatement") {
      this.#fail(statement, "templates have no decorators");
    }
  }

  #walkPlaceholder(placeholder: hbs.AST.MustacheStatement, scope: Scope): void {
    const { path, params, hash, loc } = placeholder;
    if (path.type !== "PathExpression")
      this.#fail(path, "a value needs no braces", "write it as text, without {{ }}");
    const name = path as hbs.AST.PathExpression;
    let value: hbs.AST.Expression = name;
    if (params.length > 0 || hash !== undefined) {
      value = { type: "SubExpression", path: name, params, hash, loc } as hbs.AST.SubExpression;
      this.#walkCall(value as hbs.AST.SubExpression, scope);
    } else {
      this.#walkField(name, scope);
    }
    placeholder.path = pathTo(writer, loc);
    placeholder.params = [value];
    (placeholder as { hash?: hbs.AST.Hash | undefined }).hash = undefined;
  }

  #walkField(path: hbs.AST.PathExpression, scope: Scope): void {
    const name = path.original;
    if (scope.level === 0 && (blocks.has(name) || Object.hasOwn(this.#context.functions, name))) {
      const usage = blocks.has(name)
        ? `{{#${name} data.x}}...{{/${name}}}`
        : `{{${this.#context.functions[name]?.usage}}}`;
      this.#fail(path, `${name} is not used as a block here`, `write ${usage}`);
    }
    checkPath(path, scope, this.#fail);
  }

  #walkBlock(block: hbs.AST.BlockStatement, scope: Scope): void {
    const name = block.path.original;
    if (!blocks.has(name)) {
      const known = Object.hasOwn(this.#context.functions, name) || name === "lookup";
      const near = didYouMean(name, blocks);
      const hint = known
        ? `write {{${name} ...}} without #`
        : near === undefined
          ? `the blocks are ${[...blocks].join(", ")}; for a list: {{#each ${name}}}`
          : `did you mean {{#${near}}}?`;
      this.#fail(block.path, known ? `${name} is not a block` : `unknown block ${name}`, hint);
    }
    if (block.params.length !== 1) {
      this.#fail(
        block.path,
        `#${name} takes 1 value, not ${block.params.length}`,
        `for instance {{#${name} data.x}}`,
      );
    }
    for (const pair of block.hash?.pairs ?? []) {
      if (pair.key !== "includeZero" || (name !== "if" && name !== "unless")) {
        this.#fail(pair, `#${name} has no option ${pair.key}`);
      }
    }
    this.#walkArguments(block, scope);
    const names = block.program?.blockParams ?? block.inverse?.blockParams ?? [];
    const entered = name === "each" || name === "with";
    if (names.length > 0 && !entered)
      this.#fail(block.path, `#${name} takes no names: as |...| belongs to each and with`);
    const inside: Scope = {
      roots: scope.roots,
      level: scope.level + (entered ? 1 : 0),
      loops: scope.loops + (name === "each" ? 1 : 0),
      names: names.length > 0 ? new Set([...scope.names, ...names]) : scope.names,
    };
    if (block.program) this.#walkProgram(block.program, inside);
    if (block.inverse) this.#walkProgram(block.inverse, scope);
  }

  #walkCall(call: hbs.AST.SubExpression, scope: Scope): void {
    const name = call.path.original;
    const called: Omit<TemplateFunction, "call"> =
      name === "lookup"
        ? pickers
        : Object.hasOwn(this.#context.functions, name)
          ? (this.#context.functions[name] as TemplateFunction)
          : this.#unknownFunction(call.path, name);
    const [least, most] = called.takes;
    const given = call.params.length;
    if (given < least || given > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      this.#fail(
        call.path,
        `${name} takes ${wanted} ${most === 1 ? "value" : "values"}, not ${given}`,
        `{{${called.usage}}}`,
      );
    }
    for (const [index, value] of call.params.entries()) {
      if (value.type !== "StringLiteral") continue;
      const problem = called.checkValue?.(index, restoreLiteral((value as hbs.AST.StringLiteral).value));
      if (problem !== undefined) this.#fail(value, problem, `{{${called.usage}}}`);
    }
    for (const pair of call.hash?.pairs ?? []) {
      if (!called.options?.includes(pair.key)) {
        const near = didYouMean(pair.key, called.options ?? []);
        this.#fail(
          pair,
          `${name} has no option ${pair.key}`,
          near ? `did you mean ${near}?` : `{{${called.usage}}}`,
        );
      }
      if (pair.value.type === "StringLiteral") {
        const problem = called.checkOption?.(pair.key, (pair.value as hbs.AST.StringLiteral).value);
        if (problem !== undefined) this.#fail(pair, problem, `{{${called.usage}}}`);
      }
    }
    if (name !== "lookup") this.#used.add(name);
    this.#walkArguments(call, scope);
  }

  #walkArguments(node: { params: hbs.AST.Expression[]; hash?: hbs.AST.Hash }, scope: Scope): void {
    for (const value of [...node.params, ...(node.hash?.pairs ?? []).map((pair) => pair.value)]) {
      if (value.type === "SubExpression") this.#walkCall(value as hbs.AST.SubExpression, scope);
      else if (value.type === "PathExpression") checkPath(value as hbs.AST.PathExpression, scope, this.#fail);
      else if (value.type === "StringLiteral") {
        const text = value as hbs.AST.StringLiteral;
        text.value = restoreLiteral(text.value);
      } else if (value.type === "NumberLiteral" && isRounded(value as hbs.AST.NumberLiteral)) {
        this.#fail(value, "this number is too large to be exact", "put it in quotes");
      }
    }
  }

  #unknownFunction(path: hbs.AST.PathExpression, name: string): never {
    if (blocks.has(name)) this.#fail(path, `${name} is a block`, `write {{#${name} ...}}...{{/${name}}}`);
    if (/^(?:elseif|elif|elsif)$/.test(name))
      this.#fail(path, `unknown function ${name}`, "did you mean {{else if ...}}?");
    if (path.parts.length !== 1)
      this.#fail(path, `${name} is not a function`, "for instance {{upper data.x}}");
    const near = didYouMean(name, [...Object.keys(this.#context.functions), "lookup"]);
    return this.#fail(
      path,
      `unknown function ${name}`,
      near === undefined ? "docs/templates.md lists the functions" : `did you mean ${near}?`,
    );
  }
}

/** The parser has rounded it, and an event has such a number as text. */
function isRounded({ value }: hbs.AST.NumberLiteral): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

function pathTo(name: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression {
  return { type: "PathExpression", data: false, depth: 0, parts: [name], original: name, loc };
}
