// Who may write through each chat. Ids that the config lists are changed there.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { SourceAccessAnswer } from "../../protocol.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Loaded, Section } from "../parts/section.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { access, changeAccess } from "./access-answer.ts";

const policies: Readonly<Record<string, string>> = {
  pairing: "New users get a code",
  allowlist: "Only listed users",
  disabled: "No direct messages",
};

export function AccessSection() {
  const answer = access.state.value;
  return (
    <Section title="Allow lists" count={answer.data?.sources.length}>
      <Loaded answer={answer} retry={access.refresh}>
        {({ sources }) =>
          sources.length === 0 ? (
            <Empty title="This config has no chat source.">
              <p>
                Telegram, Discord, Slack, iMessage and webchat sources have a list of users who may write to
                Claude.
              </p>
            </Empty>
          ) : (
            sources.map((one) => <SourceAccess key={one.source} access={one} />)
          )
        }
      </Loaded>
    </Section>
  );
}

function SourceAccess({
  access: { source, type, dm, people, groups, bots },
}: {
  readonly access: SourceAccessAnswer;
}) {
  return (
    <section class="card" aria-label={source}>
      <header class="card-head">
        <h3>
          {source} <span class="muted">{type}</span>
        </h3>
        <select
          aria-label={`Direct messages on ${source}`}
          value={dm}
          onChange={({ currentTarget }) =>
            changeAccess({ do: "policy", source, dm: currentTarget.value as typeof dm })
          }
        >
          {Object.entries(policies).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </header>
      {people.length === 0 ? (
        <p class="muted">No user is admitted yet.</p>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Id</th>
              <th scope="col">Since</th>
              <th scope="col">
                <span class="unseen">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {people.map(({ id, name, from, since }) => (
              <tr key={id}>
                <td>{name ?? <span class="faint">not known</span>}</td>
                <td>
                  <code>{id}</code>
                </td>
                <td>
                  {from === "config" ? "in the config" : since === undefined ? "" : <Time value={since} />}
                </td>
                <td class="table-end">
                  {from === "config" ? null : (
                    <ChangeButton
                      kind="danger"
                      size="small"
                      label={`Remove ${name ?? id}`}
                      confirm={`Remove ${name ?? id}?`}
                      yes="Remove"
                      onPress={() => changeAccess({ do: "remove", source, person: id })}
                    >
                      Remove
                    </ChangeButton>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {groups.map(({ chat, mention, allow }) => (
        <p key={chat} class="line">
          Group <code>{chat}</code>: {allow.length === 0 ? "everybody in it" : allow.join(", ")}
          {mention ? ", when mentioned" : ""}
        </p>
      ))}
      {bots.length === 0 ? null : <p class="line">Bots: {bots.join(", ")}</p>}
      <AddPerson source={source} />
    </section>
  );
}

function AddPerson({ source }: { readonly source: string }) {
  const id = useId();
  const person = useSignal("");
  return (
    <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
      <label class="unseen" for={id}>
        Id of a user to admit on {source}
      </label>
      <input
        id={id}
        placeholder="Id of a user"
        autocomplete="off"
        spellcheck={false}
        value={person.value}
        onInput={({ currentTarget }) => {
          person.value = currentTarget.value;
        }}
      />
      <ChangeButton
        disabled={person.value.trim() === ""}
        onPress={async () => {
          await changeAccess({ do: "allow", source, person: person.value.trim() });
          person.value = "";
        }}
      >
        Admit
      </ChangeButton>
    </form>
  );
}
