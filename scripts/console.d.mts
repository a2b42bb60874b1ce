export function firstLoadBytes(root: string): number;
