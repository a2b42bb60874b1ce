// The mail client libraries and the versions that `channel-router add imap` installs.

import type { Libraries } from "../../contract.ts";

export const libraries: Libraries = {
  type: "imap",
  title: "IMAP",
  packages: { imapflow: "2.1.2", "postal-mime": "4.0.0" },
};
