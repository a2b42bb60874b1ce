// Buttons: plain, main, and such that ask again before they act.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { announce } from "../announce.ts";
import { isReadOnly } from "../connection.ts";
import { faultOf } from "../keys/fault.ts";

interface ButtonProps {
  readonly children: ComponentChildren;
  /** For screen readers, where the text alone does not say it. */
  readonly label?: string | undefined;
  readonly kind?: "plain" | "main" | "danger" | "quiet";
  readonly size?: "normal" | "small";
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly title?: string | undefined;
  /** What fails is shown as a message. */
  onPress(): void | Promise<void>;
}

export function Button(props: ButtonProps) {
  const { children, label, kind = "plain", size = "normal", pressed, expanded, title } = props;
  const isBusy = useSignal(false);
  const press = async () => {
    if (isBusy.value) return;
    isBusy.value = true;
    try {
      await props.onPress();
    } catch (error) {
      const { message, hint } = faultOf(error);
      announce(hint === undefined ? message : `${message} ${hint}`, "failed");
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <button
      type="button"
      class={`button ${kind} ${size}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-busy={isBusy.value || undefined}
      disabled={props.disabled}
      title={title}
      onClick={press}
    >
      {children}
    </button>
  );
}

interface ChangeProps extends Omit<ButtonProps, "pressed" | "expanded"> {
  /** The question before it acts; without one it acts at once. */
  readonly confirm?: string;
  /** The button's text while it asks. */
  readonly yes?: string;
}

/** A button that changes something in the router: off in read-only mode. */
export function ChangeButton({ confirm, yes, ...props }: ChangeProps) {
  const isAsking = useSignal(false);
  const disabled = props.disabled === true || isReadOnly.value;
  const title = isReadOnly.value ? "This console is read-only" : props.title;
  if (confirm === undefined || !isAsking.value) {
    const ask = () => {
      isAsking.value = true;
    };
    const act = confirm === undefined ? props.onPress : ask;
    return <Button {...props} disabled={disabled} title={title} onPress={act} />;
  }
  const end = () => {
    isAsking.value = false;
  };
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
  };
  return (
    <fieldset class="confirm" onKeyDown={leave}>
      <legend>{confirm}</legend>
      <Button
        kind={props.kind === "danger" ? "danger" : "main"}
        size={props.size ?? "normal"}
        onPress={async () => {
          end();
          await props.onPress();
        }}
      >
        {yes ?? props.children}
      </Button>
      <Button size={props.size ?? "normal"} onPress={end}>
        Cancel
      </Button>
    </fieldset>
  );
}
