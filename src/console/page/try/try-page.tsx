// Try: an event beside the config, which channel takes it, what Claude would see, and what an edit would have changed. Loaded when it is
// opened, with the editor.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { faultOf } from "../keys/fault.ts";
import { Button } from "../parts/button.tsx";
import { useTitle } from "../parts/section.tsx";
import { Comparison } from "./comparison.tsx";
import { type ConfigView, openEditor } from "./editor.ts";
import { EventPicker } from "./event-picker.tsx";
import { Result } from "./result.tsx";
import { answer, choose, config, edit, isEdited, loadConfig, text, tryNow } from "./try-state.ts";
import { WriteConfig } from "./write-config.tsx";

export function TryPage({ id }: { readonly id?: string | undefined }) {
  useTitle("Try");
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<ConfigView | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    const open = async () => {
      await loadConfig();
      const parent = place.current;
      const loaded = config.peek();
      if (isGone || parent === null || loaded === undefined) return;
      editor.current = openEditor({ parent, text: text.peek(), config: loaded, onChange: edit });
      if (id === undefined) void tryNow();
      else choose({ event_id: id });
    };
    open().catch((error: unknown) => {
      problem.value = faultOf(error).message;
    });
    return () => {
      isGone = true;
      editor.current?.close();
      editor.current = undefined;
    };
  }, [id]);
  const issues = answer.value?.issues;
  useEffect(() => editor.current?.setIssues(issues ?? []), [issues]);
  const replace = (next: string) => {
    editor.current?.setText(next);
  };
  return (
    <div class="page try">
      <h1 class="unseen">Try</h1>
      {problem.value === undefined ? null : (
        <p class="fault" role="alert">
          {problem.value}
        </p>
      )}
      <div class="try-columns">
        <section class="try-config" aria-label="The config">
          <header class="section-head">
            <h2>{nameOf(config.value?.file)}</h2>
            <div class="actions">
              {isEdited.value ? <span class="muted">edited</span> : null}
              <ProposeButton id={id} onText={replace} />
              <Button
                size="small"
                kind="quiet"
                disabled={!isEdited.value}
                onPress={async () => {
                  await loadConfig(true);
                  replace(text.peek());
                }}
              >
                Undo all
              </Button>
            </div>
          </header>
          <div class="try-editor" ref={place} />
          <p class="muted try-hint">Esc, then Tab leaves the editor. Nothing is saved until you write it.</p>
          <WriteConfig onReload={replace} />
        </section>
        <div class="try-side">
          <EventPicker />
          <Result onReveal={(line, column) => editor.current?.reveal(line, column)} />
        </div>
      </div>
      <Comparison />
    </div>
  );
}

function nameOf(file: string | undefined): string {
  return file?.split("/").at(-1) ?? "Config";
}

/** A channel for the event that the page was opened with. */
function ProposeButton({ id, onText }: { readonly id: string | undefined; onText(text: string): void }) {
  if (id === undefined) return null;
  return (
    <Button
      size="small"
      onPress={async () => {
        const proposed = await call("propose_channel", { event_id: id, text: text.peek() });
        if (proposed.text === undefined) {
          announce(
            "The channels of this config are not written as a block: copy the channel from the event.",
            "failed",
          );
          return;
        }
        onText(proposed.text);
        announce(`Added channel ${proposed.name}. ${proposed.reasons.join(" ")}`);
      }}
    >
      Add a channel for it
    </Button>
  );
}
