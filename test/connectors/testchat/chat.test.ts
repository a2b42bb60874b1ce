// The core of chats, by the suite that every chat runs, on the smallest platform there is.

import { buildWith } from "../../support/build-with.ts";
import { openTestPlatform } from "../../support/testchat/platform.ts";
import { testChat } from "../chat-conformance.ts";

testChat({
  type: "testchat",
  open: openTestPlatform,
  program: () => buildWith("test/support/testchat/registry.ts"),
  longText: `# A long answer\n\n${"Some words of **some** weight. ".repeat(10)}\n\n${"And some more of them. ".repeat(12)}`,
});
