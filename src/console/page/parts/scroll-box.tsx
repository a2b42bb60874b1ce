// A box that scrolls, with a name, and within reach of the keyboard.

import type { ComponentChildren, Ref } from "preact";

interface ScrollBoxProps {
  /** What it contains, for screen readers. */
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
  readonly boxRef?: Ref<HTMLElement>;
  onScroll?(element: HTMLElement): void;
}

export function ScrollBox({ label, class: name, children, boxRef, onScroll }: ScrollBoxProps) {
  return (
    <section
      {...(boxRef === undefined ? {} : { ref: boxRef })}
      class={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
      aria-label={label}
      onScroll={({ currentTarget }) => onScroll?.(currentTarget)}
    >
      {children}
    </section>
  );
}
