// Draws the chart of tokens with uPlot. A module of its own: it is loaded with the first chart.

import uPlot from "uplot";
import type { TokenTable } from "./token-series.ts";

const height = 132;

/** Returns the function that removes it. */
export function drawTokens(box: HTMLElement, { hours, channels, budget }: TokenTable): () => void {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const sums = hours.map(() => 0);
  const stacked = channels.map(({ tokens }) =>
    hours.map((_, index) => {
      sums[index] = (sums[index] ?? 0) + (tokens[index] ?? 0);
      return sums[index] as number;
    }),
  );
  const highest = Math.max(
    10,
    ...sums,
    ...(budget !== undefined && budget < 4 * Math.max(...sums) ? [budget] : []),
  );
  const line = budget === undefined ? [] : [hours.map(() => budget)];
  const axis = {
    stroke: color("--faint"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.7, 24] });
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 4, 0, 0],
      scales: {
        x: { time: true, range: (_, from, to) => [from - 1_800, to + 1_800] },
        y: { range: [0, highest * 1.08] },
      },
      axes: [
        { ...axis, size: 22, grid: { show: false }, values: (_, splits) => splits.map(hourOf) },
        { ...axis, size: 40, values: (_, splits) => splits.map(shortOf) },
      ],
      series: [
        {},
        // The highest sums first: each lower one is drawn over it.
        ...channels
          .map((_, index) => ({
            fill: color(`--series-${index + 1}`),
            width: 0,
            points: { show: false },
            ...(bars === undefined ? {} : { paths: bars }),
          }))
          .reverse(),
        ...line.map(() => ({ stroke: color("--bad"), width: 1, dash: [4, 3], points: { show: false } })),
      ],
    },
    [[...hours], ...stacked.reverse(), ...line],
    box,
  );
  const watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
  watch.observe(box);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}

function hourOf(seconds: number): string {
  return `${String(new Date(seconds * 1_000).getHours()).padStart(2, "0")}h`;
}

function shortOf(value: number): string {
  return value >= 1_000 ? `${+(value / 1_000).toFixed(1)}k` : String(value);
}
