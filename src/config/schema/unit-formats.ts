// The units of the config language as JSON Schema formats.

/** Format name -> the pattern of its text. */
export const unitFormats = {
  /** `500ms 10s 5m 1h 7d` */
  duration: /^\d+(ms|s|m|h|d)$/,
  /** `512B 64KiB 1MiB 2GiB` */
  size: /^\d+(B|KiB|MiB|GiB)$/,
  /** `5/10m`: at most five in ten minutes. Up to 100,000, because the times of that many events are kept. */
  rate: /^([1-9]\d{0,4}|100000)\/[1-9]\d*(ms|s|m|h|d)$/,
} as const;
