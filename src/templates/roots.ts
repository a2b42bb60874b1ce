// The roots of paths in a channel's template. The type ties the list to the View: a missing or extra root
// does not compile.

import type { Root } from "../contract.ts";

const list: Record<Root, true> = {
  data: true,
  text: true,
  headers: true,
  query: true,
  params: true,
  path: true,
  method: true,
  remote: true,
  sender: true,
  id: true,
  source: true,
  connector: true,
  time: true,
  inputs: true,
  vars: true,
};

export const roots: ReadonlySet<string> = new Set(Object.keys(list));
