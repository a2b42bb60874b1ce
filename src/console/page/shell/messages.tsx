// The short message about what was just done, or failed. Screen readers hear it when they are done with what they say.

import { dismiss, message } from "../announce.ts";
import { Button } from "../parts/button.tsx";

export function Messages() {
  const { value } = message;
  return (
    <div class="messages" role="status" aria-live="polite">
      {value === undefined ? null : (
        <div class={`message ${value.kind}`}>
          <span>{value.text}</span>
          <Button kind="quiet" size="small" label="Close the message" onPress={dismiss}>
            ×
          </Button>
        </div>
      )}
    </div>
  );
}
