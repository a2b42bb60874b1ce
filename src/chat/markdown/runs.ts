// The result of parsing Markdown: runs of text with their marks. Platforms render their own markup from it.

/** One mark is one object: adjacent runs that share it are one stretch of it. */
export type Mark =
  | { readonly kind: "bold" | "italic" | "strike" | "code" | "quote" }
  /** A block of code. */
  | { readonly kind: "pre"; readonly language: string }
  /** `bare`: the visible text is the address itself. */
  | { readonly kind: "link"; readonly href: string; readonly bare: boolean };

export interface Run {
  readonly text: string;
  /** Outermost first. Nothing is inside `code` and `pre`, and quotes do not nest. */
  readonly marks: readonly Mark[];
}
