// People and permissions: what waits for an answer of the user first, then who may do what.

import { useEffect } from "preact/hooks";
import { useTitle } from "../parts/section.tsx";
import { AccessSection } from "./access.tsx";
import { access } from "./access-answer.ts";
import { AuditSection } from "./audit.tsx";
import { BrowserSection } from "./browsers.tsx";
import { ConsentSection } from "./consent.tsx";
import { PairingSection } from "./pairing.tsx";
import { PromptSection } from "./prompts.tsx";

export function PeoplePage() {
  useTitle("People and permissions");
  useEffect(() => access.open(), []);
  return (
    <div class="page people">
      <h1 class="unseen">People and permissions</h1>
      <PromptSection />
      <ConsentSection />
      <PairingSection />
      <AccessSection />
      <BrowserSection />
      <AuditSection />
    </div>
  );
}
