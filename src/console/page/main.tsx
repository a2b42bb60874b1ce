// The page of the console begins here: what must run before anything is drawn, then the program.

import { render } from "preact";
import { App } from "./app.tsx";
import { connect, signIn } from "./connection.ts";
import { startKeyboard } from "./keyboard.ts";
import { faultOf } from "./keys/fault.ts";
import { startFeed } from "./live/feed.ts";
import { go, startRoute } from "./route.ts";
import { openHelp } from "./shell/help.tsx";
import { signInFault } from "./sign-in.tsx";
import { startTheme } from "./theme.ts";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/live.css";
import "./style/event.css";
import "./style/lists.css";
import "./style/chat.css";
import "./style/try.css";
import "uplot/dist/uPlot.min.css";

startTheme();
startFeed();
let signingIn: Promise<void> | undefined;
startRoute((code) => {
  signingIn = signIn(code).catch((error) => {
    signInFault.value = faultOf(error);
  });
});
startKeyboard(
  { "?": openHelp },
  {
    l: () => go("live"),
    t: () => go("try"),
    c: () => go("chat"),
    p: () => go("people"),
    s: () => go("sessions"),
  },
);
render(<App />, document.getElementById("app") as HTMLElement);
// The stream of a browser that is being admitted begins when it is.
await signingIn;
await connect();
