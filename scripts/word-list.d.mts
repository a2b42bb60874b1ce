import type { SourceFile } from "./measure-house.mjs";

export function isChecked(file: string): boolean;
export function findWords(file: SourceFile): readonly {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly instead: string;
  readonly text: string;
}[];
