// Writes the edited config, after it has shown what that changes in the file.

import { useSignal } from "@preact/signals";
import type { SaveAnswer } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { isReadOnly } from "../connection.ts";
import { faultOf } from "../keys/fault.ts";
import { Button, ChangeButton } from "../parts/button.tsx";
import { Diff } from "../parts/text.tsx";
import { answer, config, isEdited, loadConfig, text } from "./try-state.ts";

interface Shown {
  readonly text: string;
  readonly saved: SaveAnswer;
}

export function WriteConfig({ onReload }: { onReload(text: string): void }) {
  const shown = useSignal<Shown | undefined>(undefined);
  const loaded = config.value;
  if (loaded === undefined) return null;
  const reason = isReadOnly.value ? "This console is read-only." : loaded.not_editable;
  const hasIssues = (answer.value?.issues.length ?? 0) > 0;
  const look = async () => {
    const edited = text.peek();
    const saved = await call("save", { text: edited, sha256: loaded.sha256, dry_run: true });
    shown.value = { text: edited, saved };
    requestAnimationFrame(() => document.getElementById("write")?.focus());
  };
  const write = async ({ text: edited }: Shown) => {
    try {
      const { verdict, issues = [] } = await call("save", { text: edited, sha256: loaded.sha256 });
      if (verdict === undefined) {
        announce(`Not written: ${issues[0]?.message ?? "the config has problems"}`, "failed");
        return;
      }
      shown.value = undefined;
      await loadConfig(true);
      onReload(text.peek());
      announce(`Written. ${verdict.text}`, verdict.ok ? "done" : "failed");
    } catch (error) {
      const { message, hint } = faultOf(error);
      announce(hint === undefined ? message : `${message} ${hint}`, "failed");
    }
  };
  const now = shown.value;
  return (
    <>
      <div class="toolbar">
        <Button
          kind="main"
          disabled={!loaded.editable || reason !== undefined || !isEdited.value || hasIssues}
          onPress={look}
        >
          Write…
        </Button>
        {reason === undefined ? null : <span class="muted">{reason}</span>}
      </div>
      {now === undefined ? null : (
        <section id="write" class="made" tabIndex={-1} aria-label="What is written">
          <h2>What is written to {loaded.file}</h2>
          <Diff text={now.saved.diff} label="Difference of the file" />
          {now.text === text.value ? null : <p class="muted">The text was edited since: look again.</p>}
          <div class="toolbar">
            <ChangeButton kind="main" disabled={now.text !== text.value} onPress={() => write(now)}>
              Write it
            </ChangeButton>
            <Button onPress={() => (shown.value = undefined)}>Cancel</Button>
          </div>
        </section>
      )}
    </>
  );
}
