// Arrivals of the last two minutes, as a line.

interface SparklineProps {
  readonly counts: readonly number[];
}

const width = 120;
const height = 22;

export function Sparkline({ counts }: SparklineProps) {
  const highest = Math.max(1, ...counts);
  const step = width / (counts.length - 1);
  const points = counts.map((count, index) => {
    const y = height - 1.5 - (count / highest) * (height - 3);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={`M0,${height} L${points.join(" L")} L${width},${height} Z`} />
      <path class="line" d={`M${points.join(" L")}`} />
    </svg>
  );
}
