// Names as small numbers, so that a record of fixed size can hold them.

export interface Names {
  intern(name: string): number;
  /** -1 when the name was never interned. */
  find(name: string): number;
  at(number: number): string;
  /** In order of their numbers. */
  all(): readonly string[];
}

export function createNames(): Names {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  return {
    intern(name) {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, names.length);
      names.push(name);
      return names.length - 1;
    },
    find: (name) => numbers.get(name) ?? -1,
    at(number) {
      const name = names[number];
      if (name === undefined) throw new Error(`no name with the number ${number}`);
      return name;
    },
    all: () => names,
  };
}
