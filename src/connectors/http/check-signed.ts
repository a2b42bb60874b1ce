// What the signed text must contain: the body, and everything else that is trusted. Pure; see
// check-verify.ts.

import type { OptionIssue, Surroundings } from "../../contract.ts";
import { signatureScheme, type VerifyOptions } from "./verify/generic.ts";
import type { SignatureScheme } from "./verify/signature.ts";
import { coversBody, isKnownPart, partNames, partsOf } from "./verify/signed-text.ts";

export function checkSigned(verify: VerifyOptions, surroundings: Surroundings): OptionIssue[] {
  const scheme: SignatureScheme = signatureScheme(verify);
  const used = partsOf(scheme.signed).filter((part) => part.startsWith("{"));
  const issues = used
    .filter((part) => !isKnownPart(part))
    .map(() => issue(["signed"], "has an unknown part in braces", `the parts are ${partNames.join(" ")}`));
  // Where the signature itself is in the body, only its fields can be signed.
  if (!coversBody(scheme.signed) && verify.field === undefined) {
    issues.push(
      issue(
        ["signed"],
        "leaves the body out, so that it could be replaced",
        'for instance  signed: "{timestamp}.{body}"',
      ),
    );
  }
  if (coversBody(scheme.signed) && verify.field !== undefined) {
    issues.push(
      issue(
        ["signed"],
        "has the body, which cannot hold its own signature",
        'name the fields that are signed:  signed: "{field:timestamp}{field:token}"',
      ),
    );
  }
  const timeField = verify.timestamp?.field;
  const signsTimeField =
    timeField !== undefined && (coversBody(scheme.signed) || used.includes(`{field:${timeField}}`));
  if (timeField !== undefined && !signsTimeField) {
    issues.push(
      issue(
        ["timestamp", "field"],
        "is not signed, so that anybody could change it",
        `add {field:...} with it to signed, or remove it`,
      ),
    );
  }
  const timed = used.includes("{timestamp}");
  if (
    timed &&
    verify.timestamp?.header === undefined &&
    timeField === undefined &&
    verify.key === undefined
  ) {
    issues.push(
      issue(
        ["signed"],
        "uses {timestamp}, but its location is missing",
        "add  timestamp: { header: x-timestamp }",
      ),
    );
  }
  if (!timed && verify.timestamp !== undefined && timeField === undefined) {
    issues.push(
      issue(
        ["timestamp"],
        "is not signed, so that anybody could change it",
        'add it:  signed: "{timestamp}.{body}"',
      ),
    );
  }
  if (verify.timestamp?.key !== undefined && verify.key === undefined) {
    issues.push(issue(["timestamp", "key"], "is for a header of the form t=...,v1=...", "add  key: v1"));
  }
  if (used.includes("{id}") && verify.deliveryId === undefined) {
    issues.push(issue(["signed"], "uses {id}, but its location is missing", "add  delivery_id: x-delivery"));
  }
  if (!used.includes("{id}") && verify.deliveryId !== undefined) {
    issues.push(
      issue(
        ["delivery_id"],
        "is not signed, so that anybody could change it",
        'remove it: a signed request is recognised by itself; or add it:  signed: "{id}.{body}"',
      ),
    );
  }
  if (used.includes("{url}")) issues.push(...checkPublicUrl("{url}", ["signed"], surroundings));
  return issues;
}

export function checkPublicUrl(what: string, path: string[], { publicUrl }: Surroundings): OptionIssue[] {
  if (publicUrl !== undefined) return [];
  return [
    issue(
      path,
      `${what} needs to know the URL that the sender calls`,
      "add at the top level  public_url: https://your.host",
    ),
  ];
}

export function issue(path: readonly (string | number)[], message: string, hint: string): OptionIssue {
  return { path: ["verify", ...path], code: "E_CONFIG_VERIFY", message, hint };
}
