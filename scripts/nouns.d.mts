export function exportedNames(text: string): string[];
export function headNoun(name: string): string;
export function glossaryTerms(markdown: string): Set<string>;
