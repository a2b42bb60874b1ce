// Medians, percentiles and the growth of a series. Nothing here rounds; that is left to whoever prints.

/** The value below which the share `p` (0 to 1) of the values lies; NaN for no values. Does not change its argument. */
export function percentile(values, p) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
}

export function median(values) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How much the straight line through the points `{x, y}` rises from the first x to the last, as a share of where it begins. */
export function growth(points) {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let covariance = 0;
  let variance = 0;
  for (const { x, y } of points) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  const first = points[0].x;
  const last = points.at(-1).x;
  return (slope * (last - first)) / (meanY + slope * (first - meanX));
}
