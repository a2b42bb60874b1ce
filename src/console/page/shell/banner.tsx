// What is wrong with the connection, and what that means for the page that is shown.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection, fault, hello, isReadOnly, nextTryMs, tryNow, wasOpen } from "../connection.ts";
import { Button } from "../parts/button.tsx";
import { durationOf } from "../parts/text.tsx";

export function Banner() {
  if (connection.value === "lost") return <Lost />;
  if (connection.value === "unusable")
    return (
      <div class="banner bad" role="alert">
        {fault.value?.message} {fault.value?.hint}
      </div>
    );
  if (hello.value?.limited === true)
    return (
      <div class="banner" role="status">
        <span>
          This is <code>dev</code>, which keeps no journal: events of an earlier start are not here.
        </span>
      </div>
    );
  if (isReadOnly.value)
    return (
      <div class="banner" role="status">
        <span>
          This console is read-only (<code>read_only: true</code> in the config): nothing can be changed here.
        </span>
      </div>
    );
  return null;
}

function Lost() {
  const nowMs = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      nowMs.value = Date.now();
    }, 500);
    return () => clearInterval(timer);
  }, []);
  const isOffline = fault.value === undefined || fault.value.code === "offline";
  return (
    <div class="banner warn">
      <span role="status">
        {isOffline ? "No connection to the router." : fault.value?.message}{" "}
        {wasOpen.value
          ? "What you see is from before."
          : "It runs while a Claude Code session is open, or after "}
        {wasOpen.value ? null : <code>channel-router up</code>}
      </span>
      <span class="muted">next try in {durationOf(nextTryMs.value - nowMs.value)}</span>
      <Button size="small" onPress={tryNow}>
        Try now
      </Button>
    </div>
  );
}
