// Types of release.mjs, for its test.
export function datedChangelog(text: string, version: string, date: string): string;
export function releaseNotes(text: string, version: string): string;
export function releaseProblems(read: (path: string) => string, tag: string, repository: string): string[];
export const repositoryFiles: readonly string[];
export function repositoriesIn(text: string): string[];
export function withRepository(text: string, repository: string): string;
