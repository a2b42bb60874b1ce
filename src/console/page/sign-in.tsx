// What a browser sees that the router does not know, and one that cannot use this page.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connection, fault, signIn, tryNow } from "./connection.ts";
import { type Fault, faultOf } from "./keys/fault.ts";
import { Button } from "./parts/button.tsx";
import { useTitle } from "./parts/section.tsx";
import { Command } from "./parts/text.tsx";

/** Why the last code did not work. */
export const signInFault = signal<Fault | undefined>(undefined);

export function SignIn() {
  useTitle("Sign in");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class="sign-in" id="main">
      <h1 ref={heading} tabIndex={-1}>
        {connection.value === "unusable" ? "This page cannot be used" : "This browser is not known yet"}
      </h1>
      {connection.value === "unusable" ? <Unusable /> : <Unknown />}
    </main>
  );
}

function Unusable() {
  return (
    <>
      <p>{fault.value?.message}</p>
      <p>{fault.value?.hint}</p>
      <Button
        kind="main"
        onPress={() => {
          location.reload();
        }}
      >
        Reload
      </Button>
    </>
  );
}

function Unknown() {
  const field = useRef<HTMLInputElement>(null);
  const submit = async () => {
    const code = field.current?.value.trim() ?? "";
    signInFault.value = undefined;
    try {
      // The whole link works, too.
      await signIn(code.split("#enter=").at(-1) as string);
    } catch (error) {
      signInFault.value = faultOf(error);
    }
  };
  return (
    <>
      <p>
        Type this at a terminal of the machine that runs the router. It opens this page with a one-time code:
      </p>
      <Command text="channel-router console" />
      <form
        class="sign-in-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label for="code">On another machine: enter the code, or paste the link.</label>
        <div class="toolbar">
          <input
            ref={field}
            id="code"
            autocomplete="off"
            spellcheck={false}
            required
            aria-describedby="code-fault"
            aria-invalid={signInFault.value === undefined ? undefined : "true"}
          />
          <button type="submit" class="button main normal">
            Sign in
          </button>
        </div>
        <p id="code-fault" class="error" role="alert">
          {signInFault.value === undefined
            ? ""
            : `${signInFault.value.message} ${signInFault.value.hint ?? "A code is valid once, for 10 minutes."}`}
        </p>
      </form>
      <p class="muted">
        The key of this browser cannot be copied out of it. It is revoked with{" "}
        <code>channel-router console revoke</code>.
      </p>
      <Button kind="quiet" onPress={tryNow}>
        Check again
      </Button>
    </>
  );
}
