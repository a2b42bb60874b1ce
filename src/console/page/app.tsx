// The frame of all pages: header, navigation, banners, messages, and the page that the address names.

import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { connection, wasOpen } from "./connection.ts";
import { EventPage } from "./event/event-page.tsx";
import { LivePage } from "./live/live-page.tsx";
import { PeoplePage } from "./people/people-page.tsx";
import { type Route, route } from "./route.ts";
import { SessionsPage } from "./sessions/sessions-page.tsx";
import { Banner } from "./shell/banner.tsx";
import { Header } from "./shell/header.tsx";
import { Help } from "./shell/help.tsx";
import { Messages } from "./shell/messages.tsx";
import { SignIn } from "./sign-in.tsx";

export function App() {
  const { page, id } = route.value;
  const isStranger = connection.value === "unknown" || (connection.value === "unusable" && !wasOpen.value);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  // Another page: the focus goes to it, so a screen reader reads it and Tab begins there.
  useEffect(() => {
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [page, id]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <Header isSignedIn={!isStranger} />
      {isStranger ? (
        <SignIn />
      ) : (
        <>
          <Banner />
          <main ref={main} id="main" tabIndex={-1} class={`main page-${page}`}>
            <Page key={`${page} ${id}`} route={route.value} />
          </main>
        </>
      )}
      <Messages />
      <Help />
    </>
  );
}

function Page({ route: { page, id } }: { readonly route: Route }) {
  switch (page) {
    case "event":
      return id === undefined ? <LivePage /> : <EventPage id={id} />;
    case "people":
      return <PeoplePage />;
    case "sessions":
      return <SessionsPage />;
    case "try":
      return <Lazy id={id} load={async () => (await import("./try/try-page.tsx")).TryPage} />;
    case "chat":
      return <Lazy id={id} load={async () => (await import("./chat/chat-page.tsx")).ChatPage} />;
    default:
      return <LivePage />;
  }
}

type LazyPage = ComponentType<{ readonly id?: string | undefined }>;

/** A page whose code is loaded when it is opened. */
function Lazy({ id, load }: { readonly id: string | undefined; readonly load: () => Promise<LazyPage> }) {
  const [Loaded, setLoaded] = useState<LazyPage | undefined>(undefined);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (loaded) => setLoaded(() => loaded),
      () => setFailed(true),
    );
  }, []);
  if (Loaded !== undefined) return <Loaded id={id} />;
  return (
    <p class="page loading muted" role="status">
      {isFailed ? "This page could not be loaded: the router is another version by now. Reload." : "Loading…"}
    </p>
  );
}
