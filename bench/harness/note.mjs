// Progress lines on stderr, with the seconds since the start, so that stdout holds nothing but the result.

const begun = performance.now();

export function note(line) {
  const seconds = ((performance.now() - begun) / 1e3).toFixed(0).padStart(4);
  console.error(`${seconds} s  ${line}`);
}
