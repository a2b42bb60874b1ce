// What the texts of a payload are by their keys: a name of somebody, a host, an id, a credential, a postal address.

import { isSenderName, uuidShape } from "./shapes.ts";

export const redacted = "REDACTED";

export type Kind =
  | "person"
  | "login"
  | "org"
  | "repo"
  | "host"
  | "mail"
  | "uuid"
  | "address"
  | "address6"
  | "mac"
  | "hex"
  | "opaque"
  | "id";

const personParent =
  /^(?:users?|sender|owner|author|committer|actor|assignees?|reviewers?|requested_reviewers?|pusher|customer|members?|creator|created_by|updated_by|closed_by|merged_by|triggering_actor|billing_details|shipping|contact|recipient|from|to|person|people|profile|last_commit_author|reporter|commander|agent|participants?|mentions?)$/i;
const groupParent =
  /^(?:organi[sz]ations?|org|orgs|team|teams|group|groups|namespace|workspace|company|tenant|installation|account|enterprise|guild)$/i;
const repoParent =
  /^(?:repository|repo|repositories|project|projects|head_repository|base_repository|forkee|site|app)$/i;
const loginKey =
  /^(?:login|user_?name|screen_?name|nick(?:name)?|handle|user_login|owner_login|author_username|preferred_username|name_with_namespace)$/i;
const personKey =
  /^(?:display_?name|full_?name|first_?name|last_?name|given_?name|family_?name|real_?name|user_name|author_?name|committer_?name|customer_?name|cardholder_?name|created_?by|updated_?by|assignee|author|owner|sender|pusher|reporter|user|actor|committer)$/i;
const groupKey =
  /^(?:org|organi[sz]ation|org_slug|namespace|group|workspace|team|company|tenant|account_name|team_slug|team_domain|enterprise_name|subdomain|guild_name)$/i;
const repoKey =
  /^(?:repo|repository|repo_name|repository_name|full_name|path_with_namespace|project|project_name|project_slug|slug|site_name|nwo)$/i;
const hostKey = /^(?:host|host_?name|server|server_name|domain|node|nodename|instance|machine|fqdn)$/i;
const idKey = /^(?:id|uid|uuid|guid|gid|node_id|global_id|_id|sid)$|(?:_id|_uuid|_guid|[a-z]I[dD])$/;

/** The kind of personal value at this path, if any. */
export function kindOf(path: readonly string[], value: string): Kind | undefined {
  const key = path.at(-1) ?? "";
  const parent = path.at(-2) ?? "";
  if (
    value.trim() === "" ||
    value.length > 200 ||
    /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ||
    value.includes("@")
  )
    return undefined;
  if (isSenderName(value)) return undefined;
  if (loginKey.test(key)) return groupParent.test(parent) ? "org" : "login";
  if (repoKey.test(key) && (/^[\w.-]+(\/[\w.-]+)*$/.test(value) || repoParent.test(parent))) {
    if (key === "full_name" && personParent.test(parent)) return "person";
    return groupParent.test(parent) ? "org" : "repo";
  }
  if (personKey.test(key)) return /\s/.test(value) ? "person" : "login";
  if (groupKey.test(key)) return "org";
  if (hostKey.test(key)) return "host";
  if (/^(?:name|title|path)$/i.test(key)) {
    if (personParent.test(parent)) return /\s/.test(value) ? "person" : "login";
    if (groupParent.test(parent)) return "org";
    if (repoParent.test(parent)) return "repo";
  }
  return isId(path) && !uuidShape.test(value) ? "id" : undefined;
}

export function isId(path: readonly string[]): boolean {
  // A global expression remembers where it ended.
  uuidShape.lastIndex = 0;
  return idKey.test(path.at(-1) ?? "");
}

/** The parts of an address by mail or telephone. */
export function postal(key: string): string | undefined {
  if (/^(?:line[12]|street(?:_?address)?|address(?:_?line)?_?[12]?|postal_address)$/i.test(key))
    return "1 Example Street";
  if (/^(?:city|town|locality)$/i.test(key)) return "Exampletown";
  if (/^(?:zip|zip_?code|postal_?code|postcode)$/i.test(key)) return "00000";
  if (/^(?:phone|mobile|fax|tel|phone_?number|telephone)$/i.test(key)) return "+15550100";
  if (/^(?:iban|ssn|tax_?id|vat_?id|passport|birth_?date|date_of_birth|dob)$/i.test(key)) return redacted;
  return /^(?:last4|fingerprint)$/i.test(key) ? "0000" : undefined;
}

/** A place on the map. */
export function isGeographic(key: string): boolean {
  return /^(?:lat|lng|lon|latitude|longitude|coordinates?|lat_?lng|geo)$/i.test(key);
}

/** `payment_intent.payment_failed_2024`: words with separators, which say what happened. */
export function isWords(text: string): boolean {
  return text.split(/[_-]/).every((part) => /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+|\d{1,4})$/.test(part));
}

const pathWords = new Set(
  (
    "api v1 v2 v3 v4 repos repositories users user orgs org organizations groups group projects project actions runs run jobs job workflows workflow " +
    "pull pulls issues issue comments comment commit commits compare tree trees blob blobs raw tags tag branches branch releases release deployments " +
    "deployment environments statuses status checks check-runs check-suites suites artifacts attempts logs cancel rerun hooks hook events event keys " +
    "labels milestones milestone teams team members subscribers subscription contributors collaborators assignees stargazers forks languages contents " +
    "archive downloads notifications git refs ref merges merge merge_requests pipelines pipeline builds build registry packages snippets wiki wikis " +
    "rest browse alerts alert incidents incident services service monitors monitor dashboards dashboard test live payments payment customers customer " +
    "invoices invoice charges disputes subscriptions web site sites app apps deploys teams settings discussions discussion reviews review diff patch " +
    "heads master main edit new all search graph d explore silences generator docs help about installation installations account accounts " +
    "feed feeds rss atom stream streams ws socket health metrics followers following gists starred received_events self _apis avatar avatars u r p s t channels channel messages message archives threads"
  ).split(" "),
);

export function isPathWord(text: string): boolean {
  return pathWords.has(text.toLowerCase()) || /^-$/.test(text) || /^\{/.test(text);
}
