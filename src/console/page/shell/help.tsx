// The keys, in a dialog.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { hello } from "../connection.ts";

export const isHelpOpen = signal(false);

export function openHelp(): void {
  isHelpOpen.value = true;
}

const keys: readonly (readonly [string, string])[] = [
  ["/", "Filter by text"],
  ["j  k", "Next, previous event"],
  ["Enter", "Open the event"],
  ["Esc", "Back; let go of an event; clear the filter"],
  ["p", "Pause the feed, or resume it"],
  ["g l", "Live"],
  ["g t", "Try"],
  ["g c", "Chat"],
  ["g p", "People and permissions"],
  ["g s", "Sessions and sources"],
  ["?", "This help"],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <h2 id="help-title">Keyboard</h2>
      <dl class="keys">
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              {key.split(/\s+/).map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        {hello.value === undefined ? "" : `channel-router ${hello.value.version}, ${hello.value.config_file}`}
      </p>
      <form method="dialog">
        <button type="submit" class="button main normal">
          Close
        </button>
      </form>
    </dialog>
  );
}
