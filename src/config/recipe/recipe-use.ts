// Which recipes a config uses.

/** An entry of `use:` whose recipe was found. */
export interface RecipeUse {
  readonly name: string;
  /** The value of `recipe:`. */
  readonly reference: string;
  /** The file that was read. */
  readonly file: string;
  /** `file`: in the config's folder. `outside`: in another one. `shared`: a copy pinned by the lock. */
  readonly from: "bundled" | "file" | "outside" | "shared";
  /** For `outside`: the path without links. */
  readonly realPath?: string;
}
