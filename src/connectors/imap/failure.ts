// Maps errors of the mail library to messages that the user can act on.

import { ConnectorError } from "../../errors.ts";

interface MailFailure {
  readonly code?: unknown;
  readonly authenticationFailed?: unknown;
  readonly serverResponseCode?: unknown;
  readonly responseText?: unknown;
  readonly response?: unknown;
  readonly reason?: unknown;
}

/** Many providers lock an account after a few wrong passwords. */
const afterRejectedLoginMs = 15 * 60_000;

const network: Readonly<Record<string, string>> = {
  CONNECT_TIMEOUT: "it did not answer in time",
  GREETING_TIMEOUT: "it accepted the connection but sent no greeting: does tls match the port?",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  ENOTFOUND: "the name does not exist",
  EAI_AGAIN: "the name could not be resolved",
  EPIPE: "the connection broke",
  ETIMEDOUT: "it did not answer in time",
  ETIMEOUT: "it did not answer in time",
  NoConnection: "the connection broke",
  EConnectionClosed: "the connection broke",
  ClosedAfterConnectTLS: "the server closed the connection",
  ClosedAfterConnectText: "the server closed the connection",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not use TLS on this port: try tls: starttls, or another port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not use TLS on this port: try tls: starttls, or another port",
};

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificate: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** RFC 5530 codes after which the login may be retried. */
const passing: ReadonlySet<string> = new Set(["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"]);

/** `what`: the action, such as "reading". A bug of the router is returned unchanged. */
export function failureOf(error: unknown, what: string): unknown {
  if (error instanceof ConnectorError || !(error instanceof Error)) return error;
  const failure = error as MailFailure;
  const code = String(failure.code ?? "");
  const said = oneLine(failure.responseText ?? failure.response ?? failure.reason);
  if (failure.authenticationFailed === true) return loginFailure(failure, said, error);
  if (certificate.has(code))
    return new ConnectorError("E_MAIL", `the certificate of the server is not valid: ${error.message}`, {
      hint: "for a server with its own certificate, set ca",
      retryable: true,
      cause: error,
    });
  if (/STARTTLS/i.test(error.message))
    return new ConnectorError("E_MAIL", "the server does not offer STARTTLS", {
      hint: "use tls: implicit",
      cause: error,
    });
  const reason = network[code] ?? (said === "" ? oneLine(error.message) : `the server answered: ${said}`);
  return new ConnectorError("E_MAIL", `${what} failed: ${reason}`, { retryable: true, cause: error });
}

function loginFailure({ serverResponseCode }: MailFailure, said: string, cause: Error): ConnectorError {
  const answer = said === "" ? "" : `: ${said}`;
  if (passing.has(String(serverResponseCode ?? "").toUpperCase()))
    return new ConnectorError("E_MAIL", `the server is not accepting logins${answer}`, {
      retryable: true,
      cause,
    });
  return new ConnectorError("E_MAIL", `the server rejected the user or password${answer}`, {
    hint: "most providers require an app password: see docs/connectors/imap.md",
    retryAfterMs: afterRejectedLoginMs,
    cause,
  });
}

function oneLine(said: unknown): string {
  return (typeof said === "string" ? said : "").replace(/\s+/g, " ").trim().slice(0, 200);
}
