// Detects secrets by content: a second check, for a secret under a harmless name. It detects plain text, also
// in UTF-16; it does not look into compressed, encrypted or encoded content.

import type { Sensitivity } from "./secret-names.ts";

export interface Finding {
  readonly sensitivity: Sensitivity;
  /** What was detected: `a private key`. */
  readonly what: string;
}

export interface ContentScanner {
  /** In order; pieces of any size. */
  push(piece: Uint8Array): void;
  /** The most severe finding so far. */
  found(): Finding | undefined;
}

interface Sign {
  readonly what: string;
  /** Without the flag `g`. Each begins with something rare, and matches at most `overlap` characters. */
  readonly pattern: RegExp;
}

/** Credentials with a unique format. */
const secretSigns: readonly Sign[] = [
  {
    what: "a private key",
    // With its first line: the words alone occur in many programs.
    pattern: /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,400}?[A-Za-z0-9+/]{32}/,
  },
  { what: "a private key", pattern: /PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[A-Z0-9]{20}/ },
  { what: "a private key", pattern: /PrivateKey\s{0,8}=\s{0,8}[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]=/ },
  { what: "a private key", pattern: /client-key-data:\s{0,8}[A-Za-z0-9+/=]{40}/ },
  {
    what: "credentials of a cluster",
    pattern: /kind:\s{0,4}Config\b[\s\S]{0,3000}?(?:client-certificate-data|client-key|token|password):/,
  },
  {
    what: "credentials of AWS",
    pattern:
      /(?:aws_?secret_?access_?key|SecretAccessKey|aws_?session_?token)["']?\s{0,8}[:=]\s{0,8}["']?[A-Za-z0-9/+=]{40}/i,
  },
  { what: "a token of GitHub", pattern: /gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50}/ },
  { what: "a token of GitLab", pattern: /gl(?:pat|ptt|dt|rt|soat|ft|agent|cbt)-[\w-]{20}/ },
  { what: "a key of Anthropic", pattern: /sk-ant-[\w-]{20}/ },
  {
    what: "a key of OpenAI",
    pattern:
      /sk-(?:proj|svcacct|admin|None)-[\w-]{20}|sk-[A-Za-z0-9]{20}T3BlbkFJ|sk-(?=[A-Za-z]{0,40}\d)(?=[a-z\d]{0,40}[A-Z])[A-Za-z0-9]{40}/,
  },
  {
    what: "a token of Slack",
    pattern:
      /xox[abeoprs]-[A-Za-z0-9-]{12}|xapp-\d-[A-Za-z0-9-]{12}|hooks\.slack\.com\/services\/T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{20}/,
  },
  { what: "a key of Stripe", pattern: /[sr]k_live_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9+/=]{24}/ },
  {
    what: "a key of Google",
    pattern: /AIza[\w-]{35}|ya29\.[\w-]{30}|GOCSPX-[\w-]{20}|"private_key_id"\s{0,4}:\s{0,4}"[a-f0-9]{30}/,
  },
  {
    what: "a token of a bot",
    pattern: /\b\d{8,10}:AA[\w-]{33}\b|\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b/,
  },
  {
    what: "a token of a registry",
    pattern:
      /npm_[A-Za-z0-9]{36}|_authToken\s{0,4}=\s{0,4}[\w.+/=-]{8}|pypi-AgEI[\w-]{40}|rubygems_[a-f0-9]{40}|dckr_pat_[\w-]{20}|cio[A-Za-z0-9]{32}\b/,
  },
  {
    what: "a token",
    pattern:
      /dop_v1_[a-f0-9]{40}|hf_[A-Za-z0-9]{34}|SG\.[\w-]{20,24}\.[\w-]{39,50}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|hvs\.[\w-]{24}|ATATT3[\w=-]{30}|lin_api_[A-Za-z0-9]{32}|figd_[\w-]{30}|sntrys_[\w=+/-]{30}|PMAK-[a-f0-9]{20}|glsa_[A-Za-z0-9]{30}|tfp_[\w-]{40}|nfp_[A-Za-z0-9]{36}|secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40}|key-[a-f0-9]{32}|AC[a-f0-9]{32}:[a-f0-9]{32}|sbp_[a-f0-9]{40}|pscale_(?:tkn|pw)_[\w-]{30}|dapi[a-f0-9]{32}|xkeysib-[a-f0-9]{40}|r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{40}|pplx-[a-f0-9]{40}/,
  },
  {
    what: "credentials of a registry",
    pattern: /"auths"\s{0,8}:\s{0,8}\{[\s\S]{0,300}?"auth"\s{0,8}:\s{0,8}"[A-Za-z0-9+/=]{8}/,
  },
  {
    what: "a login",
    pattern: /(?:^|\n)[ \t]{0,8}machine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}\S/,
  },
  {
    what: "hashes of passwords",
    pattern: /(?:^|\n)[\w.@-]{1,64}:(?:\$(?:1|5|6|y|7|apr1|2[abxy]?|argon2\w{0,3})\$|\{SHA\})[^\s:]{8}/,
  },
  {
    what: "a session of Claude",
    pattern:
      /"parentUuid"\s{0,4}:[\s\S]{0,600}?"sessionId"\s{0,4}:|"sessionId"\s{0,4}:[\s\S]{0,600}?"parentUuid"\s{0,4}:|"claudeAiOauth"\s{0,4}:/,
  },
];

