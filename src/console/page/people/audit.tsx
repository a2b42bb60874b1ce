// What was decided about permission prompts: who was asked, who answered.

import { Chip, type ChipKind } from "../parts/chip.tsx";
import { ScrollBox } from "../parts/scroll-box.tsx";
import { Loaded, Section, useAnswer } from "../parts/section.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { audit } from "../questions.ts";

const tones: Readonly<Record<string, ChipKind>> = {
  allow: "good",
  deny: "bad",
  asked: "warn",
  expired: "warn",
};

export function AuditSection() {
  const answer = useAnswer(audit);
  return (
    <Section title="Audit" count={answer.data?.entries.length}>
      <Loaded answer={answer} retry={audit.refresh}>
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title="No permission prompt was relayed yet.">
              <p>
                Each prompt that chat users or this console could answer is recorded here, with the decision.
                Turn it on with <code>permissions:</code> in the config.
              </p>
            </Empty>
          ) : (
            <ScrollBox class="scroll" label="Decisions">
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Time</th>
                    <th scope="col">What</th>
                    <th scope="col">Tool</th>
                    <th scope="col">Who</th>
                    <th scope="col">Session</th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map(({ time, what, id, tool, description, people, session, reason }) => (
                    <tr key={`${time} ${id} ${what}`}>
                      <td>
                        <Time value={time} />
                      </td>
                      <td>
                        <Chip text={what} tone={tones[what] ?? "idle"} />
                      </td>
                      <td>
                        {tool} <span class="muted">{reason ?? description}</span>
                      </td>
                      <td>{people.join(", ")}</td>
                      <td class="faint">{session}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollBox>
          )
        }
      </Loaded>
    </Section>
  );
}
