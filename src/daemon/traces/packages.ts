// The packages of OpenTelemetry, with the versions that `channel-router add opentelemetry` installs. They run on Node 20.

import type { Libraries } from "../../contract.ts";

export const libraries: Libraries = {
  type: "opentelemetry",
  title: "OpenTelemetry",
  packages: {
    "@opentelemetry/api": "1.9.1",
    "@opentelemetry/core": "2.12.1",
    "@opentelemetry/resources": "2.12.1",
    "@opentelemetry/sdk-trace-base": "2.12.1",
    "@opentelemetry/exporter-trace-otlp-http": "0.223.1",
  },
};
