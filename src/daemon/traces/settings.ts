// Whether the environment asks for traces: by the variables that OpenTelemetry defines. A project cannot set them, see
// guard-environment.ts.

import { type EnvironmentVariables, setVariable } from "../../config/paths.ts";
import { line, type SafeLine } from "../../text.ts";

/** `problem`: why there are none, although they are asked for. */
export type TraceSettings =
  | { readonly state: "off" | "on" }
  | { readonly state: "off"; readonly problem: SafeLine };

const endpointNames = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const protocolNames = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

export function traceSettings(env: EnvironmentVariables): TraceSettings {
  const [name, endpoint] = firstSet(env, endpointNames);
  if (endpoint === undefined || setVariable(env, "OTEL_SDK_DISABLED")?.trim().toLowerCase() === "true")
    return { state: "off" };
  const exporters = setVariable(env, "OTEL_TRACES_EXPORTER")?.split(",");
  if (exporters?.some((one) => one.trim() === "otlp") === false) return { state: "off" };
  const [, protocol = "http/json"] = firstSet(env, protocolNames);
  if (!["http/json", "http/protobuf"].includes(protocol.trim()))
    return {
      state: "off",
      problem: line`no traces: the router sends them by http/json, not by ${protocol}; set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to the HTTP port of your collector`,
    };
  // The library would send them to localhost instead.
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    return { state: "off", problem: line`no traces: ${name ?? ""} is not an http or https URL` };
  return { state: "on" };
}

function firstSet(env: EnvironmentVariables, names: readonly string[]): [name?: string, value?: string] {
  const name = names.find((one) => (setVariable(env, one) ?? "").trim() !== "");
  return name === undefined ? [] : [name, setVariable(env, name) as string];
}
