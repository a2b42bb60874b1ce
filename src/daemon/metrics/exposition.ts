// Metrics as text, for a scraper: the Prometheus text format 0.0.4, and OpenMetrics 1.0 for one that asks for it.

/** One line: the labels of a sample, in order. */
export interface Sample {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  /** After the name of the metric: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
}

export interface Metric {
  /** Without the `_total` of a counter. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "info";
  /** The unit that the name ends with. */
  readonly unit?: "seconds" | "bytes";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The answer to a scraper. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export type ExpositionFormat = "prometheus" | "openmetrics";

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** OpenMetrics only where it is asked for by name and preferred at least as much. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  let openmetrics = 0;
  let others = 0;
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((one) => one.trim().toLowerCase());
    const given = parameters.find((one) => one.startsWith("q="))?.slice(2);
    const quality = given === undefined ? 1 : Number(given);
    if (!(quality >= 0 && quality <= 1)) continue;
    const version = parameters.find((one) => one.startsWith("version="))?.slice("version=".length);
    if (type === "application/openmetrics-text") {
      if (version === undefined || version === "1.0.0") openmetrics = Math.max(openmetrics, quality);
    } else if (type === "text/plain") others = Math.max(others, quality);
  }
  return openmetrics > 0 && openmetrics >= others ? "openmetrics" : "prometheus";
}

/** All of them as one text. Metrics without a sample are left out. */
export function exposeMetrics(metrics: readonly Metric[], format: ExpositionFormat): string {
  const texts = metrics
    .filter(({ samples }) => samples.length > 0)
    .map((metric) => exposeOne(metric, format));
  return `${texts.join("")}${format === "openmetrics" ? "# EOF\n" : ""}`;
}

function exposeOne({ name, type, unit, help, samples }: Metric, format: ExpositionFormat): string {
  const isOpen = format === "openmetrics";
  const ending = type === "counter" ? "_total" : type === "info" ? "_info" : "";
  // In OpenMetrics the ending belongs to the sample, in the other format to the name of the metric.
  const family = isOpen ? name : `${name}${ending}`;
  const shownType = !isOpen && type === "info" ? "gauge" : type;
  const head = [
    `# HELP ${family} ${escapeHelp(help, isOpen)}`,
    `# TYPE ${family} ${shownType}`,
    ...(isOpen && unit !== undefined ? [`# UNIT ${family} ${unit}`] : []),
  ];
  const lines = samples.map(
    ({ labels, value, suffix = ending }) => `${name}${suffix}${showLabels(labels)} ${showNumber(value)}`,
  );
  return `${[...head, ...lines].join("\n")}\n`;
}

function showLabels(labels: Sample["labels"]): string {
  // An empty value is the same as no label.
  const shown = labels.filter(([, value]) => value !== "");
  return shown.length === 0
    ? ""
    : `{${shown.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",")}}`;
}

function escapeValue(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

function showNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
