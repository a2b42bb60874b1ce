// Which recipes a config uses.

/** One entry of `use:` whose recipe was found. */
export interface RecipeUse {
  readonly name: string;
  /** Its `recipe:`. */
  readonly reference: string;
  /** The file that was read. */
  readonly file: string;
  /** `file`: of the config's folder. `outside`: of another one. `shared`: the copy of one that the lock pins. */
  readonly from: "bundled" | "file" | "outside" | "shared";
  /** Of one from outside: without links. */
  readonly realPath?: string;
}
