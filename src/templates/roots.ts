// The roots a template of a channel may begin a path with. The type ties the list to the View: a root that is missing here, or gone
// from there, does not compile.

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
