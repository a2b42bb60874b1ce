// A JSON value as a tree that opens part by part: large ones cost what is open.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Json } from "../../protocol.ts";
import { Button } from "../parts/button.tsx";

interface JsonTreeProps {
  readonly value: Json;
  readonly name?: string;
  /** How many levels are open at first. */
  readonly open?: number;
}

const firstShown = 100;

export function JsonTree({ value, name, open = 1 }: JsonTreeProps) {
  const isOpen = useSignal(open > 0);
  const label = name === undefined ? null : <span class="json-key">{name}: </span>;
  if (value === null || typeof value !== "object")
    return (
      <span class="json-line">
        {label}
        <Scalar value={value} />
      </span>
    );
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0)
    return (
      <span class="json-line">
        {label}
        {left + right}
      </span>
    );
  return (
    <details
      class="json-node"
      open={isOpen.value}
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>
        {label}
        {left}
        {isOpen.value ? null : <span class="faint"> {previewOf(value)} </span>}
        {isOpen.value ? null : right}
      </summary>
      {isOpen.value ? <Entries entries={entries} open={open - 1} /> : null}
      {isOpen.value ? right : null}
    </details>
  );
}

function Entries({ entries, open }: { readonly entries: readonly [string, Json][]; readonly open: number }) {
  const count = useSignal(firstShown);
  return (
    <ul class="json-entries">
      {entries.slice(0, count.value).map(([key, item]) => (
        <li key={key}>
          <JsonTree name={key} value={item} open={open} />
        </li>
      ))}
      {entries.length > count.value ? (
        <li>
          <Button
            size="small"
            onPress={() => {
              count.value += 1_000;
            }}
          >
            {entries.length - count.value} more
          </Button>
        </li>
      ) : null}
    </ul>
  );
}

function Scalar({ value }: { readonly value: null | boolean | number | string }): ComponentChildren {
  if (typeof value !== "string") return <span class="json-atom">{String(value)}</span>;
  return <LongText text={value} />;
}

const cutAt = 400;

function LongText({ text }: { readonly text: string }) {
  const isWhole = useSignal(text.length <= cutAt);
  const shown = isWhole.value ? text : text.slice(0, cutAt);
  return (
    <span class="json-text">
      {JSON.stringify(shown)}
      {isWhole.value ? null : (
        <Button
          size="small"
          onPress={() => {
            isWhole.value = true;
          }}
        >
          {text.length - cutAt} more characters
        </Button>
      )}
    </span>
  );
}

function previewOf(value: Json[] | Record<string, Json>): string {
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
  const keys = Object.keys(value);
  const shown = keys.slice(0, 4).join(", ");
  return keys.length > 4 ? `${shown}, …` : shown;
}
