// The browsers and programs that may use this console.

import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Chip } from "../parts/chip.tsx";
import { Loaded, Section, useAnswer } from "../parts/section.tsx";
import { Command, Time } from "../parts/text.tsx";
import { browsers } from "../questions.ts";

export function BrowserSection() {
  const answer = useAnswer(browsers);
  return (
    <Section title="Browsers" count={answer.data?.browsers.length}>
      <Loaded answer={answer} retry={browsers.refresh}>
        {({ browsers: all }) => (
          <ul class="plain-list">
            {all.map(({ id, name, since, last_seen, own, token }) => (
              <li key={id} class="line spread">
                <span>
                  <b>{name ?? (token === true ? "Token" : "Browser")}</b> <code class="faint">{id}</code>{" "}
                  {own ? <Chip text="this browser" tone="accent" /> : null}
                  {token === true ? <Chip text="reads only" tone="idle" /> : null}
                  <span class="muted">
                    {" "}
                    since <Time value={since} />
                    {last_seen === undefined ? null : (
                      <>
                        , last seen <Time value={last_seen} />
                      </>
                    )}
                  </span>
                </span>
                <ChangeButton
                  kind="danger"
                  size="small"
                  label={`Revoke ${name ?? id}`}
                  confirm={own ? "Revoke this browser? You leave the console." : "Revoke it?"}
                  yes="Revoke"
                  onPress={async () => {
                    await call("revoke", { id });
                    announce("Revoked.");
                    await browsers.refresh();
                  }}
                >
                  Revoke
                </ChangeButton>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <p class="muted">
        To add one, type at a terminal: <Command text="channel-router console" />
      </p>
    </Section>
  );
}