/** Possibly a credential, or an example of one. */
const sensitiveSigns: readonly Sign[] = [
  { what: "an access key of AWS", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: "a signed token", pattern: /\beyJ[\w-]{10,600}\.eyJ[\w-]{10,2000}\.[\w-]{16}/ },
  {
    what: "a line of .pgpass",
    pattern:
      /(?:^|\n)[\w.*-]{1,100}:(?:\d{1,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:[^\s:][^\n]{0,200}(?=\r?\n|$)/,
  },
  {
    what: "a password in an address",
    pattern:
      /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^/\s:@"'<>{}$*]{1,64}:(?!(?:pass(?:word)?|pw|pwd|secret|x+|\*+|\.+|changeme|example|user|token)@)[^/\s@"'<>{}$*]{3,200}@[\w.[-]/i,
  },
  {
    what: "an authorization header",
    pattern: /\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4}[\w.+/=~-]{16}/i,
  },
  {
    what: "settings with a password or key",
    pattern:
      /(?:^|\n)[ \t]{0,8}(?:export[ \t]{1,8})?[A-Z][A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|_DSN|_KEY)[A-Z0-9_]{0,40}=["']?(?![<${*]|x{3}|your|change|example|\.\.\.)[^\s"']{8}/,
  },
];

/** Beginnings of files. */
const heads: readonly {
  readonly what: string;
  readonly bytes: readonly number[];
  readonly sensitivity: Sensitivity;
}[] = [
  { what: "a store of passwords", bytes: [0x03, 0xd9, 0xa2, 0x9a], sensitivity: "secret" },
  { what: "a store of keys", bytes: [0xfe, 0xed, 0xfe, 0xed], sensitivity: "secret" },
  { what: "a store of keys", bytes: [0xce, 0xce, 0xce, 0xce], sensitivity: "secret" },
  { what: "a database", bytes: [...Buffer.from("SQLite format 3\0")], sensitivity: "sensitive" },
  { what: "a memory image", bytes: [...Buffer.from("JAVA PROFILE")], sensitivity: "sensitive" },
  { what: "a network capture", bytes: [0xd4, 0xc3, 0xb2, 0xa1], sensitivity: "sensitive" },
  { what: "a network capture", bytes: [0x0a, 0x0d, 0x0d, 0x0a], sensitivity: "sensitive" },
];

/** A part that every pattern contains: without it, nothing else is searched. */
const rare =
  /PRIVATE KEY|PuTTY-|AGE-SECRET|PrivateKey|client-key-data|kind:\s*Config|:\d{1,5}:|:\*:|secret_?access_?key|session_?token|gh[pousr]_|github_pat_|gl(?:pat|ptt|dt|rt|soat|ft|agent|cbt)-|sk-|xox[abeoprs]-|xapp-|hooks\.slack|k_live_|whsec_|AIza|ya29\.|GOCSPX|private_key_id|:AA|[MNO][\w-]{23,25}\.|npm_|_authToken|pypi-|rubygems_|dckr_|cio[A-Za-z0-9]|dop_v1|hf_|SG\.|shp|hvs\.|ATATT|lin_api|figd_|sntrys_|PMAK-|glsa_|tfp_|nfp_|secret_|ntn_|key-|AC[a-f0-9]|sbp_|pscale_|dapi|xkeysib|r8_|gsk_|pplx-|"auths"|machine\s|:\$|:\{SHA\}|parentUuid|claudeAiOauth|AKIA|ASIA|eyJ|:\/\/|authorization|(?:PASSW|PASSPHRASE|SECRET|TOKEN|KEY|_DSN)[A-Z0-9_]{0,40}=/i;
const overlap = 4_096;
/** Of UTF-16 and UTF-8, byte by byte. */
const byteOrderMark = /^(?:\xFF\xFE|\xFE\xFF|\xEF\xBB\xBF)/;

/** `isOwnSecret`: whether a text contains a secret of the config. */
export function lookAtContent(isOwnSecret: (text: string) => boolean): ContentScanner {
  let worst: Finding | undefined;
  let before = "";
  let isFirst = true;

  function note(found: Finding): void {
    if (worst?.sensitivity !== "secret") worst = found.sensitivity === "secret" ? found : (worst ?? found);
  }

  function look(text: string): void {
    if (!rare.test(text)) return;
    const sign = secretSigns.find(({ pattern }) => pattern.test(text));
    if (sign !== undefined) note({ sensitivity: "secret", what: sign.what });
    else {
      const weak = sensitiveSigns.find(({ pattern }) => pattern.test(text));
      if (weak !== undefined) note({ sensitivity: "sensitive", what: weak.what });
    }
  }

  return {
    push(piece) {
      if (worst?.sensitivity === "secret" || piece.length === 0) return;
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      if (isFirst)
        for (const head of heads) if (head.bytes.every((byte, at) => bytes[at] === byte)) note(head);
      // Every second byte of plain text in UTF-16 is zero; of other text none is.
      const plain = bytes.toString("latin1").replaceAll("\0", "");
      const text = before + (isFirst ? plain.replace(byteOrderMark, "") : plain);
      isFirst = false;
      look(text);
      if (isOwnSecret(Buffer.from(text, "latin1").toString("utf8")))
        note({ sensitivity: "secret", what: "a secret of the config" });
      before = text.slice(-overlap);
    },
    found: () => worst && { sensitivity: worst.sensitivity, what: worst.what },
  };
}
