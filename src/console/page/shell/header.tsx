// The header: name, navigation with what waits, state of the connection, theme.

import { connection, hello, isReadOnly } from "../connection.ts";
import { Button } from "../parts/button.tsx";
import { useAnswer } from "../parts/section.tsx";
import { consent, prompts } from "../questions.ts";
import { hrefOf, type PageName, route } from "../route.ts";
import { nextTheme, type ThemeName, theme } from "../theme.ts";
import { openHelp } from "./help.tsx";
import { Icon, type IconName } from "./icon.tsx";

const pages: readonly { readonly page: PageName; readonly text: string; readonly key: string }[] = [
  { page: "live", text: "Live", key: "l" },
  { page: "try", text: "Try", key: "t" },
  { page: "chat", text: "Chat", key: "c" },
  { page: "people", text: "People", key: "p" },
  { page: "sessions", text: "Sessions", key: "s" },
];

export function Header({ isSignedIn }: { readonly isSignedIn: boolean }) {
  return (
    <header class="header">
      <a class="brand" href="#live">
        <Icon name="mark" />
        <span>channel-router</span>
      </a>
      {isSignedIn ? <Navigation /> : <span class="grow" />}
      {isSignedIn ? <Connection /> : null}
      <Button
        kind="quiet"
        size="small"
        label="Keyboard and help"
        title="Keyboard and help (?)"
        onPress={openHelp}
      >
        <Icon name="help" />
      </Button>
      <ThemeSwitch />
    </header>
  );
}

function Navigation() {
  const { page } = route.value;
  const waiting = useWaiting();
  return (
    <nav class="nav" aria-label="Pages">
      <ul>
        {pages.map((one) => {
          const isHere = one.page === page || (one.page === "live" && page === "event");
          return (
            <li key={one.page}>
              <a
                href={hrefOf(one.page)}
                aria-current={isHere ? "page" : undefined}
                aria-keyshortcuts={`g ${one.key}`}
                title={`g ${one.key}`}
              >
                <Icon name={one.page as IconName} />
                <span>{one.text}</span>
                {one.page === "people" && waiting > 0 ? (
                  <span class="badge">
                    {waiting}
                    <span class="unseen"> waiting for you</span>
                  </span>
                ) : null}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** How many questions wait for the user. */
function useWaiting(): number {
  const { data: asked } = useAnswer(prompts);
  const { data: powers } = useAnswer(consent);
  return (
    (asked?.prompts.length ?? 0) + (powers?.powers.filter(({ state }) => state === "waiting").length ?? 0)
  );
}

const words = {
  connecting: "connecting",
  open: "connected",
  lost: "reconnecting",
  unknown: "",
  unusable: "stopped",
};

function Connection() {
  const state = connection.value;
  return (
    <span class={`connection ${state}`} role="status" title={hello.value?.config_file}>
      <span class={`dot ${state === "open" ? "good" : "warn"}`} aria-hidden="true" />
      <span class="connection-text">{words[state]}</span>
      {isReadOnly.value ? <span class="read-only">read-only</span> : null}
    </span>
  );
}

const themeWords: Readonly<Record<ThemeName, string>> = {
  system: "Theme: as the system",
  light: "Theme: light",
  dark: "Theme: dark",
};

function ThemeSwitch() {
  const text = themeWords[theme.value];
  return (
    <Button kind="quiet" size="small" label={text} title={text} onPress={nextTheme}>
      <Icon name={theme.value} />
    </Button>
  );
}
