// The config: which file runs, what is wrong with it, and what its reloads changed.

import type { StatusReport } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Chip } from "../parts/chip.tsx";
import { Section, useAnswer } from "../parts/section.tsx";
import { Block, Diff, Time } from "../parts/text.tsx";
import { overview, status } from "../questions.ts";

const active: Readonly<Record<string, string>> = {
  file: "active",
  previous: "the previous config is active",
  none: "nothing runs",
};

export function ConfigSection({ report }: { readonly report: StatusReport }) {
  const { data } = useAnswer(overview);
  const { config, active: state = "file", problems, last_reload: last, started, version, pid } = report;
  const reloads = data?.reloads ?? (last === undefined ? [] : [last]);
  return (
    <Section
      title="Config"
      actions={
        <ChangeButton size="small" onPress={reload}>
          Reload
        </ChangeButton>
      }
    >
      <p class="line">
        <Chip text={active[state] ?? state} tone={state === "file" ? "good" : "bad"} /> <code>{config}</code>
      </p>
      <p class="muted">
        channel-router {version}, pid {pid}, started <Time value={started} />
      </p>
      {problems.map((problem) => (
        <Block key={problem} text={problem} label="Problem of the config" class="problem" />
      ))}
      {reloads.length === 0 ? null : (
        <ol class="reloads" aria-label="Reloads, latest first">
          {reloads.map(({ time, ok, text, ...rest }) => (
            <li key={time}>
              <Reload time={time} ok={ok} text={text} diff={"diff" in rest ? rest.diff : undefined} />
            </li>
          ))}
        </ol>
      )}
      {(last?.notes ?? []).map((note) => (
        <p key={note} class="line note">
          {note}
        </p>
      ))}
    </Section>
  );
}

interface ReloadProps {
  readonly time: string;
  readonly ok: boolean;
  readonly text: string;
  readonly diff: string | undefined;
}

function Reload({ time, ok, text, diff }: ReloadProps) {
  const head = (
    <>
      <Time value={time} /> <Chip text={ok ? "applied" : "refused"} tone={ok ? "good" : "bad"} /> {text}
    </>
  );
  if (diff === undefined || diff === "") return <p class="line">{head}</p>;
  return (
    <details>
      <summary>{head}</summary>
      <Diff text={diff} label="What changed in the file" />
    </details>
  );
}

async function reload(): Promise<void> {
  const { ok, text } = await call("reload", {});
  announce(text, ok ? "done" : "failed");
  await Promise.all([status.refresh(), overview.refresh()]);
}
