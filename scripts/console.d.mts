interface Manifest {
  readonly script: string;
  readonly style: string;
  readonly preload: readonly string[];
}

export function readConsole(root: string): {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Buffer>;
};
export function firstLoadBytes(root: string): number;
