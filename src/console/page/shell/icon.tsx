// Icons of one stroke, drawn here: they take the colour of the text.

const paths = {
  mark: "M2 4h5l3 4-3 4H2M14 4h-3M14 8h-4M14 12h-3",
  live: "M1.5 8h3l2-5 3 10 2-5h3",
  try: "M6 2v4.2L2.4 12.5A1 1 0 0 0 3.3 14h9.4a1 1 0 0 0 .9-1.5L10 6.2V2M5 2h6",
  chat: "M2.5 3h11v8h-6l-3 2.5V11h-2z",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3.2a2.4 2.4 0 0 1 0 4.6M12.3 9.8c1.4.6 2.2 1.9 2.2 3.7",
  sessions: "M2 3h12v8H2zM5.5 13.5h5M4.5 6l1.5 1.2L4.5 8.5M8 8.5h2.5",
  help: "M6 6.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.6-.8 1.3M8 11.8v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
  light:
    "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  system: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM8 1.5v13M8 4.5a3.5 3.5 0 0 1 0 7",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.4"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
