// A list of which only the rows on the screen are in the document. Rows keep their elements: what moves is their text.

import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ScrollBox } from "../parts/scroll-box.tsx";

interface VirtualListProps {
  readonly label: string;
  readonly count: number;
  /** In pixels; all rows have the same. */
  readonly rowHeight: number;
  /** The one that must be on the screen. */
  readonly selected?: number | undefined;
  onScroll(isAtTop: boolean): void;
  renderRow(index: number): ComponentChildren;
}

const spare = 4;

export function VirtualList({ label, count, rowHeight, selected, onScroll, renderRow }: VirtualListProps) {
  const box = useRef<HTMLElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const first = useComputed(() => Math.floor(top.value / rowHeight));

  useLayoutEffect(() => {
    const element = box.current as HTMLElement;
    const watch = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current as HTMLElement;
    if (selected === undefined) return;
    const from = selected * rowHeight;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = from + rowHeight - element.clientHeight;
  }, [selected, rowHeight]);

  const start = Math.max(0, Math.min(first.value, count) - spare);
  const end = Math.min(count, first.value + Math.ceil(height.value / rowHeight) + spare);
  const slots = Math.max(0, end - start);
  return (
    <ScrollBox
      boxRef={box}
      class="rows"
      label={label}
      onScroll={(element) => {
        top.value = element.scrollTop;
        onScroll(element.scrollTop < rowHeight / 2);
      }}
    >
      <ol class="rows-all" style={{ height: `${count * rowHeight}px` }}>
        {Array.from({ length: slots }, (_, slot) => {
          const index = start + slot;
          return (
            <li
              // The same element for the same place on the screen.
              key={slot}
              class="rows-one"
              style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
              aria-setsize={count}
              aria-posinset={index + 1}
            >
              {renderRow(index)}
            </li>
          );
        })}
      </ol>
    </ScrollBox>
  );
}
