export interface SourceFile {
  /** Its path, with `/`. */
  readonly file: string;
  readonly text: string;
}

export function functionsIn(file: SourceFile): readonly {
  readonly file: string;
  readonly name: string;
  readonly lines: number;
  readonly passesOn: boolean;
}[];
export function importsOf(file: SourceFile): readonly string[];
export function importCycles(files: readonly SourceFile[]): readonly (readonly string[])[];
export function folderSizes(files: readonly SourceFile[]): ReadonlyMap<string, number>;
