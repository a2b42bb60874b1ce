// Keys of the whole program and of the page that is shown. Nothing happens while the user writes in a field.

type Action = () => unknown;
type Keys = Readonly<Record<string, Action>>;

let pageKeys: Keys = {};
let globalKeys: Keys = {};
let sequences: Keys = {};
let isAfterG = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** The keys of the page that is shown; returns the function that removes them. */
export function setKeys(keys: Keys): () => void {
  pageKeys = keys;
  return () => {
    if (pageKeys === keys) pageKeys = {};
  };
}

/** `afterG`: the second key of `g l` and the like. */
export function startKeyboard(keys: Keys, afterG: Keys): void {
  globalKeys = keys;
  sequences = afterG;
  addEventListener("keydown", press);
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") !== null) return;
  const target = event.target as HTMLElement;
  if (isField(target)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  // Enter and Space belong to what has the focus.
  if (event.key === "Enter" && target.closest("button, a, summary, [role=button]") !== null) return;
  const action = actionFor(event.key);
  if (action === undefined) return;
  event.preventDefault();
  action();
}

function actionFor(key: string): Action | undefined {
  const wasAfterG = isAfterG;
  isAfterG = false;
  clearTimeout(timer);
  if (wasAfterG) return sequences[key];
  if (key === "g") {
    isAfterG = true;
    timer = setTimeout(() => {
      isAfterG = false;
    }, 1_500);
    return () => {};
  }
  return Object.hasOwn(pageKeys, key)
    ? pageKeys[key]
    : Object.hasOwn(globalKeys, key)
      ? globalKeys[key]
      : undefined;
}

function isField(element: HTMLElement): boolean {
  return element.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}
