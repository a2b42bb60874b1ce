// Why a request failed, as the page shows it.

/** `code`: of the router's answer; `offline` when there was none, `unusable` when this page must not be used. */
export class Fault extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault("internal", error instanceof Error ? error.message : String(error));
}

/** Of an answer that is not 200. */
export async function faultOfAnswer(answer: Response): Promise<Fault> {
  const body = (await answer.json().catch(() => ({}))) as { error?: unknown };
  const { error } = body;
  if (typeof error === "string") return new Fault(String(answer.status), error);
  const { code, message, hint } = (error ?? {}) as { code?: string; message?: string; hint?: string };
  return new Fault(code ?? String(answer.status), message ?? `The router answered ${answer.status}.`, hint);
}
