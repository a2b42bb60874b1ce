// What a text in Markdown comes to: runs of text with their marks. Platforms write their own markup from it.

/** One mark is one object: runs side by side that share it are one stretch of it. */
export type Mark =
  | { readonly kind: "bold" | "italic" | "strike" | "code" | "quote" }
  /** A block of code. */
  | { readonly kind: "pre"; readonly language: string }
  /** `bare`: what it shows is the address itself. */
  | { readonly kind: "link"; readonly href: string; readonly bare: boolean };

export interface Run {
  readonly text: string;
  /** Outermost first. Nothing is inside `code` and `pre`, and no quote is in a quote. */
  readonly marks: readonly Mark[];
}
