// Tokens of the last 24 hours by channel, as stacked bars, with the budget of one session as a line. uPlot is loaded when it is shown.

import { useEffect, useRef } from "preact/hooks";
import type { OverviewAnswer } from "../../protocol.ts";
import { theme } from "../theme.ts";
import { seriesOf } from "./token-series.ts";

export function TokenChart({ overview }: { readonly overview: OverviewAnswer }) {
  const box = useRef<HTMLDivElement>(null);
  const { value: themeName } = theme;
  useEffect(() => {
    let isOver = false;
    let end = () => {};
    // While the router is away it cannot be loaded: the table below has the figures of this hour.
    import("./draw-tokens.ts").then(
      ({ drawTokens }) => {
        if (!isOver && box.current !== null) end = drawTokens(box.current, seriesOf(overview));
      },
      () => {},
    );
    return () => {
      isOver = true;
      end();
    };
  }, [overview, themeName]);
  return <div ref={box} class="token-chart" aria-hidden="true" />;
}
