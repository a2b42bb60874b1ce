// Chat users who ask to be admitted. The code is compared with the one that they see.

import { ChangeButton } from "../parts/button.tsx";
import { Section } from "../parts/section.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { access, changeAccess } from "./access-answer.ts";

export function PairingSection() {
  const { data } = access.state.value;
  if (data === undefined || data.sources.length === 0) return null;
  const pending = data.sources.flatMap(({ source, pending }) => pending.map((one) => ({ source, ...one })));
  return (
    <Section title="Pairing requests" count={pending.length}>
      {pending.length === 0 ? (
        <Empty title="Nobody asks to be admitted.">
          <p>A new user of a chat gets a code from the router. It appears here with the user's name.</p>
        </Empty>
      ) : (
        <ul class="cards">
          {pending.map(({ source, code, id, name, until }) => (
            <li key={code} class="card pairing">
              <div>
                <p>
                  <b>{name ?? id}</b> <span class="muted">on {source}</span>
                </p>
                <p class="muted">
                  <code>{id}</code> · code <code class="code">{code}</code> · until <Time value={until} />
                </p>
              </div>
              <div class="toolbar">
                <ChangeButton
                  kind="main"
                  label={`Admit ${name ?? id}`}
                  confirm={`Does ${name ?? id} see the code ${code}?`}
                  yes="Yes, admit"
                  onPress={() => changeAccess({ do: "pair", code })}
                >
                  Admit
                </ChangeButton>
                <ChangeButton
                  kind="danger"
                  label={`Decline ${name ?? id}`}
                  onPress={() => changeAccess({ do: "deny", code })}
                >
                  Decline
                </ChangeButton>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
