// Amazon SNS signs some fields of a notification, each with its name on a separate line. The same keys sign
// every topic, so the topic must match the config.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

import { createHash } from "node:crypto";
import { dataOf, signedTextAt, textAt } from "./fields.ts";
import { decodeText, fits, isSignedBy } from "./public-key.ts";
import { isFresh, type SignatureContext } from "./signature.ts";
import type { Check } from "./verifier.ts";

const confirmation = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
const signedFields: Readonly<Record<string, readonly string[]>> = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: confirmation,
  UnsubscribeConfirmation: confirmation,
};
const algorithms = { "1": "rsa-sha1", "2": "rsa-sha256" } as const;

export function snsCheck(context: SignatureContext): Check {
  return (inbound) => {
    const data = dataOf(inbound);
    const field = (name: string) => textAt(data, name);
    const type = field("Type") ?? "";
    const names = Object.hasOwn(signedFields, type) ? signedFields[type] : undefined;
    const version = field("SignatureVersion") ?? "";
    const algorithm = version === "1" || version === "2" ? algorithms[version] : undefined;
    const signature = decodeText(field("Signature") ?? "", "base64");
    if (names === undefined || algorithm === undefined || signature === undefined) return undefined;
    if (context.audience === undefined || field("TopicArn") !== context.audience) return undefined;
    if (!isFresh(field("Timestamp") ?? "", context)) return undefined;
    const values = names.map((name) => signedTextAt(data, name));
    // Left out of what is signed are fields that are not there, and never a list or an object.
    if (values.includes(undefined)) return undefined;
    const text = names
      .map((name, index) =>
        values[index] === "" && field(name) === undefined ? "" : `${name}\n${values[index]}\n`,
      )
      .join("");
    const keys = context.keysFor?.(inbound) ?? [];
    const isRight = keys.some(
      (key) => fits(key, algorithm) && isSignedBy(key, algorithm, Buffer.from(text), signature),
    );
    if (!isRight) return undefined;
    return { secret: "", signed: createHash("sha256").update(text).digest("base64url") };
  };
}
