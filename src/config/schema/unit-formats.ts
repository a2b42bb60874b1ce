// The units of the config language as JSON Schema formats: what an option whose `format` is one of these may look like.

/** Format name -> what its text must match. */
export const unitFormats = {
  /** `500ms 10s 5m 1h 7d` */
  duration: /^\d+(ms|s|m|h|d)$/,
  /** `512B 64KiB 1MiB 2GiB` */
  size: /^\d+(B|KiB|MiB|GiB)$/,
  /** `5/10m`: at most five in ten minutes. Up to 100,000: the times of so many events are kept. */
  rate: /^([1-9]\d{0,4}|100000)\/[1-9]\d*(ms|s|m|h|d)$/,
} as const;
