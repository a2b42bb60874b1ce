// Checks options beyond what their schema can express.

import type { OptionIssue } from "../../contract.ts";
import { durationIssue } from "../../intake/request-issues.ts";
import { isThisMachine } from "./address.ts";
import type { ImapOptions } from "./options.ts";

const leastBytes = 4 * 1024;
const mostBytes = 256 * 1024;

export function checkOptions(options: ImapOptions): OptionIssue[] {
  return [
    ...hostIssues(options),
    ...tlsIssues(options),
    ...textIssues(options),
    ...durationIssue("every", options.everyMs, [10_000, "10s"], [86_400_000, "1d"]),
    ...durationIssue("idle", options.idleMs, [10_000, "10s"], [28 * 60_000, "28m"]),
    ...durationIssue("timeout", options.timeoutMs, [1_000, "1s"], [600_000, "10m"]),
    ...(options.maxMessageBytes >= leastBytes && options.maxMessageBytes <= mostBytes
      ? []
      : [
          {
            path: ["max_message"],
            message: "must be from 4KiB to 256KiB",
            hint: "for example  max_message: 64KiB",
          },
        ]),
  ];
}

/** A name, an IPv4 address, or an IPv6 address without brackets. */
const host = /^([\p{L}\p{N}_]([\p{L}\p{N}._-]*)|[0-9a-f:.]*:[0-9a-f:.]*)$/iu;

function hostIssues(options: ImapOptions): OptionIssue[] {
  const { host: written } = options;
  const add = (message: string, hint: string) => [{ path: ["host"], message, hint }];
  if (/^[a-z]+:\/\//i.test(written)) return add("is a URL", "write only the host: imap.example.com");
  const [, name, port] = /^([^:]+):(\d+)$/.exec(written) ?? [];
  if (name !== undefined) return add("contains a port", `write  host: ${name}  and  port: ${port}`);
  if (written.includes("@")) return add("is a mail address", "write only the host: imap.example.com");
  if (!host.test(written)) return add("is not a host name", "for example  host: imap.example.com");
  return [];
}

function tlsIssues({ host: name, tls, ca }: ImapOptions): OptionIssue[] {
  if (tls === "none" && !isThisMachine(name))
    return [
      {
        path: ["tls"],
        message: "sends the password unencrypted to another machine",
        hint: "use implicit or starttls; none is only for localhost, 127.0.0.1 and ::1",
      },
    ];
  if (ca === undefined) return [];
  if (tls === "none") return [{ path: ["ca"], message: "has no effect without TLS", hint: "remove it" }];
  if (/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(ca)) return [];
  return [
    {
      path: ["ca"],
      message: "is not a PEM certificate",
      hint: 'for example  ca: "${file:mail-ca.pem}"',
    },
  ];
}

/** A line break would end the IMAP command that contains the text. */
function textIssues(options: ImapOptions): OptionIssue[] {
  return (["user", "password", "mailbox"] as const).flatMap((key) =>
    /[\0\r\n]/.test(options[key])
      ? [{ path: [key], message: "contains a line break", hint: "remove it" }]
      : [],
  );
}
