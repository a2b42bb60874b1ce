// Times and amounts in readable form.

/** Local time: `2026-11-23 09:41:07`. */
export function printTime(time: string): string {
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `12 s`, `3 min`, `2 h`, `5 d`: the largest unit that fits. */
export function printSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `3 min ago`, `in 2 h`. */
export function printRelative(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  // 10 minutes that were set a moment ago are not 9.
  return ms < 0 ? `in ${printSpan(1_000 - ms)}` : `${printSpan(ms)} ago`;
}

/** `512 B`, `1.5 MiB`. */
export function printBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
