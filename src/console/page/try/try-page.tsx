// Try: an event and the config side by side. Loaded when it is opened.

import { useTitle } from "../parts/section.tsx";
import { Command, Empty } from "../parts/text.tsx";

export function TryPage({ id }: { readonly id?: string | undefined }) {
  useTitle("Try");
  return (
    <div class="page">
      <h1 class="unseen">Try</h1>
      <Empty title="Try a rule on a real event">
        <p>This page is not part of this version. From a terminal:</p>
        <Command
          text={id === undefined ? "channel-router explain channels.yaml" : `channel-router why ${id}`}
        />
      </Empty>
    </div>
  );
}
