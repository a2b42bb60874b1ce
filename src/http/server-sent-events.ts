// Server-sent events, as they are written (WHATWG HTML, section 9.2).

export const eventStreamHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // A proxy in front passes it on as it comes.
  "x-accel-buffering": "no",
};

/** JSON contains no line breaks, so the data is one line. */
export function eventText(event: string, data: unknown, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
